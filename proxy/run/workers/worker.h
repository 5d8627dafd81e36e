/*
 * A worker: a loop, and the sessions that it alone owns. Each worker has a thread, unless it is the
 * only one: then it runs on the main thread's loop, and no connection pays for a change of threads.
 *
 * The happy path: worker_start; worker_add_client for each accepted client; worker_drain when the
 * process is to end; the worker posts `empty` once its last session has ended; worker_clear when
 * all workers are empty, and it posts `cleared`; worker_stop.
 *
 * What can fail: the start (threads, memory), and memory for a batch, whose clients are then
 * closed. Ending a worker needs no memory.
 *
 * Owns: thread, loop, scratch buffers, sessions. Thread: the functions here are the supervisor's;
 * what they post runs on the worker. Errors: false. Lifetime: worker_start to worker_free.
 */
#ifndef WSLUICE_RUN_WORKERS_WORKER_H
#define WSLUICE_RUN_WORKERS_WORKER_H

#include "net/loop/loop_meter.h"
#include "net/mailbox.h"
#include "run/workers/worker_state.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_client.h"
#include "serve/session/session_env.h"

#define WORKER_BATCH 64

/* Accepted clients, posted together; malloc'd by the supervisor, freed by the worker. */
struct worker_batch {
    struct mailbox_post post;
    size_t count;
    struct session_client clients[WORKER_BATCH];
};

/* Shared by all workers of a process, and borrowed: it outlives them. */
struct worker_shared {
    struct mailbox *supervisor; /* gets these two, whose argument is the worker */
    mailbox_fn *empty, *cleared;
    const struct process_facts *process;
    const struct control *control; /* control_request.h */
    struct predecessors *predecessors;
    unsigned generation;                /* session_id.h */
    struct session_env *const *workers; /* all, by number */
    struct limits *limits;
    uint32_t attempts; /* session_env.h */
    uint32_t ducts;    /* of one worker: base/transport.h */
    struct work_pool *work;
    struct lookup_table *lookups;
};

struct worker {
    bool on_main_loop; /* on the supervisor's loop and thread */
    uv_thread_t thread;
    uv_loop_t own_loop;
    struct mailbox mailbox;
    struct session_env env;
    const struct worker_shared *shared;
    uv_timer_t drain_timer;
    struct loop_meter meter;
    struct worker_drain {
        size_t sessions, ended;
        uint64_t tick, ticks;
    } drain;
    struct mailbox_post empty_post, cleared_post;
    bool abandons;           /* recordings that are not written are given up */
    enum worker_state state; /* of the worker's thread; the supervisor's once that has ended */
    /* The supervisor's thread only: */
    struct worker_batch *batch; /* collected in this turn */
    size_t batch_count;
    uint64_t drain_ms; /* argument of drain_post */
    struct mailbox_post drain_post, retire_post, kill_post, clear_post, stop_post, link_post;
    int link_fd; /* argument of link_post */
    uint64_t clients_given;
};

/* `main_loop`: the loop to run on; NULL: a thread and a loop of its own. */
WSL_MUST_CHECK bool worker_start(struct worker *worker, size_t number, uv_loop_t *main_loop,
                                 const struct worker_shared *shared);

/* Adds a client to this turn's batch; worker_flush sends the batch with one wake-up. */
void worker_add_client(struct worker *worker, struct session_client *client);
void worker_flush(struct worker *worker);

/* Connections that are open, or given and not yet taken. */
uint64_t worker_load(const struct worker *worker);

/* No clients come any more, and sessions end by themselves. Once, before worker_drain. */
void worker_retire(struct worker *worker);

/* No clients come any more, and sessions are told to end, the last one after `spread_ms`. Once. */
void worker_drain(struct worker *worker, uint64_t spread_ms);

/*
 * Ends all sessions at once, after worker_drain. Their recordings have two seconds to reach the
 * disk; those that a disk that hangs does not take are abandoned.
 */
void worker_kill(struct worker *worker);

/* Serves a link to the process that has taken over, and owns it (link_server.h). Once. */
void worker_link(struct worker *worker, int fd);

/* All workers are empty: ends what is left of the admin socket, and posts `cleared` then. */
void worker_clear(struct worker *worker);

/* For a worker that is cleared, or has no client yet: closes its handles. */
void worker_stop(struct worker *worker);

/*
 * Once the loop has ended. False: a look-up that cannot be stopped still runs (loop_finish), and
 * the memory has to stay.
 */
WSL_MUST_CHECK bool worker_free(struct worker *worker);

#endif
