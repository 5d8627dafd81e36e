/*
 * What TLS connections have in common: certificate, policy and ticket keys of a listener, or trust
 * and name of a target. Made once from the configuration and shared by all workers, so that a
 * session which began on one worker resumes on any other.
 *
 * Nothing here runs unless TLS is configured: OpenSSL initialises itself with the first tls_ctx.
 *
 * Owns: an SSL_CTX. Thread: made on one, then used on any; the count is atomic.
 * Errors: making one returns NULL and fills `error` with one line: file, problem, remedy.
 * Lifetime: the last tls_ctx_release; open connections keep what they need by themselves.
 */
#ifndef WSLUICE_NET_TLS_CTX_H
#define WSLUICE_NET_TLS_CTX_H

#include <openssl/ssl.h>

#include "base/base.h"
#include "config/config.h"

struct tls_ctx;

/* Nothing of `config` is kept. */
WSL_MUST_CHECK struct tls_ctx *tls_ctx_server(const struct config_tls *config, char *error,
                                              size_t error_size);

/* The target must have a name to verify: server_name, or a TCP address. */
WSL_MUST_CHECK struct tls_ctx *tls_ctx_client(const struct config_target *target, char *error,
                                              size_t error_size);

struct tls_ctx *tls_ctx_retain(struct tls_ctx *ctx);
void tls_ctx_release(struct tls_ctx *ctx); /* NULL is fine */

bool tls_ctx_is_server(const struct tls_ctx *ctx);

/* A new SSL in its role, with SNI where due and without a BIO. NULL: out of memory. */
WSL_MUST_CHECK SSL *tls_ctx_open(const struct tls_ctx *ctx);

#endif
