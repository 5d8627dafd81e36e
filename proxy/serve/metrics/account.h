/*
 * What is counted by route: sessions, payload, ends by reason. Accounts are known by the route's
 * name and outlive the configuration that named them first: a reload that keeps the name keeps the
 * count, so that counters never go backwards. Routes of one name share an account.
 *
 *      gate 1 ---+                        +--> slot of worker 0   (written by worker 0 only)
 *                +--> account "desk" -----+
 *      gate 2 ---+    in the set          +--> slot of worker 1   (NULL until its first client)
 *
 * A slot holds a row of the reason table, so it is made when the first client of that route comes
 * to that worker: 10,000 routes that nobody asks for cost 10,000 names. An account without
 * references is kept for the route's return, up to ACCOUNT_RETIRED_MAX of them, the latest.
 *
 * The happy path of a client: account_enter once its route is known, account_open when bytes can
 * flow, account_bytes now and then, account_end.
 *
 * Owns: names and slots. Thread: a set and its references: any, behind a mutex that no session
 * takes; an account_use: its worker. Errors: NULL without memory; a slot for which there
 * is none counts nothing. Lifetime: the set outlives all references and all uses.
 */
#ifndef WSLUICE_SERVE_ACCOUNT_H
#define WSLUICE_SERVE_ACCOUNT_H

#include "base/metrics.h"

#define ACCOUNT_RETIRED_MAX 1024

struct account_set;
struct account;
struct account_slot;

WSL_MUST_CHECK struct account_set *account_set_create(unsigned workers);
void account_set_free(struct account_set *set); /* NULL is fine */

/* A reference to the account of that name, made when there is none. */
WSL_MUST_CHECK struct account *account_get(struct account_set *set, const char *name);
void account_release(struct account *account); /* NULL is fine */

/* ---- a client's own part, plain memory: zeroed counts nothing -------------------------------- */

struct account_use {
    struct metrics *metrics; /* the worker's; NULL before account_enter */
    struct account_slot *slot;
    uint64_t bytes_up, bytes_down; /* already counted */
    bool open;
};

/* Its route is known. The account must stay referenced (by the gate) until account_end. */
void account_enter(struct account_use *use, struct account *account, unsigned worker,
                   struct metrics *metrics);

/* The session has begun, so many milliseconds after the dial. */
void account_open(struct account_use *use, uint64_t connect_ms);

/* The session's payload so far. Called from its ticks, a session of days is seen before it ends. */
void account_bytes(struct account_use *use, uint64_t bytes_up, uint64_t bytes_down);

/* It is over, be it before or after account_open; duration since account_open. Idempotent. */
void account_end(struct account_use *use, enum reason reason, uint64_t duration_ms);

/* ---- reading --------------------------------------------------------------------------------- */

struct account_sums {
    uint64_t open, sessions, bytes_up, bytes_down;
    uint64_t ended[REASON_COUNT];
};

/* Of one that is referenced. */
void account_read(const struct account *account, struct account_sums *sums);

/* Under the set's mutex: `read` must not get or release. */
typedef void account_fn(void *owner, const char *name, const struct account_sums *sums);
void account_each(struct account_set *set, account_fn *read, void *owner);

#endif
