#include "core/auth/login/login_cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/web/cookie.h"

#define NOW  INT64_C(1800000000000)
#define HOUR INT64_C(3600000)

static const char secret[] = "0123456789abcdef0123456789abcdef";
static const struct slice hash = {"$2b$10$abcdefghijklmnopqrstuv", 29};

static struct login_keys keys_of(const char *text, enum login_purpose purpose, const char *scope)
{
    struct login_keys master, keys;
    assert_null(login_keys_read(&master, slice_of(text)));
    assert_true(login_keys_derive(&keys, &master, purpose, slice_of(scope)));
    assert_int_equal(keys.count, master.count);
    login_keys_wipe(&master);
    return keys;
}

static struct login_keys usual_keys(void)
{
    return keys_of(secret, LOGIN_PURPOSE_COOKIE, "/desk");
}

static struct login_cookie cookie_of(const char *user)
{
    struct login_cookie cookie = {
        .issued = NOW, .expires = NOW + HOUR, .user_length = strlen(user)};
    memcpy(cookie.user, user, cookie.user_length);
    return cookie;
}

static size_t sign(char out[static LOGIN_COOKIE_MAX], const char *user)
{
    struct login_keys keys = usual_keys();
    struct login_cookie cookie = cookie_of(user);
    size_t length = login_cookie_sign(out, &keys, &cookie, hash);
    assert_int_equal(length, strlen(out));
    assert_true(length > 0 && length < LOGIN_COOKIE_MAX);
    return length;
}

/* From memory of exactly that size: a sanitizer reports a read behind it. */
static enum login_cookie_verdict check_with(const char *text, size_t length,
                                            const struct login_keys *keys, struct slice binding,
                                            int64_t now)
{
    char *bytes = malloc(length ? length : 1);
    struct login_cookie cookie;
    assert_non_null(bytes);
    memcpy(bytes, text, length);
    bool read = login_cookie_read(&cookie, (struct slice){bytes, length});
    free(bytes);
    return read ? login_cookie_check(&cookie, keys, binding, now) : LOGIN_COOKIE_FORGED;
}

static enum login_cookie_verdict check(const char *text, size_t length)
{
    struct login_keys keys = usual_keys();
    return check_with(text, length, &keys, hash, NOW);
}

/* ---- the value ---- */

static void test_users_of_every_length(void **state)
{
    char user[LOGIN_USER_MAX + 1] = "", out[LOGIN_COOKIE_MAX];
    for (size_t length = 0; length <= LOGIN_USER_MAX; length++) {
        struct login_cookie cookie;
        size_t signed_length = sign(out, user);
        assert_true(login_cookie_read(&cookie, (struct slice){out, signed_length}));
        assert_true(slice_equal(login_cookie_user(&cookie), slice_of(user)));
        assert_int_equal(cookie.issued, NOW);
        assert_int_equal(cookie.expires, NOW + HOUR);
        assert_int_equal(check(out, signed_length), LOGIN_COOKIE_GOOD);
        for (size_t i = 0; i < signed_length; i++)
            assert_true(cookie_is_value(out[i]));
        if (length < LOGIN_USER_MAX)
            user[length] = (char)('a' + length % 26);
    }
}

static void test_cut_everywhere(void **state)
{
    char out[LOGIN_COOKIE_MAX];
    size_t length = sign(out, "amy");
    for (size_t first = 0; first < length; first++)
        for (size_t last = first; last <= length; last++)
            if (first > 0 || last < length)
                assert_int_equal(check(out + first, last - first), LOGIN_COOKIE_FORGED);
    assert_int_equal(check(out, length), LOGIN_COOKIE_GOOD);
}

static void test_every_bit_flipped(void **state)
{
    char out[LOGIN_COOKIE_MAX];
    size_t length = sign(out, "amy");
    for (size_t i = 0; i < length; i++)
        for (int bit = 0; bit < 8; bit++) {
            out[i] = (char)(out[i] ^ 1 << bit);
            assert_int_equal(check(out, length), LOGIN_COOKIE_FORGED);
            out[i] = (char)(out[i] ^ 1 << bit);
        }
    assert_int_equal(check(out, length), LOGIN_COOKIE_GOOD);
}

static void test_what_is_longer(void **state)
{
    char out[2 * LOGIN_COOKIE_MAX];
    size_t length = sign(out, "amy");
    memset(out + length, 'A', sizeof(out) - length);
    for (size_t more = 1; more <= LOGIN_COOKIE_MAX; more++)
        assert_int_equal(check(out, length + more), LOGIN_COOKIE_FORGED);
}

/* ---- what it is bound to ---- */

static void test_binding(void **state)
{
    char out[LOGIN_COOKIE_MAX];
    size_t length = sign(out, "amy");
    struct login_keys keys = usual_keys();
    for (size_t cut = 0; cut < hash.len; cut++)
        assert_int_equal(check_with(out, length, &keys, (struct slice){hash.ptr, cut}, NOW),
                         LOGIN_COOKIE_FORGED);
    assert_int_equal(check_with(out, length, &keys, SLICE("$2b$10$xyz"), NOW), LOGIN_COOKIE_FORGED);
}

/* The end of a user and the beginning of a binding are not exchanged. */
static void test_user_and_binding_do_not_flow(void **state)
{
    char out[LOGIN_COOKIE_MAX];
    struct login_keys keys = usual_keys();
    struct login_cookie cookie = cookie_of("amy"), other;
    size_t length = login_cookie_sign(out, &keys, &cookie, SLICE("xyz"));
    assert_true(login_cookie_read(&other, (struct slice){out, length}));
    memcpy(other.user, "am", 2);
    other.user_length = 2;
    assert_int_equal(login_cookie_check(&other, &keys, SLICE("yxyz"), NOW), LOGIN_COOKIE_FORGED);
    memcpy(other.user, "amyx", 4);
    other.user_length = 4;
    assert_int_equal(login_cookie_check(&other, &keys, SLICE("yz"), NOW), LOGIN_COOKIE_FORGED);
    struct slice longest = {(const char[LOGIN_BINDING_MAX + 1]){0}, LOGIN_BINDING_MAX};
    cookie.user_length = LOGIN_USER_MAX;
    assert_true(login_cookie_sign(out, &keys, &cookie, longest) > 0);
    longest.len++;
    assert_int_equal(login_cookie_sign(out, &keys, &cookie, longest), 0);
}

static void test_secret_scope_and_purpose(void **state)
{
    char out[LOGIN_COOKIE_MAX];
    size_t length = sign(out, "amy");
    struct login_keys others[] = {
        keys_of(secret, LOGIN_PURPOSE_COOKIE, "/desk2"),
        keys_of(secret, LOGIN_PURPOSE_COOKIE, ""),
        keys_of(secret, LOGIN_PURPOSE_PAGE, "/desk"),
        keys_of("0123456789abcdef0123456789abcdeF", LOGIN_PURPOSE_COOKIE, "/desk"),
        {.count = 0},
    };
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_int_equal(check_with(out, length, &others[i], hash, NOW), LOGIN_COOKIE_FORGED);
    struct login_keys same = usual_keys();
    assert_int_equal(check_with(out, length, &same, hash, NOW), LOGIN_COOKIE_GOOD);
}

static void test_times(void **state)
{
    char out[LOGIN_COOKIE_MAX];
    size_t length = sign(out, "amy");
    struct login_keys keys = usual_keys();
    static const struct {
        int64_t now;
        enum login_cookie_verdict verdict;
    } rows[] = {
        {NOW - LOGIN_CLOCKS_MS - 1, LOGIN_COOKIE_EARLY},
        {NOW - LOGIN_CLOCKS_MS, LOGIN_COOKIE_GOOD},
        {NOW, LOGIN_COOKIE_GOOD},
        {NOW + HOUR - 1, LOGIN_COOKIE_GOOD},
        {NOW + HOUR, LOGIN_COOKIE_EXPIRED},
        {INT64_MAX / 2, LOGIN_COOKIE_EXPIRED},
        {0, LOGIN_COOKIE_EARLY},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        assert_int_equal(check_with(out, length, &keys, hash, rows[i].now), rows[i].verdict);
}

/* ---- keys ---- */

/* The new key in front, the old one behind it: both kinds of cookies are good. */
static void test_a_secret_is_replaced(void **state)
{
    char out[LOGIN_COOKIE_MAX], text[256];
    size_t length = sign(out, "amy");
    snprintf(text, sizeof(text), "# keys\r\n\nffffffffffffffffffffffffffffffff\r\n%s\n", secret);
    struct login_keys keys = keys_of(text, LOGIN_PURPOSE_COOKIE, "/desk");
    assert_int_equal(keys.count, 2);
    assert_int_equal(check_with(out, length, &keys, hash, NOW), LOGIN_COOKIE_GOOD);
    struct login_cookie cookie = cookie_of("amy");
    length = login_cookie_sign(out, &keys, &cookie, hash);
    assert_int_equal(check_with(out, length, &keys, hash, NOW), LOGIN_COOKIE_GOOD);
    assert_int_equal(check(out, length), LOGIN_COOKIE_FORGED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users_of_every_length),
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_what_is_longer),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_user_and_binding_do_not_flow),
        cmocka_unit_test(test_secret_scope_and_purpose),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_a_secret_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
