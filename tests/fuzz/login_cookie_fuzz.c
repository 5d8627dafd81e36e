/*
 * No value that a peer makes is taken, unless it is one that was signed. A value that can be read
 * has one spelling: signed again, its beginning is the same.
 *
 * Input: a byte that chooses; then the value, or the user to sign for and a bit to flip.
 */
#include "codec/web/cookie.h"
#include "core/auth/login/login_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1000000

static const struct login_keys keys = {1, {{1, 2, 3}}};
static const struct slice binding = {"$y$", 3};

static void check_foreign(struct slice text)
{
    struct login_cookie cookie;
    char again[LOGIN_COOKIE_MAX];
    if (!login_cookie_read(&cookie, text))
        return;
    wsl_assert(cookie.user_length <= LOGIN_USER_MAX);
    wsl_assert(login_cookie_check(&cookie, &keys, binding, NOW) == LOGIN_COOKIE_FORGED);
    size_t length = login_cookie_sign(again, &keys, &cookie, binding);
    size_t same = (17 + cookie.user_length) / 3 * 4;
    wsl_assert(length == text.len && memcmp(again, text.ptr, same) == 0);
}

static void check_own(struct slice user, uint8_t where)
{
    struct login_cookie cookie = {.issued = NOW, .expires = NOW + 1}, read;
    char text[LOGIN_COOKIE_MAX];
    cookie.user_length = size_min(user.len, LOGIN_USER_MAX);
    if (user.len > 0)
        memcpy(cookie.user, user.ptr, cookie.user_length);
    size_t length = login_cookie_sign(text, &keys, &cookie, binding);
    wsl_assert(length > 0 && login_cookie_read(&read, (struct slice){text, length}));
    wsl_assert(slice_equal(login_cookie_user(&read), login_cookie_user(&cookie)));
    wsl_assert(login_cookie_check(&read, &keys, binding, NOW) == LOGIN_COOKIE_GOOD);
    for (size_t i = 0; i < length; i++)
        wsl_assert(cookie_is_value(text[i]));
    text[where % length] ^= (char)(1 << where % 8);
    if (login_cookie_read(&read, (struct slice){text, length}))
        wsl_assert(login_cookie_check(&read, &keys, binding, NOW) == LOGIN_COOKIE_FORGED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct slice rest = {(const char *)data + 2, size - 2};
    struct login_keys secret;
    if (data[0] % 4 == 0)
        (void)!login_keys_read(&secret, rest);
    else if (data[0] % 2 == 0)
        check_own(rest, data[1]);
    else
        check_foreign(rest);
    return 0;
}
