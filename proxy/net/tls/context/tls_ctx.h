/*
 * The context of TLS connections: certificates and policy of a listener, or trust and name of a
 * target. Made once from the configuration and shared by all workers.
 *
 * A listener presents the certificates of the name that the client sends by SNI: an exact name,
 * else a wildcard, else the first certificate of the list and the others for the same name. If a
 * name has several types of key, the client's signature algorithms decide.
 *
 * OpenSSL initialises itself with the first tls_ctx: without TLS in the configuration it never
 * runs.
 *
 * Owns: an SSL_CTX, references to pairs and tickets. Thread: made on one, then used on any. Errors:
 * making one returns NULL and fills `error`: place, file, problem, remedy. Lifetime: until
 * tls_ctx_free; a connection needs it until its handshake is done, and then holds its own
 * references to OpenSSL's objects.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_CTX_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_CTX_H

#include <openssl/ssl.h>

#include "base/base.h"
#include "config/model/config.h"
#include "net/tls/context/tls_store.h"

struct tls_ctx;

/*
 * The context keeps nothing of `config`; tls_store.h says what the store keeps. The error has the
 * listener's place, or the certificate's if the certificate is wrong.
 */
WSL_MUST_CHECK struct tls_ctx *tls_ctx_server(const struct config_tls *config,
                                              struct tls_store *store,
                                              const struct tls_error *error);

/* Whether the policy of a listener can be set up; its certificates are not looked at. */
WSL_MUST_CHECK bool tls_ctx_is_policy_good(const struct config_tls *config, struct tls_store *store,
                                           const struct tls_error *error);

/* The name to verify is server_name or the address's host; without one, see tls_expect. */
WSL_MUST_CHECK struct tls_ctx *tls_ctx_client(const struct config_target *target,
                                              struct tls_store *store,
                                              const struct tls_error *error);

void tls_ctx_free(struct tls_ctx *ctx); /* NULL is fine */

bool tls_ctx_is_server(const struct tls_ctx *ctx);

/* A new SSL in its role, with SNI where due and without a BIO. NULL: out of memory. */
WSL_MUST_CHECK SSL *tls_ctx_open(const struct tls_ctx *ctx);

#endif
