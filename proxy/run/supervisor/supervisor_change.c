#include "run/supervisor/supervisor_change.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/log/log.h"
#include "base/text/text.h"
#include "net/tls/context/tls_store.h"
#include "run/change/reload.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/supervisor_end.h"
#include "run/supervisor/supervisor_sandbox.h"
#include "serve/site/site_resources.h"

#define SENTENCE_MAX (SUPERVISOR_ERROR_MAX + 80)

void supervisor_change_probe(struct supervisor *supervisor)
{
    supervisor_end_probing(supervisor);
    supervisor->prober = prober_create(&supervisor->watches, supervisor->resolver,
                                       supervisor->site->resources->pool);
    if (!supervisor->prober)
        log_message(REASON_ERROR, "targets are not probed: out of memory");
}

/* ---- verdicts ---- */

/* To the status and to all who wait for the current change. `notes` are lines, and are freed. */
static void conclude(struct supervisor *supervisor, struct verdict *verdict, bool done,
                     struct text *notes, const char *sentence)
{
    size_t length;
    text_add_string(notes, sentence);
    char *text = text_take(notes, &length);
    const char *whole = text ? text : sentence;
    verdict_note_end(verdict, !done, whole);
    change_waiters_answer(&supervisor->waiters, done ? CONTROL_DONE : CONTROL_FAILED, whole);
    free(text);
}

/* ---- reloads ---- */

static bool use_site(struct supervisor *supervisor, struct site *site, struct text *notes,
                     char *error)
{
    if (!listeners_change(&supervisor->listeners, site, NULL, error, SUPERVISOR_ERROR_MAX))
        return false;
    struct site *before = supervisor->site;
    supervisor->site = site_retain(site);
    site_supersede(before);
    supervisor_change_probe(supervisor);
    logging_restarts(before->config, site->config, notes);
    if (supervisor->changes.current == CHANGE_CERTIFICATES)
        tls_store_keep_notices(site->resources->store, before->resources->store);
    logging_certificates(site, notes);
    if (supervisor->changes.current == CHANGE_CONFIG &&
        !logging_open(site->config, supervisor->options.name, error, SUPERVISOR_ERROR_MAX)) {
        log_message(REASON_ERROR, "the log stays as it was: %s", error);
        text_add_format(notes, "warning: the log stays as it was: %s\n", error);
    }
    site_release(before);
    return true;
}

static void begin_next(struct supervisor *supervisor);

/* `failure`: NULL if the new configuration is in use. */
static void end_reload(struct supervisor *supervisor, const char *failure, struct text *notes)
{
    char sentence[SENTENCE_MAX];
    bool certificates = supervisor->changes.current == CHANGE_CERTIFICATES;
    bool done = !failure;
    if (change_queue_finish(&supervisor->changes, done))
        process_facts_note_reload(&supervisor->process, done, (int64_t)time(NULL));
    if (done)
        snprintf(sentence, sizeof(sentence), "%s",
                 certificates ? "the certificates were read again and are in use"
                              : "the configuration was read again and is in use");
    else
        snprintf(sentence, sizeof(sentence), "the configuration stays as it was: %s", failure);
    log_message(done ? REASON_INFO : REASON_ERROR, "%s", sentence);
    notify_send(&supervisor->notify, done ? "READY=1\nSTATUS=serving"
                                          : "READY=1\nSTATUS=serving; the last reload failed");
    if (certificates)
        text_free(notes);
    else
        conclude(supervisor, &supervisor->reload_verdict, done, notes, sentence);
}

static void reload_cb(void *owner, const struct reload_outcome *outcome)
{
    struct supervisor *supervisor = owner;
    char error[SUPERVISOR_ERROR_MAX] = "out of memory";
    struct text notes = {0};
    if (supervisor->state != PROCESS_SERVING)
        return;
    text_add_string(&notes, outcome->findings);
    bool done = outcome->site && use_site(supervisor, outcome->site, &notes, error);
    end_reload(supervisor, done ? NULL : outcome->site ? error : outcome->failure, &notes);
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
        .admit = supervisor_sandbox_admit,
        .admit_owner = supervisor,
        .confined = supervisor->sandbox.entered,
        .callback = reload_cb,
        .owner = supervisor,
    };
    notify_reloading(&supervisor->notify);
    if (change == CHANGE_CONFIG)
        verdict_note_begin(&supervisor->reload_verdict);
    if (reload_start(&request))
        return true;
    struct text notes = {0};
    end_reload(supervisor, "out of memory", &notes);
    return false;
}

/* ---- upgrades ---- */

static void upgrade_failed(struct supervisor *supervisor, const char *failure, const char *said)
{
    char sentence[SENTENCE_MAX];
    struct text notes = {0};
    size_t line = strcspn(said, "\n");
    snprintf(sentence, sizeof(sentence), "cannot upgrade: %s; this process goes on", failure);
    log_message(REASON_ERROR, "%s%s%.*s", sentence, line > 0 ? ": " : "", (int)line, said);
    if (line > 0)
        text_add_format(&notes, "%s\n", said);
    conclude(supervisor, &supervisor->upgrade_verdict, false, &notes, sentence);
}

static void upgrade_succeeded(struct supervisor *supervisor, const struct upgrade_outcome *outcome)
{
    char sentence[SENTENCE_MAX];
    struct text notes = {0};
    snprintf(sentence, sizeof(sentence), "process %ld has taken over%s%s%s", (long)outcome->child,
             outcome->version[0] ? " (wsluice " : "", outcome->version,
             outcome->version[0] ? ")" : "");
    log_message(REASON_INFO, "%s; this one ends with its last session", sentence);
    conclude(supervisor, &supervisor->upgrade_verdict, true, &notes, sentence);
    /* From here: systemd accepts MAINPID from no other process than the one that it knows. */
    notify_main_pid(&supervisor->notify, (long)outcome->child);
    /* The new process may have read the file before it changed. */
    if (change_queue_has(&supervisor->changes, CHANGE_CONFIG))
        (void)kill(outcome->child, SIGHUP);
    int link = links_take(&supervisor->links);
    supervisor_end_retire(supervisor, true);
    if (link >= 0)
        worker_link(&supervisor->workers.list[0], link);
}

static void upgrade_done(void *owner, const struct upgrade_outcome *outcome)
{
    struct supervisor *supervisor = owner;
    supervisor->upgrade = NULL;
    if (!outcome->ready)
        links_withdraw(&supervisor->links);
    (void)change_queue_finish(&supervisor->changes, outcome->ready);
    if (outcome->ready) {
        upgrade_succeeded(supervisor, outcome);
        return;
    }
    upgrade_failed(supervisor, outcome->failure, outcome->said);
    begin_next(supervisor);
}

/* The successor has copies of what it is given. */
static struct upgrade *start_upgrade(struct supervisor *supervisor,
                                     const struct upgrade_request *request, char *error)
{
    links_offer(&supervisor->links, supervisor->predecessors, supervisor->worker_shared.generation);
    struct upgrade *upgrade = upgrade_start(request, error, SUPERVISOR_ERROR_MAX);
    if (upgrade)
        links_close_given(&supervisor->links);
    else
        links_withdraw(&supervisor->links);
    return upgrade;
}

static bool begin_upgrade(struct supervisor *supervisor)
{
    char error[SUPERVISOR_ERROR_MAX] = "the demo's echo service cannot be handed over";
    const struct upgrade_request request = {
        .program = supervisor->options.program,
        .listeners = &supervisor->listeners,
        .links = &supervisor->links,
        .starter = &supervisor->starter,
        .starter_job = SUPERVISOR_STARTS_UPGRADE,
        .timeout_ms = supervisor->site->config->limits.upgrade_timeout_ms,
        .callback = upgrade_done,
        .owner = supervisor,
    };
    verdict_note_begin(&supervisor->upgrade_verdict);
    if (supervisor->command)
        snprintf(error, sizeof(error), "the command cannot be handed over; restart instead");
    else if (getpid() == SUPERVISOR_CONTAINER_INIT)
        snprintf(error, sizeof(error),
                 "the container would end with this process, its first; start a new container");
    else if (!supervisor->options.demo)
        supervisor->upgrade = start_upgrade(supervisor, &request, error);
    if (supervisor->upgrade) {
        log_message(REASON_INFO, "process %ld is to take over",
                    (long)upgrade_child(supervisor->upgrade));
        return true;
    }
    change_queue_give_up(&supervisor->changes);
    upgrade_failed(supervisor, error, "");
    return false;
}

/* ---- one change at a time ---- */

static bool begin(struct supervisor *supervisor, enum change change)
{
    change_waiters_begin(&supervisor->waiters, change);
    return change == CHANGE_UPGRADE ? begin_upgrade(supervisor) : begin_reload(supervisor, change);
}

static void begin_next(struct supervisor *supervisor)
{
    enum change change;
    while (supervisor->state == PROCESS_SERVING &&
           (change = change_queue_next(&supervisor->changes)) != CHANGE_NONE &&
           !begin(supervisor, change))
        ;
}

void supervisor_change_request(struct supervisor *supervisor, enum change change)
{
    change_queue_request(&supervisor->changes, change);
    begin_next(supervisor);
}

/* ---- requests of the admin socket ---- */

void supervisor_change_control_cb(void *owner, void *argument)
{
    struct supervisor *supervisor = owner;
    struct control_request *request = argument;
    if (control_request_verb(request) == CONTROL_DRAIN ||
        control_request_verb(request) == CONTROL_END) {
        const struct control_verdict done = {CONTROL_DONE, ""};
        bool end = control_request_verb(request) == CONTROL_END;
        control_request_answer(request, &done);
        supervisor_end_by_successor(supervisor, end);
        return;
    }
    bool upgrade = control_request_verb(request) == CONTROL_UPGRADE;
    enum change change = upgrade ? CHANGE_UPGRADE : CHANGE_CONFIG;
    if (supervisor->state != PROCESS_SERVING) {
        const struct control_verdict verdict = supervisor_end_verdict(supervisor);
        control_request_answer(request, &verdict);
        return;
    }
    log_message(REASON_INFO, "%s is asked for by %s", upgrade ? "an upgrade" : "a reload",
                control_request_by(request));
    if (upgrade && supervisor->changes.current == CHANGE_UPGRADE)
        change_waiters_join(&supervisor->waiters, request);
    else
        change_waiters_add(&supervisor->waiters, change, request);
    supervisor_change_request(supervisor, change);
}
