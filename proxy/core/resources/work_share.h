/*
 * The shares of the thread pool: a table with one share for each kind of work. All shares together
 * are less than the pool has threads, so no kind can take the last one: a resolver or a disk that
 * hangs delays its own kind only.
 *
 * The process has one of these for all its loops. If the share of a kind is used up, its work waits
 * in one of 64 queues, chosen by the client, and the queues take turns (stochastic fairness
 * queueing): a client that asks for much waits behind its own work. For some kinds one client has
 * only a part of the share, so that clients whose work hangs leave the rest to others.
 *
 * Every operation takes constant time. Pure. Owns: nothing; tickets are linked in while they wait.
 * Thread: one at a time. Errors: none. Lifetime: plain memory.
 */
#ifndef WSLUICE_CORE_RESOURCES_WORK_SHARE_H
#define WSLUICE_CORE_RESOURCES_WORK_SHARE_H

#include "base/base.h"

/* The threads of libuv's pool (UV_THREADPOOL_SIZE). */
#define WORK_THREADS 29

/*
 * KIND(name, jobs at once, jobs of one client at once)
 *
 * names: hosts from the configuration or from a token's file. requested_names: hosts that are made
 * of a request. libuv gives half of its threads to names. known_passwords: of users who have logged
 * in from the same address before, so that guesses of others do not hold them up. reports: metrics
 * and status, which must not wait for a disk.
 */
#define WORK_TABLE(KIND)                                                                           \
    KIND(names, 8, 8)                                                                              \
    KIND(requested_names, 4, 2)                                                                    \
    KIND(files, 5, 5)                                                                              \
    KIND(tokens, 2, 2)                                                                             \
    KIND(passwords, 2, 1)                                                                          \
    KIND(known_passwords, 1, 1)                                                                    \
    KIND(recordings, 3, 3)                                                                         \
    KIND(reload, 1, 1)                                                                             \
    KIND(reports, 2, 1)

#define WORK_ENUM(name, at_once, per_client) WORK_##name,
enum work_kind { WORK_TABLE(WORK_ENUM) WORK_KINDS };
#undef WORK_ENUM

#define WORK_QUEUES 64

struct work_waiter {
    struct list link; /* while it waits */
    uint8_t kind, queue;
};

struct work_queues {
    struct list waiting[WORK_QUEUES];
    uint8_t running[WORK_QUEUES];
    uint8_t total; /* of `running` */
    uint8_t turn;  /* the queue that is served next */
};

struct work_share {
    struct work_queues kinds[WORK_KINDS];
};

void work_share_init(struct work_share *share);

/* How many jobs of a kind run at once. For observation. */
unsigned work_share_at_once(enum work_kind kind);

/* True: begin now. False: it waits; work_share_finish names it when its turn comes. */
WSL_MUST_CHECK bool work_share_request(struct work_share *share, struct work_waiter *ticket,
                                       enum work_kind kind, uint64_t client);

/* Removes one that waits. */
void work_share_cancel(struct work_waiter *ticket);

/* A job that had begun has ended. NULL, or the one that begins in its place. */
WSL_MUST_CHECK struct work_waiter *work_share_finish(struct work_share *share,
                                                     const struct work_waiter *ticket);

#endif
