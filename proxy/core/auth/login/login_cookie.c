#include "core/auth/login/login_cookie.h"

#include "base/text/secret.h"
#include "codec/b64.h"

#define VERSION 1
#define FIXED   (1 + 8 + 8) /* in front of the user */

static void add_number(struct writer *w, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
    writer_add(w, bytes, sizeof(bytes));
}

static int64_t number_at(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

/* What the value says; the HMAC covers it, with the binding behind it. */
static void add_claims(struct writer *w, const struct login_cookie *cookie)
{
    static const uint8_t version = VERSION;
    writer_add(w, &version, 1);
    add_number(w, cookie->issued);
    add_number(w, cookie->expires);
    writer_add_slice(w, login_cookie_user(cookie));
}

/* The length of the user in front of all, so that no two pairs of user and binding look alike. */
static bool mac_of(unsigned char out[static LOGIN_KEYS_BYTES], const struct login_keys *keys,
                   unsigned index, const struct login_cookie *cookie, struct slice binding)
{
    uint8_t text[1 + FIXED + LOGIN_USER_MAX + LOGIN_BINDING_MAX];
    struct writer w = writer_to(text, sizeof(text));
    uint8_t length = (uint8_t)cookie->user_length;
    writer_add(&w, &length, 1);
    add_claims(&w, cookie);
    writer_add_slice(&w, binding);
    return login_keys_hmac(out, keys, index, &w);
}

size_t login_cookie_sign(char out[static LOGIN_COOKIE_MAX], const struct login_keys *keys,
                         const struct login_cookie *cookie, struct slice binding)
{
    uint8_t bytes[LOGIN_COOKIE_BYTES], mac[LOGIN_KEYS_BYTES];
    struct writer w = writer_to(bytes, sizeof(bytes));
    if (keys->count == 0 || !mac_of(mac, keys, 0, cookie, binding))
        return 0;
    add_claims(&w, cookie);
    writer_add(&w, mac, sizeof(mac));
    if (w.overflow)
        return 0;
    size_t length = b64_encode(out, bytes, w.length);
    out[length] = '\0';
    return length;
}

bool login_cookie_read(struct login_cookie *cookie, struct slice text)
{
    uint8_t bytes[LOGIN_COOKIE_BYTES];
    long length = b64_decode(bytes, sizeof(bytes), text);
    if (length < FIXED + LOGIN_KEYS_BYTES || bytes[0] != VERSION)
        return false;
    *cookie = (struct login_cookie){
        .issued = number_at(bytes + 1),
        .expires = number_at(bytes + 9),
        .user_length = (size_t)length - FIXED - LOGIN_KEYS_BYTES,
    };
    memcpy(cookie->user, bytes + FIXED, cookie->user_length);
    memcpy(cookie->mac, bytes + length - LOGIN_KEYS_BYTES, LOGIN_KEYS_BYTES);
    return true;
}

/* All keys are tried, so that the time does not tell which one fits. */
static bool is_signed(const struct login_cookie *cookie, const struct login_keys *keys,
                      struct slice binding)
{
    struct slice given = {(const char *)cookie->mac, sizeof(cookie->mac)};
    bool fits = false;
    for (unsigned i = 0; i < keys->count; i++) {
        unsigned char mac[LOGIN_KEYS_BYTES];
        bool same = mac_of(mac, keys, i, cookie, binding) &&
                    secret_is_same((struct slice){(const char *)mac, sizeof(mac)}, given);
        fits = fits || same;
    }
    return fits;
}

enum login_cookie_verdict login_cookie_check(const struct login_cookie *cookie,
                                             const struct login_keys *keys, struct slice binding,
                                             int64_t now)
{
    if (!is_signed(cookie, keys, binding))
        return LOGIN_COOKIE_FORGED;
    if (cookie->issued > now + LOGIN_CLOCKS_MS)
        return LOGIN_COOKIE_EARLY;
    return cookie->expires > now ? LOGIN_COOKIE_GOOD : LOGIN_COOKIE_EXPIRED;
}
