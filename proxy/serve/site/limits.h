/*
 * Counts and limits: connections of the process, of a listener and of an address; sessions of a
 * route and of a user on it; the handshake rate of an address. One set serves all workers and
 * outlives every configuration, so counts continue over a reload.
 *
 * The happy path of a client's connection: limits_reserve before accept, so that its descriptors
 * are available later; limits_enter after it; limits_enter_address when the client's address is
 * known, which may be as late as the head of its request; limits_enter_route when it becomes a
 * session; limits_leave at its end. Each may refuse. The connection is then not counted in that
 * limit, stays counted in the others, gets its refusal, and leaves like any other.
 *
 * A connection to an operators' listener has its own reserve: limits_enter_operators before accept,
 * limits_leave at its end. No limit of clients applies to it.
 *
 * Counts of process, listeners and routes are atomic: a limit is exact even if threads race.
 * Addresses are counted in the shards of a limiter, each with a mutex that is held for one look-up.
 * Without limits by address no mutex is taken. The limits are arguments of each call: after a
 * reload the new ones apply to the counts as they are (by address: to connections that were counted
 * because a limit was set).
 *
 * Owns: the shards and the counters. Thread: any; a limits_usage belongs to its connection. Errors:
 * a reason; NULL without memory or randomness. Lifetime: the limits outlive all counters, a counter
 * outlives every usage that entered it.
 */
#ifndef WSLUICE_SERVE_SITE_LIMITS_H
#define WSLUICE_SERVE_SITE_LIMITS_H

#include "base/reason.h"
#include "codec/ip.h"

struct config_limits;
struct limits;
struct limits_counter;

/* Where one connection is counted. Plain memory; zeroed: nowhere. */
struct limits_usage {
    struct limits *limits;
    struct limits_counter *listener, *route;
    struct limits_counter *user; /* a reference */
    uint32_t shard, slot;        /* of its address */
    uint32_t descriptors;        /* reserved for it */
    bool in_process;
    bool in_address;
    bool over_limit; /* over a limit, but its request is read */
    bool single;     /* it has taken the place of limits_allow_one_session */
};

/* Room for about so many addresses; LIMITER_CAPACITY is usual. */
WSL_MUST_CHECK struct limits *limits_create(uint32_t addresses);
void limits_destroy(struct limits *limits); /* NULL: nothing happens */

/*
 * The count of a listener or a route, by name and kind: the sites before and after a reload share
 * it. Each site holds a reference to its counters. Operators' listeners have a kind of their own,
 * so that a client listener which a reload turns into one of them starts from zero.
 */
enum limits_kind { LIMITS_LISTENER, LIMITS_OPERATORS, LIMITS_ROUTE, LIMITS_USER, LIMITS_KINDS };
WSL_MUST_CHECK struct limits_counter *limits_counter_get(struct limits *limits,
                                                         enum limits_kind kind, const char *name);
void limits_counter_release(struct limits *limits,
                            struct limits_counter *counter); /* NULL: nothing happens */
unsigned limits_counter_count(const struct limits_counter *counter);

/*
 * Each of these two begins a usage, and zeroes it first. limits_reserve takes descriptors out of
 * the `most` that clients may have; limits_enter_operators takes one place out of the `most` of the
 * listener. False: all are taken, and the usage is empty.
 */
WSL_MUST_CHECK bool limits_reserve(struct limits *limits, struct limits_usage *usage,
                                   uint32_t descriptors, uint64_t most);
WSL_MUST_CHECK bool limits_enter_operators(struct limits *limits, struct limits_usage *usage,
                                           struct limits_counter *listener, uint64_t most);

/*
 * Takes one of `most` places for connections over a limit whose request is read, because it may be
 * a liveness check. The usage has begun, or is empty and begins here.
 */
WSL_MUST_CHECK bool limits_enter_over_limit(struct limits *limits, struct limits_usage *usage,
                                            uint64_t most);

/*
 * Takes one of the reserved descriptors out of the usage: it stays counted after the connection is
 * closed, until limits_release_descriptor. For a recording that is still being written.
 */
void limits_detach_descriptor(struct limits_usage *usage);
void limits_release_descriptor(struct limits *limits);

/* REASON_too_many_process or _listener. A limit of 0 is none. Once per usage. */
WSL_MUST_CHECK enum reason limits_enter(struct limits_usage *usage, uint32_t process_limit,
                                        struct limits_counter *listener, uint32_t listener_limit);

/* REASON_too_many_address or _rate_limited. Once, until limits_leave_address. */
WSL_MUST_CHECK enum reason limits_enter_address(struct limits_usage *usage,
                                                const uint8_t address[static IP_BYTES],
                                                const struct config_limits *limits,
                                                uint64_t now_ms);

/* Before the next request, which may be another client's. */
void limits_leave_address(struct limits_usage *usage);

/* REASON_too_many_route, or REASON_shutdown: see limits_allow_one_session. Once per usage. */
WSL_MUST_CHECK enum reason limits_enter_route(struct limits_usage *usage,
                                              struct limits_counter *route, uint32_t route_limit);

/*
 * REASON_too_many_user: the sessions of one user on the routes of one name. Such a counter exists
 * while it counts a session, so there are no more of them than sessions. Once per usage, after
 * limits_enter_route; limits_leave_route leaves it as well. REASON_out_of_memory: not counted.
 */
WSL_MUST_CHECK enum reason limits_enter_user(struct limits_usage *usage, const char *route,
                                             const char *user, uint32_t limit);

/* The session did not open; the connection stays open for the refusal. */
void limits_leave_route(struct limits_usage *usage);

/*
 * From now on a single session is allowed (exit.once). A session that enters a route takes its
 * place, and others are refused; if it does not open, the place is free again.
 */
void limits_allow_one_session(struct limits *limits);

/* The session has opened: its place stays taken for good. */
void limits_note_session(struct limits_usage *usage);
bool limits_has_had_session(const struct limits *limits);

/* Leaves all that the usage has entered. Idempotent. */
void limits_leave(struct limits_usage *usage);

/* Clients' connections. For observation. */
unsigned limits_count(const struct limits *limits);

#endif
