/*
 * The steps before the first request: the PROXY header of a load balancer, the first byte that
 * tells TLS from plain, the TLS handshake.
 *
 * Owns: nothing. Thread: the session's. Errors: the connection is closed: the client's protocol is
 * not known yet, so no answer is possible. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_PREFACE_H
#define WSLUICE_SERVE_STAGES_SESSION_PREFACE_H

#include "base/base.h"

struct session;

/* In PREFACE: as far as it goes without waiting. */
void session_preface_read(struct session *session);

/* Whether a part of a PROXY header has come, and the rest is missing. */
bool session_preface_has_partial_header(const struct session *session);

/* In TLS: the descriptor is ready. */
void session_preface_tls(struct session *session);

#endif
