/*
 * Resumption of TLS sessions at a listener, by tickets alone (RFC 5077, RFC 8446 section 2.2).
 *
 * A session resumes only where a full handshake would come to the same:
 * - under the same policy (config/options/tls_policy.h) and the same client CA certificates. All
 * listeners, before and after a reload, share the keys of tickets; the policy is the session id
 * context. Certificates of the server do not count, so that their renewal costs no session.
 * - up to TLS 1.2, under the same name (SNI).
 * - while the client's certificate and the chain that verified it are valid, CA certificate
 *   included.
 * - for TLS_RESUME_LIFE_S after its full handshake, however often its ticket is renewed: a change
 *   of the system's CA certificates, which no ticket shows, counts after that time at the latest.
 *
 * Otherwise the ticket is ignored, and a full handshake decides.
 *
 * Owns: nothing; the context borrows the keys. Thread: set up on one, then any. Errors: false,
 * OpenSSL's queue says why. Lifetime: the keys outlive the context.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_RESUME_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_RESUME_H

#include "config/model/config.h"
#include "net/tls/context/tls_files.h"
#include "net/tls/context/tls_tickets.h"

#define TLS_RESUME_LIFE_S (24 * 3600)

/* `ca`: what the client CA file holds; empty where there is none. */
WSL_MUST_CHECK bool tls_resume_allow(SSL_CTX *ssl, struct tls_tickets *tickets,
                                     const struct config_tls *config, const struct tls_bytes *ca);

#endif
