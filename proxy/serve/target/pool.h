/*
 * The targets of a configuration, made ready: TLS contexts, and what all workers together know of
 * each one's health and load.
 *
 * A target is what its address and options say: routes that name the same one share it, and a
 * reload that leaves it as it is keeps what is known about it. A target whose address depends on
 * the request ({captures}, tokens) is many; only its sessions are counted, its failures mark
 * nobody.
 *
 * The happy path: pool_pick gives a session its candidates, best first; for each that it tries
 * pool_begin, then pool_note of how that went; and pool_end when the try, or the session that came
 * of it, is over.
 *
 * Owns: targets, TLS contexts; the state of a target is counted, because the pool before and the
 * one after a reload share it. Borrows the configuration. Thread: made on one, used by any: state
 * is one word per target, changed by compare-and-swap. Errors: pool_create fills one line.
 * Lifetime: pool_create to pool_free, after all of its sessions.
 */
#ifndef WSLUICE_SERVE_TARGET_POOL_H
#define WSLUICE_SERVE_TARGET_POOL_H

#include "base/hash_map.h"
#include "config/model/config.h"
#include "core/route/balance.h"
#include "net/tls/context/tls_ctx.h"

struct pool_state;

struct pool_target {
    struct hash_map_link by_address;    /* of the pool */
    const struct config_target *config; /* as the first route that names it has it */
    const struct config_route *route;   /* that route; its policy rates the target */
    struct tls_ctx *tls;                /* NULL: plain */
    struct pool_state *state;
    bool varies; /* with the request */
};

struct pool;

/* The candidates of one session. */
struct pool_choice {
    uint16_t order[BALANCE_TRIES]; /* indices into the route's targets */
    uint16_t count;
    bool trial; /* the first is marked down, and this session finds out whether it still is */
};

/*
 * `previous`: what runs now, or NULL. `store`: what TLS to targets is made from. `error`: file,
 * line, problem. Of a route with more than BALANCE_TARGETS_MAX targets only so many are used.
 */
WSL_MUST_CHECK struct pool *pool_create(const struct config *config, const struct pool *previous,
                                        struct tls_store *store, char *error, size_t error_size);
void pool_free(struct pool *pool); /* NULL is fine */

/* Times are milliseconds of the monotonic clock, as uv_now has them in every loop. */
void pool_pick(struct pool *pool, const struct config_route *route, uint64_t now,
               struct pool_choice *choice);
size_t pool_target_count(const struct pool *pool, const struct config_route *route);
struct pool_target *pool_target(struct pool *pool, const struct config_route *route, size_t index);

void pool_begin(struct pool_target *target);
void pool_end(struct pool_target *target);
void pool_note(struct pool_target *target, enum balance_event event, uint64_t now);

/* When the next probe begins; kept over reloads, which may come faster than probes. 0: unplanned.
 */
void pool_plan_probe(struct pool_target *target, uint64_t due);
uint64_t pool_probe_due(const struct pool_target *target);

/* False: every target of the route is known to be down. */
bool pool_usable(struct pool *pool, const struct config_route *route, uint64_t now);

/* As logs and metrics call it: its address, or "tokens". */
const char *pool_target_name(const struct pool_target *target, char *text, size_t size);

/* Each different target once, for probes and metrics. */
struct pool_target *pool_targets(struct pool *pool, size_t *count);
enum balance_state pool_target_state(const struct pool_target *target, uint64_t now);
enum balance_probe pool_target_probe(const struct pool_target *target); /* the last verdict */
struct balance_health pool_target_health(const struct pool_target *target);
uint32_t pool_target_sessions(const struct pool_target *target);

#endif
