/*
 * The supervisor itself; for supervisor.c, supervisor_end.c and supervisor_change.c alone.
 *
 * Owns: everything in it, unless a field says otherwise. Thread: the main one. Errors: none.
 * Lifetime: supervisor_create to supervisor_free.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_PRIV_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_PRIV_H

#include <uv.h>

#include "run/change/change_queue.h"
#include "run/change/change_waiters.h"
#include "run/change/upgrade.h"
#include "run/command/command.h"
#include "run/listeners/listeners.h"
#include "run/process/notify.h"
#include "run/process/signals.h"
#include "run/process/starter.h"
#include "run/sandbox/sandbox.h"
#include "run/supervisor/exit_timer.h"
#include "run/supervisor/process_state.h"
#include "run/supervisor/supervisor_options.h"
#include "run/workers/workers.h"
#include "serve/site/site.h"
#include "serve/target/prober.h"

#define SUPERVISOR_ERROR_MAX 512

#define SUPERVISOR_CONTAINER_INIT 1 /* the kernel ends all other processes with it */

/* What the starter starts. */
enum { SUPERVISOR_STARTS_UPGRADE, SUPERVISOR_STARTS_COMMAND, SUPERVISOR_JOBS };

struct supervisor {
    struct supervisor_options options;
    enum process_state state;
    uv_loop_t loop;
    struct watch_set watches;
    struct mailbox mailbox;
    struct signals signals;
    uv_timer_t drain_timer; /* until drain_delay, or drain_timeout, has passed */
    uv_timer_t tick_timer, watchdog_timer;
    struct notify notify;

    /* Shared by all configurations and workers. */
    struct work_pool work;
    struct work_lane lane; /* the main thread's own */
    struct lookup_table *lookups;
    struct reaper reaper; /* of sites */
    struct site_shared shared;
    struct process_facts process;
    struct history history;
    struct verdict reload_verdict, upgrade_verdict;
    struct control control;
    struct worker_shared worker_shared;
    struct workers workers;

    /* The configuration in use. */
    struct site *site;
    struct listeners listeners;
    struct resolver *resolver; /* the prober's */
    struct prober *prober;     /* NULL: no target is probed */

    struct change_queue changes;
    struct change_waiters waiters;
    struct links_offer links; /* of the upgrade */
    struct predecessors *predecessors;
    uint64_t wait_until;     /* for predecessors to end; 0: not told to */
    struct upgrade *upgrade; /* NULL unless CHANGE_UPGRADE is current */
    struct exit_timer exit_timer;
    struct command *command; /* NULL: none */
    struct sandbox sandbox;
    struct starter starter; /* not open: this process forks itself */
    int pid_lock;           /* pid_file.h; -1: none */
    bool told_to_end;       /* by a signal */
    bool handed_over;       /* a successor has the sockets */
    int exit_status;        /* 0, or the command's, if its end ends the process */
    int predecessor_fd;     /* pipe to the process that waits for this one to serve; -1: none */
};

#endif
