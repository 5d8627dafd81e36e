/*
 * How many may come in: connections of the process, of a listener and of an address, sessions of a
 * route, and the rate of handshakes of an address. One set serves all workers and outlives every
 * configuration, so that a reload forgets nobody.
 *
 * The happy path of a client's connection: limits_reserve before it is accepted, so that its
 * descriptors are there when it needs them; limits_enter once it is; limits_enter_address once its
 * client is known, which may be as late as the head of its request; limits_enter_route when it is
 * to become a session; limits_leave when it is gone. Each may refuse: then the connection is not
 * counted there, stays counted where it was, lives on to be told, and leaves like any other.
 *
 * An operator's connection has a reserve of its own: limits_enter_operators before it is accepted,
 * limits_leave when it is gone. No limit of clients holds for it.
 *
 * Counts of process, listeners and routes are atomics; a limit is exact, never overrun by a race.
 * Addresses are in shards of a limiter, each with a mutex that is held for the time of a look-up;
 * where no limit by address is set, no mutex is taken at all. Limits come with each call: after a
 * reload the new ones meet the counts as they are (by address: those counted while a limit was
 * set).
 *
 * Owns: the shards and the counters. Thread: any; a pass belongs to its connection. Errors: a
 * reason; NULL without memory or randomness. Lifetime: the limits outlives all counters, a counter
 * all passes that entered it.
 */
#ifndef WSLUICE_SERVE_SITE_LIMITS_H
#define WSLUICE_SERVE_SITE_LIMITS_H

#include "base/reason.h"
#include "codec/ip.h"

struct config_limits;
struct limiter_stats;
struct limits;
struct limits_counter;

/* What one connection is counted in. Plain memory; zeroed is counted nowhere. */
struct limits_usage {
    struct limits *limits;
    struct limits_counter *listener, *route;
    uint32_t shard, slot; /* with an address */
    uint32_t descriptors; /* of those that clients may have */
    bool in_process;
    bool in_address;
    bool late;   /* over a limit; its request is read all the same */
    bool single; /* it has taken the place of limits_allow_one_session */
};

/* Room for about so many addresses; LIMITER_CAPACITY is the default. */
WSL_MUST_CHECK struct limits *limits_create(uint32_t addresses);
void limits_destroy(struct limits *limits); /* NULL: nothing happens */

/*
 * The count of a listener or a route, by its name: all who ask for one name share it, so a
 * configuration and the one that replaces it do. A site holds its counters as long as it lives. An
 * operators' listener has a kind of its own: what a reload makes of clients' listeners is not
 * counted there.
 */
enum limits_kind { LIMITS_LISTENER, LIMITS_OPERATORS, LIMITS_ROUTE, LIMITS_KINDS };
WSL_MUST_CHECK struct limits_counter *limits_counter_get(struct limits *limits,
                                                         enum limits_kind kind, const char *name);
void limits_counter_release(struct limits *limits,
                            struct limits_counter *counter); /* NULL: nothing */
unsigned limits_counter_count(const struct limits_counter *counter);

/*
 * Where a pass begins: each zeroes it first. limits_reserve takes descriptors out of the `most`
 * that clients may have, limits_enter_operators one place out of the `most` of their listener.
 * False: all are taken, and the pass is empty.
 */
WSL_MUST_CHECK bool limits_reserve(struct limits *limits, struct limits_usage *usage,
                                   uint32_t descriptors, uint64_t most);
WSL_MUST_CHECK bool limits_enter_operators(struct limits *limits, struct limits_usage *usage,
                                           struct limits_counter *listener, uint64_t most);

/*
 * One of `most` places for connections over a limit that are read, because they may ask for
 * liveness. For a pass that has begun, or an empty one, which begins here.
 */
WSL_MUST_CHECK bool limits_enter_late(struct limits *limits, struct limits_usage *usage,
                                      uint64_t most);

/* One descriptor of the pass, which must have one, outlives its connection: until
 * limits_release_descriptor.
 */
void limits_detach_descriptor(struct limits_usage *usage);
void limits_release_descriptor(struct limits *limits);

/* REASON_too_many_process or _listener. A limit of 0 is none. Once for a pass that has begun. */
WSL_MUST_CHECK enum reason limits_enter(struct limits_usage *usage, uint32_t process_limit,
                                        struct limits_counter *listener, uint32_t listener_limit);

/* REASON_too_many_address or _rate_limited. Once for a pass, unless that address is left. */
WSL_MUST_CHECK enum reason limits_enter_address(struct limits_usage *usage,
                                                const uint8_t address[static IP_BYTES],
                                                const struct config_limits *limits,
                                                uint64_t now_ms);

/* The next request on the connection is another client's. */
void limits_leave_address(struct limits_usage *usage);

/* REASON_too_many_route, or REASON_shutdown after the only one. At most once for a pass. */
WSL_MUST_CHECK enum reason limits_enter_route(struct limits_usage *usage,
                                              struct limits_counter *route, uint32_t route_limit);

/* It has not become a session after all; the connection lives on to be told. */
void limits_leave_route(struct limits_usage *usage);

/*
 * From now on one session enters a route, and nobody after it. While it may still fail others are
 * turned away; if it does, the next one gets its place.
 */
void limits_allow_one_session(struct limits *limits);

/* It has become a session, and was the only one if there is to be only one. */
void limits_session_began(struct limits_usage *usage);
bool limits_one_session_began(const struct limits *limits);

/* From wherever the pass has entered; again: nothing happens. */
void limits_leave(struct limits_usage *usage);

/* Clients' connections that are counted, and what the tables of addresses went through. */
unsigned limits_count(const struct limits *limits);
struct limiter_stats limits_stats(struct limits *limits);

#endif
