/*
 * The value of a login's cookie: who has logged in, and when. Signed, so that nothing is kept for
 * it: several gateways with the same secret accept each other's.
 *
 *     base64 of:  version 1 | issued 8 | expires 8 | user | HMAC-SHA256 32
 *
 * The HMAC's key is made of the secret, the purpose and the scope: a value of one route, or of one
 * purpose, is none of another. It covers a text that is not in the value, the binding, as well: the
 * hash of the user's password. A new password ends all logins of that user, on every gateway.
 *
 * Pure over OpenSSL. Owns: nothing. Thread: any. Errors: 0, false or a verdict. Lifetime: plain
 * memory.
 */
#ifndef WSLUICE_CORE_AUTH_LOGIN_LOGIN_COOKIE_H
#define WSLUICE_CORE_AUTH_LOGIN_LOGIN_COOKIE_H

#include "core/auth/login/login_keys.h"

#define LOGIN_USER_MAX    128
#define LOGIN_BINDING_MAX 256

/* version, issued, expires, user, HMAC */
#define LOGIN_COOKIE_BYTES (1 + 8 + 8 + LOGIN_USER_MAX + LOGIN_KEYS_BYTES)
#define LOGIN_COOKIE_MAX   ((LOGIN_COOKIE_BYTES + 2) / 3 * 4 + 1) /* characters, with a NUL */

struct login_cookie {
    int64_t issued, expires; /* milliseconds of Unix time */
    size_t user_length;
    char user[LOGIN_USER_MAX];
    unsigned char mac[LOGIN_KEYS_BYTES]; /* of a cookie that was read */
};

static inline struct slice login_cookie_user(const struct login_cookie *cookie)
{
    return (struct slice){cookie->user, cookie->user_length};
}

/* The value, with a NUL; its length. 0: OpenSSL fails, or the binding is too long. */
WSL_MUST_CHECK size_t login_cookie_sign(char out[static LOGIN_COOKIE_MAX],
                                        const struct login_keys *keys,
                                        const struct login_cookie *cookie, struct slice binding);

/* Reads a value; nothing in it is to be trusted before login_cookie_check. False: it is none. */
WSL_MUST_CHECK bool login_cookie_read(struct login_cookie *cookie, struct slice text);

/* A gateway whose clock is behind may get a cookie of one whose clock is ahead. */
#define LOGIN_CLOCKS_MS 60000

enum login_cookie_verdict {
    LOGIN_COOKIE_GOOD,
    LOGIN_COOKIE_FORGED, /* or of another secret, route, purpose or password */
    LOGIN_COOKIE_EXPIRED,
    LOGIN_COOKIE_EARLY, /* issued in the future: a clock has been set back */
};

/* Of a cookie that was read. Takes the same time for every forged one. */
WSL_MUST_CHECK enum login_cookie_verdict login_cookie_check(const struct login_cookie *cookie,
                                                            const struct login_keys *keys,
                                                            struct slice binding, int64_t now);

#endif
