/*
 * The supervisor itself; for supervisor.c, supervisor_end.c and supervisor_change.c alone.
 *
 * Owns: everything in it, unless a field says otherwise. Thread: the main one. Errors: none.
 * Lifetime: supervisor_create to supervisor_free.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_PRIV_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_PRIV_H

#include <uv.h>

#include "run/command/command.h"
#include "run/listeners/listeners.h"
#include "run/process/notify.h"
#include "run/process/signals.h"
#include "run/supervisor/change_queue.h"
#include "run/supervisor/exit_watch.h"
#include "run/supervisor/process_state.h"
#include "run/supervisor/supervisor_options.h"
#include "run/supervisor/upgrade.h"
#include "run/workers/workers.h"
#include "serve/site/site.h"
#include "serve/target/prober.h"

#define SUPERVISOR_ERROR_MAX 512

struct supervisor {
    struct supervisor_options options;
    uv_loop_t loop;
    struct watch_set watches;
    struct resolver *names; /* the prober's */
    struct prober *prober;
    struct mailbox mailbox;
    struct work_pool work;
    struct work_lane lane;
    struct lookup_table *lookups;
    struct signals signals;
    uv_timer_t drain_timer, beat_timer, watchdog_timer;
    struct notify notify;
    struct site_shared shared;
    struct process_facts process;
    struct history history;
    struct worker_terms terms;
    struct workers workers;
    struct listeners listeners;
    struct exit_watch exit_watch;
    struct site *site;
    struct change_queue changes;
    struct upgrade *upgrade; /* NULL unless CHANGE_UPGRADE is current */
    struct command *command; /* the command; NULL: none */
    int status;              /* to exit with: the command's, where its end is ours */
    int predecessor;         /* whoever waits for us to serve; -1: nobody */
    uint64_t beats;
    enum process_state state;
};

#endif
