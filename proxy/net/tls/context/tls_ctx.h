/*
 * What TLS connections have in common: certificates and policy of a listener, or trust and name of
 * a target. Made once from the configuration and shared by all workers.
 *
 * A client of a listener is shown the certificates for the name that it asks for by SNI: an exact
 * name, else a wildcard, else the first certificate of the list and what others there are for the
 * same name. Where a name has several types of key, the client's signature algorithms decide.
 *
 * Nothing here runs unless TLS is configured: OpenSSL initialises itself with the first tls_ctx.
 *
 * Owns: an SSL_CTX, references to pairs and tickets. Thread: made on one, then used on any; the
 * count is atomic. Errors: making one returns NULL and fills `error`: place, file, problem, remedy.
 * Lifetime: the last tls_ctx_release; open connections need it until their handshake is done, and
 * from then on keep what they need by themselves.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_CTX_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_CTX_H

#include <openssl/ssl.h>

#include "base/base.h"
#include "config/model/config.h"
#include "net/tls/context/tls_store.h"

struct tls_ctx;

/*
 * Nothing of `config` is kept here; see tls_store.h for what the store keeps. The place of
 * the error is the listener's; what is wrong with a certificate is told with the certificate's.
 */
WSL_MUST_CHECK struct tls_ctx *tls_ctx_server(const struct config_tls *config,
                                              struct tls_store *store,
                                              const struct tls_error *error);

/* The target must have a name to verify: server_name, or a TCP address. */
WSL_MUST_CHECK struct tls_ctx *tls_ctx_client(const struct config_target *target,
                                              struct tls_store *store,
                                              const struct tls_error *error);

struct tls_ctx *tls_ctx_retain(struct tls_ctx *ctx);
void tls_ctx_release(struct tls_ctx *ctx); /* NULL is fine */

bool tls_ctx_is_server(const struct tls_ctx *ctx);

/* A new SSL in its role, with SNI where due and without a BIO. NULL: out of memory. */
WSL_MUST_CHECK SSL *tls_ctx_open(const struct tls_ctx *ctx);

#endif
