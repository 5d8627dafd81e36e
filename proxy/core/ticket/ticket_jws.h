/*
 * A JSON Web Signature in its compact form (RFC 7515 section 7.1):
 *
 *     BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature)
 *
 * Read strictly: three parts, base64url without padding or stray bits, a header that is a JSON
 * object without duplicate members. A header with "crit" is refused: no extension is supported.
 * "jku", "x5u", "jwk" and "x5c", by which a token would bring its own key, are ignored.
 *
 * The payload is not decoded here: nothing of it counts before the signature is verified.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a verdict. Lifetime: slices borrow the token.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_JWS_H
#define WSLUICE_CORE_TICKET_TICKET_JWS_H

#include "core/ticket/ticket_jwk.h"
#include "core/ticket/ticket_verdict.h"

#define TICKET_JWS_MAX         ((size_t)8192) /* bytes of a token */
#define TICKET_JWS_HEADER_MAX  2048           /* bytes of its header, decoded */
#define TICKET_JWS_PAYLOAD_MAX (TICKET_JWS_MAX / 4 * 3)

struct ticket_jws {
    struct slice signed_part;     /* header and payload, with the dot between them */
    struct slice header, payload; /* base64url */
    const struct ticket_alg *alg; /* that the token names, and is not trusted with */
    struct slice kid;             /* of `kid_text`; ptr NULL: none */
    char kid_text[TICKET_JWK_KID_MAX];
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    size_t signature_length;
};

/* TICKET_VALID: it is well formed; no signature has been verified. */
WSL_MUST_CHECK enum ticket_verdict ticket_jws_read(struct slice token, struct ticket_jws *jws);

#endif
