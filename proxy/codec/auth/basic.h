/*
 * Basic credentials as the value of an Authorization field, RFC 7617: "Basic", spaces, and the
 * base64 of USER:PASSWORD. Strict: padded base64 without stray bits, no control characters. The
 * bytes of user and password are taken as they are; the challenge asks for UTF-8.
 *
 * Pure. Owns: nothing. Thread: any. Errors: verdicts. Lifetime: slices borrow the caller's buffer,
 * which holds a secret and is wiped by the caller.
 */
#ifndef WSLUICE_CODEC_AUTH_BASIC_H
#define WSLUICE_CODEC_AUTH_BASIC_H

#include "base/base.h"
#include "base/text/writer.h"
#include "codec/b64.h"

/* Bytes of user, colon and password; crypt(3) takes passwords of up to 511. */
#define BASIC_MAX 768

/* Those that we send to others, and the value with them. */
#define BASIC_SENT_MAX  1024
#define BASIC_VALUE_MAX (sizeof("Basic ") + B64_ENCODED(BASIC_SENT_MAX))

struct basic {
    struct slice user, password; /* the password may have colons */
};

enum basic_verdict {
    BASIC_CREDENTIALS,
    BASIC_OTHER,     /* of another scheme */
    BASIC_MALFORMED, /* of this scheme, but not to be used */
};

/* `value` without white space at its ends. `text` is written in any case. */
WSL_MUST_CHECK enum basic_verdict basic_decode(struct slice value, char text[static BASIC_MAX],
                                               struct basic *basic);

/*
 * Writes the value for an Authorization or a Proxy-Authorization. False: the user has a colon, or
 * both are too long. `out` holds a secret in any case.
 */
WSL_MUST_CHECK bool basic_encode(struct writer *out, struct slice user, struct slice password);

#endif
