/*
 * The validity of a certificate with its chain, and when to warn about it: when it comes near its
 * end, when it has expired, and once a day as long as that lasts. A certificate that has expired is
 * served like any other: clients refuse it, but those that do not verify it go on working, and one
 * certificate of many must not stop a gateway.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_EXPIRY_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_EXPIRY_H

#include "base/base.h"

#define TLS_EXPIRY_WARN_DAYS 14

enum tls_expiry {
    TLS_EXPIRY_VALID,
    TLS_EXPIRY_SOON,  /* fewer than TLS_EXPIRY_WARN_DAYS are left */
    TLS_EXPIRY_ENDED, /* it has expired */
    TLS_EXPIRY_EARLY, /* it is not valid yet */
};

/* Times are Unix times; the last second of the validity counts as valid. */
enum tls_expiry tls_expiry_of(int64_t not_before, int64_t not_after, int64_t now);

/* "valid", "expires soon", "expired", "not valid yet" */
const char *tls_expiry_name(enum tls_expiry expiry);

/* The rest of a sentence: "expired on 2026-04-01; renew it". As snprintf; 0: it is valid. */
int tls_expiry_print(int64_t not_before, int64_t not_after, int64_t now, char *text, size_t size);

/* The warning that was given last; all zero: none. */
struct tls_expiry_notice {
    int64_t at;
    unsigned problem; /* 0: there was none */
};

/*
 * Whether to warn about `problem` now; if so, the notice is updated. A problem that is new is due
 * at once, one that lasts is due again after a day.
 */
bool tls_expiry_is_due(struct tls_expiry_notice *notice, unsigned problem, int64_t now);

#endif
