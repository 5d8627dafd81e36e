/*
 * The keys of logins. They come from a secret file, so that several gateways have the same ones, or
 * are random.
 *
 * Pure over OpenSSL. Owns: nothing. Thread: any. Errors: false or a phrase. Lifetime: plain memory,
 * to be wiped.
 */
#ifndef WSLUICE_CORE_AUTH_LOGIN_LOGIN_KEYS_H
#define WSLUICE_CORE_AUTH_LOGIN_LOGIN_KEYS_H

#include "base/text/writer.h"

#define LOGIN_KEYS_BYTES    32 /* of a key, and of an HMAC */
#define LOGIN_KEYS_MAX      4
#define LOGIN_KEYS_SHORTEST 32   /* characters of a key in a secret file */
#define LOGIN_KEYS_FILE_MAX 4096 /* bytes of a secret file */

/* The first signs; all of them verify, so that a secret can be replaced without ending logins. */
struct login_keys {
    unsigned count;
    unsigned char bytes[LOGIN_KEYS_MAX][LOGIN_KEYS_BYTES];
};

enum login_purpose {
    LOGIN_PURPOSE_COOKIE = 'c', /* the cookie of a user */
    LOGIN_PURPOSE_PAGE = 'p',   /* the token of a page that is shown */
};

/* False: no random numbers. */
WSL_MUST_CHECK bool login_keys_random(struct login_keys *keys);

/*
 * The text of a secret file: a key on each line, of LOGIN_KEYS_SHORTEST visible ASCII characters or
 * more; empty lines and those that begin with "#" are ignored. NULL, or a phrase that says what is
 * wrong and quotes nothing.
 */
WSL_MUST_CHECK const char *login_keys_read(struct login_keys *keys, struct slice text);

/* The keys of one purpose and scope. False: OpenSSL fails, or out of memory. */
WSL_MUST_CHECK bool login_keys_derive(struct login_keys *keys, const struct login_keys *secret,
                                      enum login_purpose purpose, struct slice scope);

/* The HMAC-SHA256 of what was written, by one of the keys. False: OpenSSL fails, or an overflow. */
WSL_MUST_CHECK bool login_keys_hmac(unsigned char out[static LOGIN_KEYS_BYTES],
                                    const struct login_keys *keys, unsigned index,
                                    const struct writer *data);

void login_keys_wipe(struct login_keys *keys);

#endif
