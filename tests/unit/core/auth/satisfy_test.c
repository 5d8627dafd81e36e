/* The verdicts of several methods come to one. */
#include "core/auth/satisfy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void no_method_lets_everybody_in(void **state)
{
    struct satisfy satisfy;
    (void)state;
    assert_int_equal(satisfy_begin(&satisfy, 0, false), SATISFY_PASSED);
    assert_int_equal(satisfy_begin(&satisfy, 0, true), SATISFY_PASSED);
}

static void all_must_let_in(void **state)
{
    struct satisfy satisfy;
    bool keep;
    (void)state;
    assert_int_equal(satisfy_begin(&satisfy, 3, false), SATISFY_ASK);
    assert_int_equal(satisfy.next, 0);
    assert_int_equal(satisfy_passed(&satisfy), SATISFY_ASK);
    assert_int_equal(satisfy.next, 1);
    assert_int_equal(satisfy_passed(&satisfy), SATISFY_ASK);
    assert_int_equal(satisfy_passed(&satisfy), SATISFY_PASSED);

    for (size_t i = 0; i < 3; i++) { /* the one that fails decides, at any place */
        enum satisfy_step step = satisfy_begin(&satisfy, 3, false);
        for (size_t j = 0; j < i; j++)
            step = satisfy_passed(&satisfy);
        assert_int_equal(step, SATISFY_ASK);
        assert_int_equal(satisfy_failed(&satisfy, SATISFY_NO_HELP, &keep), SATISFY_FAILED);
        assert_true(keep);
    }
}

static void any_lets_in(void **state)
{
    struct satisfy satisfy;
    bool keep;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        enum satisfy_step step = satisfy_begin(&satisfy, 3, true);
        for (size_t j = 0; j < i; j++)
            step = satisfy_failed(&satisfy, SATISFY_CHALLENGE, &keep);
        assert_int_equal(step, SATISFY_ASK);
        assert_int_equal(satisfy.next, i);
        assert_int_equal(satisfy_passed(&satisfy), SATISFY_PASSED);
    }
}

static void the_most_helpful_failure_is_reported(void **state)
{
    static const struct {
        enum satisfy_help help[3];
        size_t kept;
    } rows[] = {
        {{SATISFY_NO_HELP, SATISFY_NO_HELP, SATISFY_NO_HELP}, 0},
        {{SATISFY_NO_HELP, SATISFY_CHALLENGE, SATISFY_ANSWER}, 2},
        {{SATISFY_ANSWER, SATISFY_CHALLENGE, SATISFY_ANSWER}, 0},
        {{SATISFY_CHALLENGE, SATISFY_NO_HELP, SATISFY_CHALLENGE}, 0},
        {{SATISFY_NO_HELP, SATISFY_ANSWER, SATISFY_CHALLENGE}, 1},
    };
    (void)state;
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct satisfy satisfy;
        enum satisfy_step step = satisfy_begin(&satisfy, 3, true);
        size_t kept = 99;
        for (size_t j = 0; j < 3; j++) {
            bool keep;
            assert_int_equal(step, SATISFY_ASK);
            step = satisfy_failed(&satisfy, rows[i].help[j], &keep);
            kept = keep ? j : kept;
        }
        assert_int_equal(step, SATISFY_FAILED);
        assert_int_equal(kept, rows[i].kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_method_lets_everybody_in),
        cmocka_unit_test(all_must_let_in),
        cmocka_unit_test(any_lets_in),
        cmocka_unit_test(the_most_helpful_failure_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
