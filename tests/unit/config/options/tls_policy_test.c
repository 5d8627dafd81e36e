#include "config/options/tls_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text/text.h"

static bool take(void *owner, const void *value, size_t length)
{
    text_add_format(owner, "%zu:", length);
    text_add(owner, (struct slice){value, length});
    return true;
}

static bool same_policy(const struct config_tls *a, const struct config_tls *b)
{
    struct text x = {0}, y = {0};
    assert_true(tls_policy_walk(a, take, &x));
    assert_true(tls_policy_walk(b, take, &y));
    bool same = slice_equal(text_slice(&x), text_slice(&y));
    text_free(&x);
    text_free(&y);
    return same;
}

static void leaves_out_resumption_options(void **state)
{
    struct config_certificate certificate = {.certificate = "c"};
    struct config_tls a = {.ciphers = "x"};
    struct config_tls b = {.ciphers = "x",
                           .mode = CONFIG_TLS_REQUIRED,
                           .certificates = &certificate,
                           .certificate_count = 1};
    assert_true(same_policy(&a, &b));
}

static void includes_every_other_option(void **state)
{
    const struct config_tls base = {0};
    const struct config_tls changed[] = {
        {.client_verify = CONFIG_VERIFY_REQUIRED},
        {.client_ca = "c"},
        {.ciphers = "c"},
        {.suites = "c"},
        {.min_version = CONFIG_TLS_1_3},
    };
    for (size_t i = 0; i < WSL_COUNT(changed); i++) {
        assert_false(same_policy(&base, &changed[i]));
        assert_true(same_policy(&changed[i], &changed[i]));
    }
    assert_false(same_policy(&changed[2], &changed[3]));
}

static bool refuse(void *owner, const void *value, size_t length)
{
    return false;
}

static void stops_on_request(void **state)
{
    assert_false(tls_policy_walk(&(struct config_tls){0}, refuse, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_out_resumption_options),
        cmocka_unit_test(includes_every_other_option),
        cmocka_unit_test(stops_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
