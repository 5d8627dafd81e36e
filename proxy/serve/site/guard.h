/*
 * How many may come in: connections of the process, of a listener and of an address, sessions of a
 * route, and the rate of handshakes of an address. One guard serves all workers and outlives every
 * configuration, so that a reload forgets nobody.
 *
 * The happy path of a client's connection: guard_reserve before it is accepted, so that its
 * descriptors are there when it needs them; guard_enter once it is; guard_enter_address once its
 * client is known, which may be as late as the head of its request; guard_enter_route when it is to
 * become a session; guard_leave when it is gone. Each may refuse: then the connection is not
 * counted there, stays counted where it was, lives on to be told, and leaves like any other.
 *
 * An operator's connection has a reserve of its own: guard_enter_operators before it is accepted,
 * guard_leave when it is gone. No limit of clients holds for it.
 *
 * Counts of process, listeners and routes are atomics; a limit is exact, never overrun by a race.
 * Addresses are in shards of a limiter, each with a mutex that is held for the time of a look-up;
 * where no limit by address is set, no mutex is taken at all. Limits come with each call: after a
 * reload the new ones meet the counts as they are (by address: those counted while a limit was
 * set).
 *
 * Owns: the shards and the tallies. Thread: any; a pass belongs to its connection. Errors: a
 * reason; NULL without memory or randomness. Lifetime: the guard outlives all tallies, a tally all
 * passes that entered it.
 */
#ifndef WSLUICE_SERVE_GUARD_H
#define WSLUICE_SERVE_GUARD_H

#include "base/reason.h"
#include "config/model/config.h"
#include "core/access/limiter.h"

struct guard;
struct guard_tally;

/* What one connection is counted in. Plain memory; zeroed is counted nowhere. */
struct guard_pass {
    struct guard *guard;
    struct guard_tally *listener, *route;
    uint32_t shard, slot; /* with an address */
    uint32_t descriptors; /* of those that clients may have */
    bool in_process;
    bool in_address;
    bool late; /* over a limit; its request is read all the same */
    bool only; /* it holds the place of the one session that there may be */
};

/* Room for about so many addresses; LIMITER_CAPACITY is the default. */
struct guard *guard_create(uint32_t addresses) WSL_MUST_CHECK;
void guard_destroy(struct guard *guard); /* NULL: nothing happens */

/*
 * The count of a listener or a route, by its name: whoever asks for the same one shares it, so a
 * configuration and the one that replaces it do. A gate holds its tallies as long as it lives. An
 * operators' listener has a kind of its own: what a reload makes of clients' listeners is not
 * counted there.
 */
enum guard_kind { GUARD_LISTENER, GUARD_OPERATORS, GUARD_ROUTE };
struct guard_tally *guard_tally_get(struct guard *guard, enum guard_kind kind,
                                    const char *name) WSL_MUST_CHECK;
void guard_tally_release(struct guard *guard, struct guard_tally *tally); /* NULL: nothing */
unsigned guard_tally_count(const struct guard_tally *tally);

/*
 * Where a pass begins: each zeroes it first. guard_reserve takes descriptors out of the `most` that
 * clients may have, guard_enter_operators one place out of the `most` of their listener. False: all
 * are taken, and the pass is empty.
 */
bool guard_reserve(struct guard *guard, struct guard_pass *pass, uint32_t descriptors,
                   uint64_t most) WSL_MUST_CHECK;
bool guard_enter_operators(struct guard *guard, struct guard_pass *pass,
                           struct guard_tally *listener, uint64_t most) WSL_MUST_CHECK;

/*
 * One of `most` places for connections over a limit that are read, because they may ask for
 * liveness. For a pass that has begun, or an empty one, which begins here.
 */
bool guard_enter_late(struct guard *guard, struct guard_pass *pass, uint64_t most) WSL_MUST_CHECK;

/* One descriptor of the pass, which must have one, outlives its connection: until guard_give_back.
 */
void guard_lend(struct guard_pass *pass);
void guard_give_back(struct guard *guard);

/* REASON_too_many_process or _listener. A limit of 0 is none. Once for a pass that has begun. */
enum reason guard_enter(struct guard_pass *pass, uint32_t process_limit,
                        struct guard_tally *listener, uint32_t listener_limit) WSL_MUST_CHECK;

/* REASON_too_many_address or _rate_limited. Once for a pass, unless that address is left. */
enum reason guard_enter_address(struct guard_pass *pass, const uint8_t address[static IP_BYTES],
                                const struct config_limits *limits, uint64_t now_ms) WSL_MUST_CHECK;

/* The next request on the connection is another client's. */
void guard_leave_address(struct guard_pass *pass);

/* REASON_too_many_route, or REASON_shutdown after the only one. At most once for a pass. */
enum reason guard_enter_route(struct guard_pass *pass, struct guard_tally *route,
                              uint32_t route_limit) WSL_MUST_CHECK;

/* It has not become a session after all; the connection lives on to be told. */
void guard_leave_route(struct guard_pass *pass);

/*
 * From now on one session enters a route, and nobody after it. While it may still fail others are
 * turned away; if it does, the next one gets its place.
 */
void guard_only_one(struct guard *guard);

/* It has become a session, and was the only one if there is to be only one. */
void guard_begun(struct guard_pass *pass);
bool guard_one_has_begun(const struct guard *guard);

/* From wherever the pass has entered; again: nothing happens. */
void guard_leave(struct guard_pass *pass);

/* Clients' connections that are counted, and what the tables of addresses went through. */
unsigned guard_count(const struct guard *guard);
struct limiter_stats guard_stats(struct guard *guard);

#endif
