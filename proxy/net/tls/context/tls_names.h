/*
 * The certificates of a host name: by exact name, else by a wildcard for its first label (RFC 9525,
 * section 6.3). A name may have several certificates, one per type of key.
 *
 * Pure. Owns: copies of the names. Thread: filled by one, then read by any. Errors: false: out of
 * memory. Lifetime: from all zeroes, which is empty, to tls_names_free.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_NAMES_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_NAMES_H

#include "base/base.h"

#define TLS_NAMES_MAX 255 /* characters of a host name, RFC 1035 section 3.1 */

struct tls_names_entry {
    char *name; /* lower case */
    uint32_t certificate;
    int key_type;
};

struct tls_names {
    struct tls_names_entry *entries; /* sorted by name once sealed */
    size_t count, capacity;
};

struct tls_names_match {
    const struct tls_names_entry *first;
    size_t count;
};

void tls_names_free(struct tls_names *names);

/*
 * Called in order of preference: of certificates with the same name and type of key the first
 * counts. A name that is neither a host name nor a wildcard ("*.example.com") is ignored.
 */
WSL_MUST_CHECK bool tls_names_add(struct tls_names *names, const char *name, uint32_t certificate,
                                  int key_type);

/* After the last tls_names_add, before the first tls_names_find. */
void tls_names_seal(struct tls_names *names);

/* `name` as the client sent it: in any case, perhaps with a final dot. No match: count is 0. */
struct tls_names_match tls_names_find(const struct tls_names *names, const char *name);

#endif
