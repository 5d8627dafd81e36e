/*
 * Reads the head of a request, and runs the steps of its admission (core/session/admission.h).
 *
 * Owns: nothing. Thread: the session's. Errors: HTTP statuses by the table of reasons.
 * Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_REQUEST_H
#define WSLUICE_SERVE_STAGES_SESSION_REQUEST_H

#include "base/base.h"
#include "base/reason.h"

struct session;

/* In HEAD: on entry, and when the descriptor is ready. */
void session_request_read(struct session *session);

/* Instead, in HEAD on a raw listener: there is no request. */
void session_request_begin_raw(struct session *session);

/* In PREFACE, once: counts the connection, which may be refused before a read. */
void session_request_count_connection(struct session *session);

/* In PREFACE, after the PROXY header: checks and counts the client's address, once. */
void session_request_check_client(struct session *session);

/* In LOOKING_UP: the deadline has passed. */
void session_request_look_up_failed(struct session *session);

/* The reason to refuse all requests of this connection; over a limit, except those for liveness. */
enum reason session_request_verdict(const struct session *session);

#endif
