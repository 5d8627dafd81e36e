/*
 * The signature algorithms of tickets: RFC 7518 section 3 and RFC 8037, whose EdDSA with Ed25519
 * has a second name by RFC 9864. "none" is not among them.
 *
 * Pure. Owns: nothing. Thread: any (const). Errors: NULL. Lifetime: static.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_ALG_H
#define WSLUICE_CORE_TICKET_TICKET_ALG_H

#include "base/base.h"

enum ticket_family {
    TICKET_HMAC, /* a shared secret */
    TICKET_RSA,  /* PKCS #1 v1.5 */
    TICKET_PSS,  /* RSA with PSS, MGF1 with the same digest, a salt as long as it */
    TICKET_EC,   /* ECDSA on the one curve of its digest */
    TICKET_ED,   /* Ed25519 */
};

struct ticket_alg {
    const char *name;
    const char *other; /* a second name; NULL: none */
    enum ticket_family family;
    const char *digest; /* OpenSSL's name; NULL: part of the algorithm */
    const char *group;  /* OpenSSL's name of the curve; NULL: none */
    const char *curve;  /* "crv" of a JWK; NULL: none */
    uint16_t size; /* HMAC: bytes of the digest and least bytes of a secret; else of a coordinate */
};

/* By either name, which are case-sensitive. NULL: none. */
const struct ticket_alg *ticket_alg_find(struct slice name);

/* The one of an elliptic curve, by its name in a JWK. NULL: none. */
const struct ticket_alg *ticket_alg_of_curve(struct slice curve);

/* Iterates over all; NULL behind the last. */
const struct ticket_alg *ticket_alg_at(size_t index);

#endif
