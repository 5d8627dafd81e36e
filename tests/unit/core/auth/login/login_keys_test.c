#include "core/auth/login/login_keys.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "lib/failing_alloc.h"

static void test_secret_files(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"0123456789abcdef0123456789abcdef", NULL},
        {"\n0123456789abcdef0123456789abcdef\n\n", NULL},
        {"", "no key"},
        {"# only\n", "no key"},
        {"0123456789abcdef0123456789abcde", "shorter"},
        {"0123456789abcdef 0123456789abcdef", "no key:"},
        {"0123456789abcdef\xff"
         "0123456789abcdef",
         "no key:"},
        {"0123456789abcdef0123456789abcdef\nshort", "shorter"},
    };
    struct login_keys keys;
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        const char *fault = login_keys_read(&keys, slice_of(rows[i].text));
        assert_int_equal(fault == NULL, rows[i].fault == NULL);
        if (fault && !strstr(fault, rows[i].fault))
            assert_string_equal(fault, rows[i].fault);
        assert_int_equal(keys.count, fault ? 0 : 1);
    }
    char many[(LOGIN_KEYS_MAX + 1) * 33 + 1] = "";
    for (size_t i = 0; i < LOGIN_KEYS_MAX + 1; i++) {
        snprintf(many + 33 * i, 34, "%032zu\n", i);
        bool good = login_keys_read(&keys, slice_of(many)) == NULL;
        assert_int_equal(good, i < LOGIN_KEYS_MAX);
    }
}

static void test_random_keys(void **state)
{
    struct login_keys one, other;
    assert_true(login_keys_random(&one) && login_keys_random(&other));
    assert_int_equal(one.count, 1);
    assert_memory_not_equal(one.bytes[0], other.bytes[0], LOGIN_KEYS_BYTES);
    assert_memory_not_equal(one.bytes[0], one.bytes[0] + LOGIN_KEYS_BYTES / 2,
                            LOGIN_KEYS_BYTES / 2);
    login_keys_wipe(&one);
    assert_int_equal(one.count, 0);
}

/* Comes first. OpenSSL takes functions for memory only until it has allocated some. */
static void test_random_keys_without_tables_of_algorithms(void **state)
{
    struct login_keys keys;
    assert_true(login_keys_random(&keys));
    assert_int_equal(CRYPTO_set_mem_functions(NULL, NULL, NULL), 1);
}

static void test_derived_keys(void **state)
{
    static const char *const scopes[] = {"", "/", "/desk", "/des", "c"};
    struct login_keys secret, keys[2 * WSL_COUNT(scopes)];
    static const char text[] = "0123456789abcdef0123456789abcdef\n0123456789abcdef0123456789abcdee";
    assert_null(login_keys_read(&secret, slice_of(text)));
    for (size_t i = 0; i < WSL_COUNT(keys); i++) {
        enum login_purpose purpose = i % 2 ? LOGIN_PURPOSE_PAGE : LOGIN_PURPOSE_COOKIE;
        assert_true(login_keys_derive(&keys[i], &secret, purpose, slice_of(scopes[i / 2])));
        assert_int_equal(keys[i].count, 2);
        assert_memory_not_equal(keys[i].bytes[0], keys[i].bytes[1], LOGIN_KEYS_BYTES);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i].bytes[0], keys[j].bytes[0], LOGIN_KEYS_BYTES);
    }
    failing_alloc_arm(1);
    assert_false(login_keys_derive(&keys[0], &secret, LOGIN_PURPOSE_PAGE, SLICE("/")));
    assert_true(failing_alloc_disarm());
}

/* As computed with Python's hmac. */
static void test_hmac(void **state)
{
    static const unsigned char wanted[] = {0xc3, 0xf2, 0x64, 0x9c, 0x34, 0xea, 0x24, 0xe4,
                                           0xd6, 0x2a, 0x2c, 0x7e, 0x86, 0x8b, 0xbe, 0xa0,
                                           0x23, 0x3c, 0x9d, 0x4c, 0x2c, 0xc3, 0x00, 0x79,
                                           0x4d, 0xb7, 0x6a, 0xa1, 0x8d, 0x68, 0x22, 0xd8};
    struct login_keys keys = {.count = 1};
    unsigned char out[LOGIN_KEYS_BYTES];
    char buffer[28];
    struct writer w = writer_to(buffer, sizeof(buffer));
    memset(keys.bytes[0], 0x0b, LOGIN_KEYS_BYTES);
    writer_add_slice(&w, SLICE("what do ya want for nothing?"));
    assert_true(login_keys_hmac(out, &keys, 0, &w));
    assert_memory_equal(out, wanted, sizeof(wanted));
    writer_add_slice(&w, SLICE("!"));
    assert_false(login_keys_hmac(out, &keys, 0, &w));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_keys_without_tables_of_algorithms),
        cmocka_unit_test(test_secret_files),
        cmocka_unit_test(test_random_keys),
        cmocka_unit_test(test_derived_keys),
        cmocka_unit_test(test_hmac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
