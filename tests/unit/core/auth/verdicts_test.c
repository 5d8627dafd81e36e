#include "core/auth/verdicts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static struct recent_digest digest_of(const struct verdicts *verdicts, const char *user,
                                      const char *password)
{
    struct recent_digest digest;
    assert_true(verdicts_digest(verdicts, slice_of(user), slice_of(password), &digest));
    return digest;
}

static void test_keeps_verdicts_for_a_while(void **state)
{
    struct verdicts *verdicts = verdicts_create();
    assert_non_null(verdicts);
    struct recent_digest right = digest_of(verdicts, "ann", "sesame"),
                         wrong = digest_of(verdicts, "ann", "other");
    assert_int_equal(verdicts_find(verdicts, &right, 1000), VERDICT_UNKNOWN);
    verdicts_keep(verdicts, &right, true, 1000);
    verdicts_keep(verdicts, &wrong, false, 1000);
    assert_int_equal(verdicts_find(verdicts, &right, 60999), VERDICT_RIGHT);
    assert_int_equal(verdicts_find(verdicts, &wrong, 60999), VERDICT_WRONG);
    assert_int_equal(verdicts_find(verdicts, &right, 61000), VERDICT_UNKNOWN);
    assert_int_equal(verdicts_find(verdicts, &wrong, 61000), VERDICT_UNKNOWN);
    verdicts_keep(verdicts, &right, true, 61000);
    verdicts_clear(verdicts);
    assert_int_equal(verdicts_find(verdicts, &right, 61000), VERDICT_UNKNOWN);
    verdicts_destroy(verdicts);
}

static void test_digests(void **state)
{
    struct verdicts *verdicts = verdicts_create(), *other = verdicts_create();
    assert_true(verdicts && other);
    static const char *const pairs[][2] = {
        {"ann", "sesame"}, {"annsesame", ""}, {"", "annsesame"}, {"ann:", "sesame"}, {"", ""},
    };
    for (size_t i = 0; i < WSL_COUNT(pairs); i++)
        for (size_t k = 0; k < WSL_COUNT(pairs); k++) {
            struct recent_digest a = digest_of(verdicts, pairs[i][0], pairs[i][1]),
                                 b = digest_of(verdicts, pairs[k][0], pairs[k][1]),
                                 c = digest_of(other, pairs[k][0], pairs[k][1]);
            assert_int_equal(memcmp(&a, &b, sizeof(a)) == 0, i == k);
            assert_int_not_equal(memcmp(&a, &c, sizeof(a)), 0); /* another key */
        }
    verdicts_destroy(verdicts);
    verdicts_destroy(other);
}

/* Guesses do not push out what is right. */
static void test_is_not_flooded_by_guesses(void **state)
{
    struct verdicts *verdicts = verdicts_create();
    assert_non_null(verdicts);
    struct recent_digest right = digest_of(verdicts, "ann", "sesame");
    verdicts_keep(verdicts, &right, true, 0);
    for (unsigned i = 0; i < 20000; i++) {
        char guess[16];
        snprintf(guess, sizeof(guess), "%u", i);
        struct recent_digest wrong = digest_of(verdicts, "ann", guess);
        verdicts_keep(verdicts, &wrong, false, 1);
        assert_int_equal(verdicts_find(verdicts, &wrong, 1), VERDICT_WRONG);
    }
    assert_int_equal(verdicts_find(verdicts, &right, 1), VERDICT_RIGHT);
    verdicts_destroy(verdicts);
}

static void test_without_memory(void **state)
{
    for (unsigned nth = 1; nth <= 5; nth++) {
        failing_alloc_arm(nth);
        assert_null(verdicts_create());
        failing_alloc_disarm();
    }
    struct verdicts *verdicts = verdicts_create();
    struct recent_digest digest;
    assert_non_null(verdicts);
    failing_alloc_arm(1);
    assert_false(verdicts_digest(verdicts, SLICE("ann"), SLICE("sesame"), &digest));
    failing_alloc_disarm();
    verdicts_destroy(verdicts);
    verdicts_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_verdicts_for_a_while),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_is_not_flooded_by_guesses),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
