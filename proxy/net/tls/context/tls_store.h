/*
 * What the TLS contexts of a configuration are made from, and what outlives it: the pairs, of which
 * the next store takes over those whose files did not change; the files, to be looked at; the keys
 * of tickets.
 *
 * Nothing of OpenSSL runs before the first context is made.
 *
 * Owns: references to pairs and tickets. Borrows the texts of the configuration, and the previous
 * store until it is sealed. Thread: filled and looked after by one; the certificates can be read by
 * any. Errors: fill one line. Lifetime: tls_store_create to tls_store_free; contexts do not need it
 * any more once they are made.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_STORE_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_STORE_H

#include "net/tls/context/tls_pair.h"
#include "net/tls/context/tls_tickets.h"

#define TLS_STORE_WARN_DAYS 14

/* Each certificate file once. */
struct tls_store_certificate {
    const char *file, *key, *key_password; /* as in the configuration */
    struct tls_pair *pair;                 /* the store's */
    char *name;                            /* the first that it is for; empty: none */
    int64_t not_before, not_after;         /* Unix time; when it and its chain are valid */
    struct config_place place;
    bool denied; /* the file may not be read any more; what was read before serves on */
};

struct tls_store;

/* NULL: out of memory. `previous`: what runs now, or NULL. */
WSL_MUST_CHECK struct tls_store *tls_store_create(const struct tls_store *previous);
void tls_store_seal(struct tls_store *store); /* all contexts are made */
void tls_store_free(struct tls_store *store); /* NULL is fine */

/* ---- for contexts, before it is sealed ---- */

/*
 * A reference. A chain that has expired is an error, unless the previous store has it in use: what
 * is wrong already must not keep other changes out. For the same reason files that may not be read
 * any more, because privileges were dropped after the start, stand for the pair that the previous
 * store has from them, unless the certificate can be read and has changed.
 */
WSL_MUST_CHECK struct tls_pair *tls_store_pair(struct tls_store *store,
                                               const struct config_certificate *config,
                                               const struct tls_error *error);
WSL_MUST_CHECK bool tls_store_read(struct tls_store *store, const char *what, const char *path,
                                   struct tls_bytes *bytes, const struct tls_error *error);

/* The one set of keys; the reference is the store's. NULL: out of memory. */
WSL_MUST_CHECK struct tls_tickets *tls_store_tickets(struct tls_store *store);

/* ---- for whoever runs them, once it is sealed ---- */

/* See tls_files_changed. */
WSL_MUST_CHECK bool tls_store_changed(struct tls_store *store);

const struct tls_store_certificate *tls_store_certificates(const struct tls_store *store,
                                                           size_t *count);

/*
 * One line when a certificate has expired, will soon, is not valid yet, or may not be read. As
 * snprintf; 0: all is well.
 */
int tls_store_warning(const struct tls_store_certificate *certificate, int64_t now, char *text,
                      size_t size);

#endif
