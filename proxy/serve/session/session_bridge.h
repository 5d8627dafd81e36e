/*
 * The bridge of a session: turns, ticks of its clock, rates.
 *
 * Owns: nothing. Thread: the session's. Errors: a bridge that is done ends its session. Lifetime:
 * none.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_BRIDGE_H
#define WSLUICE_SERVE_SESSION_SESSION_BRIDGE_H

#include <stdint.h>

struct session;

#define SESSION_BRIDGE_RATES_MS 1000 /* between two measurements of the rates */

/* Descriptors are ready: bits of bridge_ready. */
void session_bridge_turn(struct session *session, unsigned ready);

/* The deadline of the bridge has passed. */
void session_bridge_tick(struct session *session);

/*
 * After each step of the bridge: ends the session if the bridge is done, enters CLOSING if it is
 * ending, and sets the events to watch.
 */
void session_bridge_update(struct session *session);

/* Arms the deadline for a bridge that has begun to end. */
void session_bridge_arm_ending(struct session *session);

/* Measures the rates, and adds the payload to the counters of the route. */
void session_bridge_measure(struct session *session, uint64_t now);

#endif
