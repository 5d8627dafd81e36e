/*
 * The parts that TLS contexts of a configuration share: certificate pairs, the files to check for
 * changes, the ticket keys. The store of the next configuration takes over the ticket keys, and the
 * pairs whose files have not changed.
 *
 * No OpenSSL code runs before the first context is made.
 *
 * Owns: references to pairs and tickets. Borrows the texts of the configuration, and the previous
 * store until it is sealed. Thread: one fills it and checks the files; any may read the
 * certificates. Errors: fill one line. Lifetime: tls_store_create to tls_store_free; contexts do
 * not need it once they are made.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_STORE_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_STORE_H

#include "net/tls/context/tls_expiry.h"
#include "net/tls/context/tls_pair.h"
#include "net/tls/context/tls_tickets.h"

/* One per certificate file. */
struct tls_store_certificate {
    const char *file, *key, *key_password; /* as in the configuration */
    struct tls_pair *pair;                 /* the store's */
    char *name;                            /* its first name; empty: none */
    int64_t not_before, not_after;         /* Unix time; validity with its chain */
    struct config_place place;
    bool denied; /* the file may not be read any more; the pair in memory stays in use */
    struct tls_expiry_notice notice;
};

struct tls_store;

/* NULL: out of memory. `previous`: of the running configuration; NULL: none. */
WSL_MUST_CHECK struct tls_store *tls_store_create(const struct tls_store *previous);
void tls_store_seal(struct tls_store *store); /* after the last context is made */
void tls_store_free(struct tls_store *store); /* NULL is fine */

/* ---- before it is sealed, for contexts ---- */

/*
 * A reference. An expired chain is a warning (tls_expiry.h). The previous store's pair is used if
 * its files may not be read any more (privileges were dropped after the start), unless the
 * certificate can be read and has changed: an old problem must not block other changes of a reload.
 */
WSL_MUST_CHECK struct tls_pair *tls_store_pair(struct tls_store *store,
                                               const struct config_certificate *config,
                                               const struct tls_error *error);
WSL_MUST_CHECK bool tls_store_read(struct tls_store *store, const char *what, const char *path,
                                   struct tls_bytes *bytes, const struct tls_error *error);

/* The ticket keys; the reference is the store's. NULL: out of memory. */
WSL_MUST_CHECK struct tls_tickets *tls_store_tickets(struct tls_store *store);

/* ---- once it is sealed ---- */

/* As tls_files_changed. */
WSL_MUST_CHECK bool tls_store_changed(struct tls_store *store);

const struct tls_store_certificate *tls_store_certificates(const struct tls_store *store,
                                                           size_t *count);

/*
 * One line if a certificate has expired, expires soon, is not valid yet, or may not be read. As
 * snprintf; 0: no warning.
 */
int tls_store_warning(const struct tls_store_certificate *certificate, int64_t now, char *text,
                      size_t size);

/*
 * Whether to log the warning of the certificate at `index` now: its problem is new, or was logged a
 * day ago. Main thread, which calls it every few seconds and logs if it is true.
 */
WSL_MUST_CHECK bool tls_store_is_warning_due(struct tls_store *store, size_t index, int64_t now);

/* Warnings of certificates that stay are not due again. Main thread. */
void tls_store_keep_notices(struct tls_store *store, const struct tls_store *previous);

#endif
