/*
 * A worker: a loop, and the sessions that it owns entirely. Each has a thread of its own, unless it
 * is the only one: then it lives on the main thread's loop, and no connection pays for a hand-over.
 *
 * The happy path: worker_start; worker_give for each batch of accepted clients; worker_drain when
 * the process is to end; the worker reports through `empty` once its last session is gone;
 * worker_stop.
 *
 * What can fail: starting (threads, memory), and collecting a batch, whose clients are closed then.
 * Telling a worker to end needs no memory.
 *
 * Owns: thread, loop, scratch buffers, sessions. Thread: the functions here are the supervisor's;
 * what they post runs on the worker. Errors: false. Lifetime: worker_start to worker_stop.
 */
#ifndef WSLUICE_RUN_WORKERS_WORKER_H
#define WSLUICE_RUN_WORKERS_WORKER_H

#include "net/mailbox.h"
#include "run/workers/worker_state.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_client.h"
#include "serve/session/session_env.h"

#define WORKER_BATCH 64

/* Accepted clients on their way; malloc'd by the supervisor, freed by the worker. */
struct worker_batch {
    struct mailbox_post post;
    size_t count;
    struct session_client clients[WORKER_BATCH];
};

/* What all workers of a process are told at their start; borrowed, and longer-lived than they. */
struct worker_terms {
    struct mailbox *supervisor; /* where `empty` is posted */
    mailbox_fn *empty;
    const struct process_facts *process;
    struct session_env *const *workers; /* all, by number */
    struct limits *limits;
    uint32_t attempts; /* session_env.h */
    struct work_pool *work;
    struct lookup_table *lookups;
};

struct worker {
    bool alone; /* on the supervisor's loop and thread */
    uv_thread_t thread;
    uv_loop_t own_loop;
    struct mailbox mailbox;
    struct session_env env;
    const struct worker_terms *terms;
    uv_timer_t drain_timer;
    struct worker_drain {
        size_t sessions, told;
        uint64_t tick, ticks;
    } drain;
    struct mailbox_post empty_post;
    enum worker_state state; /* of the worker's thread; the supervisor's once that has ended */
    /* The supervisor's: */
    struct worker_batch *batch; /* collected in this turn */
    size_t batch_count;
    uint64_t drain_ms; /* told with the post */
    struct mailbox_post drain_post, retire_post, kill_post, stop_post;
    uint64_t given; /* clients handed over so far */
};

/* `shared`: the loop to live on, NULL for a thread and a loop of its own. */
WSL_MUST_CHECK bool worker_start(struct worker *worker, size_t number, uv_loop_t *shared,
                                 const struct worker_terms *terms);

/* Adds a client to this turn's batch; worker_flush sends the batch with one wake-up. */
void worker_give(struct worker *worker, struct session_client *client);
void worker_flush(struct worker *worker);

/* Connections that are open or on their way. */
uint64_t worker_load(const struct worker *worker);

/*
 * Sessions are told to end, the last one after `spread_ms`; or end by themselves, in their time. Or
 * all at once, and then the ends of their recordings are only waited for as long as a disk takes
 * that does not hang.
 */
void worker_drain(struct worker *worker, uint64_t spread_ms);
void worker_retire(struct worker *worker);
void worker_kill(struct worker *worker);

/*
 * When empty: lets go of the loop. Once that has ended, worker_free; false: something that cannot
 * be stopped still runs (a look-up, see loop_finish), and the memory has to stay.
 */
void worker_stop(struct worker *worker);
WSL_MUST_CHECK bool worker_free(struct worker *worker);

#endif
