/*
 * Resumption of TLS sessions at a listener, by tickets alone (RFC 5077, RFC 8446 section 2.2).
 *
 * A session resumes only if a full handshake would have the same result:
 *
 * - under the same policy (config/options/tls_policy.h) and the same client CA certificates. All
 *   listeners, before and after a reload, share the ticket keys; the session id context tells their
 *   policies apart. It excludes the server's certificates, so that sessions survive a renewal.
 *
 * - up to TLS 1.2, under the same name (SNI).
 *
 * - while the client's certificate and the chain that verified it are valid, CA certificate
 *   included.
 *
 * - for TLS_RESUME_LIFE_S after the full handshake, also if tickets are renewed: a ticket does not
 *   reveal a change of the system's CA certificates, so this limits how long one goes unnoticed.
 *
 * Otherwise the ticket is ignored, and a full handshake follows.
 *
 * Owns: nothing; the context borrows the keys. Thread: set up on one, then any. Errors: false, with
 * OpenSSL's error queue. Lifetime: the keys outlive the context.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_RESUME_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_RESUME_H

#include "config/model/config.h"
#include "net/tls/context/tls_files.h"
#include "net/tls/context/tls_tickets.h"

#define TLS_RESUME_LIFE_S (24 * 3600)

/* `ca`, `crl`: the contents of the files about clients; empty: there is none. */
WSL_MUST_CHECK bool tls_resume_allow(SSL_CTX *ssl, struct tls_tickets *tickets,
                                     const struct config_tls *config, const struct tls_bytes *ca,
                                     const struct tls_bytes *crl);

#endif
