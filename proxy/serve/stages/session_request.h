/*
 * The head of a request: reading it, and taking the steps of its admission
 * (core/session/admission).
 *
 * Owns: nothing. Thread: the session's. Errors: HTTP statuses by the table of reasons.
 * Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_REQUEST_H
#define WSLUICE_SERVE_STAGES_SESSION_REQUEST_H

#include "base/base.h"
#include "base/reason.h"

struct session;

/* HEAD has begun, or its descriptor is ready. */
void session_request_read(struct session *session);

/* The connection was accepted: it is counted, and may be refused before anything is read. */
void session_request_accepted(struct session *session);

/* In PREFACE, behind the PROXY header: the client's address is checked and counted, once. */
void session_request_client_known(struct session *session);

/* What all requests of this connection are refused with, but for liveness; none: nothing. */
enum reason session_request_verdict(const struct session *session);

#endif
