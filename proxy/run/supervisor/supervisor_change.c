#include "run/supervisor/supervisor_change.h"

#include <signal.h>
#include <time.h>

#include "base/log/log.h"
#include "net/tls/context/tls_store.h"
#include "run/change/reload.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/supervisor_end.h"
#include "serve/site/site_resources.h"

void supervisor_change_probe(struct supervisor *supervisor)
{
    supervisor_end_probing(supervisor);
    supervisor->prober = prober_create(&supervisor->watches, supervisor->resolver,
                                       supervisor->site->resources->pool);
    if (!supervisor->prober)
        log_message(REASON_ERROR, "targets are not probed: out of memory");
}

/* ---- reloads ---- */

static bool use_site(struct supervisor *supervisor, struct site *site, char *error)
{
    if (!listeners_change(&supervisor->listeners, site, NULL, error, SUPERVISOR_ERROR_MAX))
        return false;
    struct site *before = supervisor->site;
    supervisor->site = site_retain(site);
    site_supersede(before);
    supervisor_change_probe(supervisor);
    logging_restarts(before->config, site->config);
    if (supervisor->changes.current == CHANGE_CERTIFICATES)
        tls_store_keep_notices(site->resources->store, before->resources->store);
    logging_certificates(site);
    if (supervisor->changes.current == CHANGE_CONFIG &&
        !logging_open(site->config, supervisor->options.name, error, SUPERVISOR_ERROR_MAX))
        log_message(REASON_ERROR, "the log stays as it was: %s", error);
    site_release(before);
    return true;
}

static void begin_next(struct supervisor *supervisor);

static void reload_cb(void *owner, struct site *site, const char *failure)
{
    struct supervisor *supervisor = owner;
    char error[SUPERVISOR_ERROR_MAX] = "out of memory";
    if (supervisor->state != PROCESS_SERVING)
        return;
    bool certificates = supervisor->changes.current == CHANGE_CERTIFICATES;
    bool done = site && use_site(supervisor, site, error);
    if (change_queue_finish(&supervisor->changes, done))
        process_facts_note_reload(&supervisor->process, done, (int64_t)time(NULL));
    if (done)
        log_message(REASON_INFO, "%s",
                    certificates ? "the certificates were read again and are in use"
                                 : "the configuration was read again and is in use");
    else
        log_message(REASON_ERROR, "the configuration stays as it was: %s", site ? error : failure);
    notify_send(&supervisor->notify, done ? "READY=1\nSTATUS=serving"
                                          : "READY=1\nSTATUS=serving; the last reload failed");
    begin_next(supervisor);
}

static bool begin_reload(struct supervisor *supervisor, enum change change)
{
    struct reload_request request = {
        .lane = &supervisor->lane,
        .current = supervisor->site,
        .shared = &supervisor->shared,
        .load = change == CHANGE_CONFIG ? supervisor->options.load : NULL,
        .load_owner = supervisor->options.owner,
        .callback = reload_cb,
        .owner = supervisor,
    };
    notify_reloading(&supervisor->notify);
    if (reload_start(&request))
        return true;
    log_message(REASON_ERROR, "the configuration stays as it was: out of memory");
    notify_send(&supervisor->notify, "READY=1");
    return false;
}

/* ---- upgrades ---- */

static void upgrade_done(void *owner, bool ready, pid_t child, int status)
{
    struct supervisor *supervisor = owner;
    supervisor->upgrade = NULL;
    (void)change_queue_finish(&supervisor->changes, ready);
    if (!ready) {
        upgrade_log_failure(child, status);
        begin_next(supervisor);
        return;
    }
    log_message(REASON_INFO, "process %ld has taken over; this one ends with its last session",
                (long)child);
    /* From here: systemd accepts MAINPID from no other process than the one that it knows. */
    notify_main_pid(&supervisor->notify, (long)child);
    /* The new process may have read the file before it changed. */
    if (change_queue_has(&supervisor->changes, CHANGE_CONFIG))
        (void)kill(child, SIGHUP);
    supervisor_end_retire(supervisor, true);
}

static bool begin_upgrade(struct supervisor *supervisor)
{
    char error[SUPERVISOR_ERROR_MAX] = "the demo's echo service cannot be handed over";
    if (supervisor->command)
        snprintf(error, sizeof(error), "the command cannot be handed over; restart instead");
    else if (!supervisor->options.demo)
        supervisor->upgrade = upgrade_start(supervisor->options.program, &supervisor->listeners,
                                            supervisor->site->config->limits.upgrade_timeout_ms,
                                            upgrade_done, supervisor, error, sizeof(error));
    if (supervisor->upgrade)
        log_message(REASON_INFO, "process %ld is to take over",
                    (long)upgrade_child(supervisor->upgrade));
    else
        log_message(REASON_ERROR, "no process takes over: %s", error);
    return supervisor->upgrade != NULL;
}

/* ---- one change at a time ---- */

static bool begin(struct supervisor *supervisor, enum change change)
{
    return change == CHANGE_UPGRADE ? begin_upgrade(supervisor) : begin_reload(supervisor, change);
}

static void begin_next(struct supervisor *supervisor)
{
    enum change change;
    while (supervisor->state == PROCESS_SERVING &&
           (change = change_queue_next(&supervisor->changes)) != CHANGE_NONE &&
           !begin(supervisor, change))
        change_queue_give_up(&supervisor->changes);
}

void supervisor_change_request(struct supervisor *supervisor, enum change change)
{
    change_queue_request(&supervisor->changes, change);
    begin_next(supervisor);
}
