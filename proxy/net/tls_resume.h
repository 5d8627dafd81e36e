/*
 * Resumption of TLS sessions at a listener, by tickets alone (RFC 5077, RFC 8446 section 2.2).
 *
 * A session resumes only where a full handshake would come to the same: under the same policy
 * (config/tls_policy.h) and the same client CA certificates. All listeners, before and after a
 * reload, share the keys of tickets; the policy is the session id context. Certificates of the
 * server do not count, so that their renewal costs no session.
 *
 * Owns: nothing; the context borrows the keys. Thread: set up on one, then any. Errors: false,
 * OpenSSL's queue says why. Lifetime: the keys outlive the context.
 */
#ifndef WSLUICE_NET_TLS_RESUME_H
#define WSLUICE_NET_TLS_RESUME_H

#include "config/config.h"
#include "net/tls_files.h"
#include "net/tls_tickets.h"

/* `ca`: what the client CA file holds; empty where there is none. */
WSL_MUST_CHECK bool tls_resume_allow(SSL_CTX *ssl, struct tls_tickets *tickets,
                                     const struct config_tls *config, const struct tls_bytes *ca);

#endif
