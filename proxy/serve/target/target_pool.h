/*
 * The targets of a configuration: their TLS contexts, and their health and load as all workers
 * together see them.
 *
 * A target is identified by its address, its options and `expect` of the route: routes that name
 * the same one share it, and it keeps its health over a reload that does not change it. A target
 * whose address depends on the request ({captures}, tokens) stands for many: its sessions are
 * counted, but its failures do not mark it down.
 *
 * The happy path: target_pool_pick gives a session its candidates, best first. For each attempt the
 * session calls target_pool_begin, then target_pool_note with the result, and target_pool_end when
 * the attempt, or the session that it led to, is over.
 *
 * Owns: targets, TLS contexts, proxies, which may hold passwords; the state of a target has a
 * reference count, because the pools before and after a reload share it. Borrows the configuration.
 * Thread: made on one, used by any: health is one word per target, changed by compare-and-swap.
 * Errors: target_pool_create fills one line. Lifetime: target_pool_create to target_pool_free,
 * after the end of all its sessions.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_POOL_H
#define WSLUICE_SERVE_TARGET_TARGET_POOL_H

#include "base/hash_map.h"
#include "core/route/balance.h"

struct config;
struct config_proxy;
struct config_route;
struct config_target;
struct tls_ctx;
struct tls_store;
struct target_pool_state;

struct pool_target {
    struct hash_map_link by_address;    /* in the pool */
    const struct config_target *config; /* of the first route that names it */
    const struct config_route *route;   /* that route; its policy applies */
    struct tls_ctx *tls;                /* NULL: plain */
    struct config_proxy *proxy;         /* NULL: none */
    struct target_pool_state *state;
    bool varies; /* its address depends on the request */
};

struct target_pool;

/* The candidates of one session. */
struct target_pool_choice {
    uint16_t order[BALANCE_TRIES]; /* indices into the route's targets */
    uint16_t count;
    bool trial; /* the first is marked down, and this session tests it */
};

/*
 * `previous`: the pool in use, or NULL. `store`: certificates for TLS to targets; NULL: the caller
 * adds the contexts that it needs, and the pool frees them. `error`: file, line, problem. A route
 * uses its first BALANCE_TARGETS_MAX targets.
 */
WSL_MUST_CHECK struct target_pool *target_pool_create(const struct config *config,
                                                      const struct target_pool *previous,
                                                      struct tls_store *store, char *error,
                                                      size_t error_size);
void target_pool_free(struct target_pool *pool); /* NULL: nothing happens */

/* Times are milliseconds of the monotonic clock (uv_now). */
void target_pool_pick(struct target_pool *pool, const struct config_route *route, uint64_t now,
                      struct target_pool_choice *choice);
size_t target_pool_target_count(const struct target_pool *pool, const struct config_route *route);
struct pool_target *target_pool_target(struct target_pool *pool, const struct config_route *route,
                                       size_t index);

void target_pool_begin(struct pool_target *target);
void target_pool_end(struct pool_target *target);
void target_pool_note(struct pool_target *target, enum balance_event event, uint64_t now);

/* Counts one probe. How many in a row have failed, also over reloads that keep the target. */
uint32_t target_pool_count_probe(struct pool_target *target, bool up);

/* When the next probe begins. 0: not planned. Kept over reloads: they may be more frequent. */
void target_pool_plan_probe(struct pool_target *target, uint64_t due);
uint64_t target_pool_probe_due(const struct pool_target *target);

/* False: every target of the route is marked down. */
bool target_pool_has_usable(struct target_pool *pool, const struct config_route *route,
                            uint64_t now);

/* What it must send first, for a probe that looks at it (codec/banner.h); NULL: anything. */
const char *target_pool_banner(const struct pool_target *target);

/* Its name in logs and metrics: its address, or "tokens". */
const char *target_pool_target_name(const struct pool_target *target, char *text, size_t size);

/* Each distinct target once, for probes and metrics. */
struct pool_target *target_pool_targets(struct target_pool *pool, size_t *count);
enum balance_state target_pool_target_state(const struct pool_target *target, uint64_t now);
enum balance_probe
target_pool_target_probe(const struct pool_target *target); /* the last verdict */
struct balance_health target_pool_target_health(const struct pool_target *target);
/* In a row: of sessions and of probes. */
uint32_t target_pool_target_failures(const struct pool_target *target);
uint32_t target_pool_target_sessions(const struct pool_target *target);

struct target_pool_counts {
    size_t targets, down, on_trial; /* the rest is up */
};

struct target_pool_counts target_pool_count(const struct target_pool *pool, uint64_t now);

#endif
