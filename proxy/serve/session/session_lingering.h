/*
 * The lingering close of a session: in LINGERING, after its last plain answer or a refusal.
 *
 * Owns: nothing. Thread: the session's. Errors: out of memory ends the session. Lifetime: from
 * session_lingering_begin to the session's end.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_LINGERING_H
#define WSLUICE_SERVE_SESSION_SESSION_LINGERING_H

#include <stddef.h>

#include "base/reason.h"
#include "core/session/life.h"

struct session;

/*
 * Takes the event, frees the entry and sends the bytes, which may be empty; the session may have
 * ended afterwards. `reason`: how it ends, however the client behaves.
 */
void session_lingering_begin(struct session *session, enum life_event event, enum reason reason,
                             const void *bytes, size_t length);

/* The descriptor is ready: bits of lingering_ready. */
void session_lingering_turn(struct session *session, unsigned ready);

/* The deadline has passed. */
void session_lingering_tick(struct session *session);

#endif
