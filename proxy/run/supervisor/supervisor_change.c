#include "run/supervisor/supervisor_change.h"

#include <time.h>

#include "base/log/log.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/supervisor_end.h"

void supervisor_change_probe(struct supervisor *supervisor)
{
    supervisor_end_probing(supervisor);
    supervisor->prober =
        prober_create(&supervisor->watches, supervisor->names, supervisor->site->resources->pool);
    if (!supervisor->prober)
        log_message(REASON_ERROR, "targets are not probed: out of memory");
}

/* ---- reloads ---- */

static bool take_over(struct supervisor *supervisor, struct site *site, char *error)
{
    if (!listeners_change(&supervisor->listeners, site, NULL, error, SUPERVISOR_ERROR_MAX))
        return false;
    struct site *before = supervisor->site;
    supervisor->site = site_retain(site);
    site_supersede(before);
    supervisor_change_probe(supervisor);
    logging_restarts(before->config, site->config);
    logging_certificates(site);
    /* With certificates_only nothing was read of the file. */
    if (!supervisor->certificates_only && !logging_open(site->config, error, SUPERVISOR_ERROR_MAX))
        log_message(REASON_ERROR, "the log stays as it was: %s", error);
    site_release(before);
    return true;
}

static void note_reload(struct supervisor *supervisor, bool done)
{
    if (!supervisor->certificates_only)
        supervisor->file_refused = !done;
    else if (done && supervisor->file_refused)
        return; /* new certificates make no good file of a bad one */
    ops_note_reload(&supervisor->ops, done, (int64_t)time(NULL));
}

static void reload_cb(void *owner, struct site *site, const char *failure)
{
    struct supervisor *supervisor = owner;
    char error[SUPERVISOR_ERROR_MAX] = "out of memory";
    supervisor->reload = NULL;
    if (supervisor->state != PROCESS_SERVING)
        return;
    bool done = site && take_over(supervisor, site, error);
    note_reload(supervisor, done);
    if (done)
        log_message(REASON_INFO, "%s",
                    supervisor->certificates_only
                        ? "the certificates were read again and are in use"
                        : "the configuration was read again and is in use");
    else
        log_message(REASON_ERROR, "the configuration stays as it was: %s", site ? error : failure);
    notify_say(&supervisor->notify, done ? "READY=1\nSTATUS=serving"
                                         : "READY=1\nSTATUS=serving; the last reload failed");
    supervisor_change_next(supervisor);
}

void supervisor_change_reload(struct supervisor *supervisor, bool certificates_only)
{
    struct reload_request request = {
        .lane = &supervisor->lane,
        .current = supervisor->site,
        .shared = &supervisor->shared,
        .load = certificates_only ? NULL : supervisor->options.load,
        .load_owner = supervisor->options.owner,
        .callback = reload_cb,
        .owner = supervisor,
    };
    notify_reloading(&supervisor->notify);
    supervisor->certificates_only = certificates_only;
    supervisor->reload = reload_start(&request);
    if (supervisor->reload)
        return;
    log_message(REASON_ERROR, "the configuration stays as it was: out of memory");
    notify_say(&supervisor->notify, "READY=1");
    supervisor_change_next(supervisor);
}

/* ---- handing over ---- */

static void upgrade_done(void *owner, bool ready, pid_t child, int status)
{
    struct supervisor *supervisor = owner;
    supervisor->upgrade = NULL;
    if (!ready) {
        upgrade_log_failure(child, status);
        supervisor_change_next(supervisor);
        return;
    }
    log_message(REASON_INFO, "process %ld has taken over; sessions here end in their time",
                (long)child);
    /* Ours to say: systemd believes nobody but the process that it knows. */
    notify_main_pid(&supervisor->notify, (long)child);
    supervisor_end_retire(supervisor, true);
}

static void begin_upgrade(struct supervisor *supervisor)
{
    char error[SUPERVISOR_ERROR_MAX] = "the demo's echo service cannot be handed over";
    if (supervisor->wrapped)
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
}

/* One change at a time: a child must not get sockets that a reload is about to replace. */
void supervisor_change_next(struct supervisor *supervisor)
{
    if (supervisor->reload || supervisor->upgrade || supervisor->state != PROCESS_SERVING)
        return;
    if (supervisor->reload_again) {
        supervisor->reload_again = false;
        supervisor_change_reload(supervisor, false);
    } else if (supervisor->upgrade_next) {
        supervisor->upgrade_next = false;
        begin_upgrade(supervisor);
    }
}
