/* Error lines of TLS: place, truncation, OpenSSL's or the system's words. */
#include "net/tls/context/tls_error.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_the_place_comes_first(void **unused)
{
    char text[64];
    const struct config_place place = {.file = "site.yml", .line = 7, .column = 3}, none = {0};
    assert_false(tls_error_set(&(struct tls_error){&place, text, sizeof(text)}, "no %s", "key"));
    assert_string_equal(text, "site.yml:7:3: no key");
    assert_false(tls_error_set(&(struct tls_error){&none, text, sizeof(text)}, "no %s", "key"));
    assert_string_equal(text, "no key");
    assert_false(tls_error_set(&(struct tls_error){NULL, text, sizeof(text)}, "no %s", "key"));
    assert_string_equal(text, "no key");
}

static void test_a_line_is_cut(void **unused)
{
    char text[12];
    const struct config_place place = {.file = "site.yml", .line = 7, .column = 3};
    assert_false(tls_error_set(&(struct tls_error){NULL, text, sizeof(text)}, "0123456789abcdef"));
    assert_string_equal(text, "0123456789a");
    assert_false(tls_error_set(&(struct tls_error){&place, text, sizeof(text)}, "no key"));
    assert_string_equal(text, "site.yml:7:");
}

static void test_the_cause_is_the_first_entry(void **unused)
{
    assert_int_equal(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL), 1);
    ERR_clear_error();
    assert_string_equal(tls_error_openssl(), "unknown error");
    ERR_raise(ERR_LIB_SSL, SSL_R_EE_KEY_TOO_SMALL);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_DATA);
    assert_string_equal(tls_error_openssl(), "ee key too small");
    ERR_clear_error();
    ERR_raise(ERR_LIB_SYS, ENOENT);
    assert_non_null(strstr(tls_error_openssl(), "o such file"));
    ERR_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_place_comes_first),
        cmocka_unit_test(test_a_line_is_cut),
        cmocka_unit_test(test_the_cause_is_the_first_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
