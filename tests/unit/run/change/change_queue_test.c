#include "run/change/change_queue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_an_idle_queue_has_nothing_to_begin(void **unused)
{
    struct change_queue queue = {0};
    assert_true(change_queue_is_idle(&queue));
    assert_int_equal(change_queue_next(&queue), CHANGE_NONE);
}

/* Every change that is current holds up every change that is requested meanwhile. */
static void test_one_change_at_a_time(void **unused)
{
    for (enum change first = CHANGE_NONE + 1; first < CHANGES; first++)
        for (enum change second = CHANGE_NONE + 1; second < CHANGES; second++) {
            struct change_queue queue = {0};
            bool repeats = first != CHANGE_UPGRADE || second != CHANGE_UPGRADE;
            change_queue_request(&queue, first);
            assert_false(change_queue_is_idle(&queue));
            assert_int_equal(change_queue_next(&queue), first);
            assert_false(change_queue_is_idle(&queue));
            change_queue_request(&queue, second);
            assert_int_equal(change_queue_next(&queue), CHANGE_NONE);
            (void)change_queue_finish(&queue, false);
            assert_int_equal(change_queue_next(&queue), repeats ? second : CHANGE_NONE);
        }
}

static void test_repeated_requests_are_one(void **unused)
{
    struct change_queue queue = {0};
    for (int i = 0; i < 3; i++)
        change_queue_request(&queue, CHANGE_CONFIG);
    assert_int_equal(change_queue_next(&queue), CHANGE_CONFIG);
    (void)change_queue_finish(&queue, true);
    assert_true(change_queue_is_idle(&queue));
    assert_int_equal(change_queue_next(&queue), CHANGE_NONE);
}

static void test_a_reload_comes_before_an_upgrade(void **unused)
{
    struct change_queue queue = {0};
    change_queue_request(&queue, CHANGE_UPGRADE);
    change_queue_request(&queue, CHANGE_CONFIG);
    assert_int_equal(change_queue_next(&queue), CHANGE_CONFIG);
    change_queue_give_up(&queue);
    assert_int_equal(change_queue_next(&queue), CHANGE_UPGRADE);
}

static bool finish(struct change_queue *queue, enum change change, bool succeeded)
{
    change_queue_request(queue, change);
    assert_int_equal(change_queue_next(queue), change);
    return change_queue_finish(queue, succeeded);
}

/* Certificates are noted as a reload, unless they would hide that the file was refused. */
static void test_which_results_are_noted(void **unused)
{
    struct change_queue queue = {0};
    assert_true(finish(&queue, CHANGE_CERTIFICATES, true));
    assert_true(finish(&queue, CHANGE_CERTIFICATES, false));
    assert_true(finish(&queue, CHANGE_CONFIG, false));
    assert_false(finish(&queue, CHANGE_CERTIFICATES, true));
    assert_true(finish(&queue, CHANGE_CERTIFICATES, false));
    assert_false(finish(&queue, CHANGE_UPGRADE, false));
    assert_false(finish(&queue, CHANGE_CERTIFICATES, true));
    assert_true(finish(&queue, CHANGE_CONFIG, true));
    assert_true(finish(&queue, CHANGE_CERTIFICATES, true));
}

static void test_a_change_that_is_given_up_leaves_the_result_alone(void **unused)
{
    struct change_queue queue = {0};
    assert_true(finish(&queue, CHANGE_CONFIG, false));
    change_queue_request(&queue, CHANGE_CONFIG);
    assert_int_equal(change_queue_next(&queue), CHANGE_CONFIG);
    change_queue_give_up(&queue);
    assert_true(change_queue_is_idle(&queue));
    assert_true(queue.config_refused);
}

static void test_a_request_waits_behind_an_upgrade(void **unused)
{
    struct change_queue queue = {0};
    change_queue_request(&queue, CHANGE_UPGRADE);
    assert_int_equal(change_queue_next(&queue), CHANGE_UPGRADE);
    assert_false(change_queue_has(&queue, CHANGE_CONFIG));
    change_queue_request(&queue, CHANGE_CONFIG);
    assert_false(change_queue_finish(&queue, true));
    assert_true(change_queue_has(&queue, CHANGE_CONFIG));
    assert_false(change_queue_has(&queue, CHANGE_CERTIFICATES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_idle_queue_has_nothing_to_begin),
        cmocka_unit_test(test_one_change_at_a_time),
        cmocka_unit_test(test_repeated_requests_are_one),
        cmocka_unit_test(test_a_reload_comes_before_an_upgrade),
        cmocka_unit_test(test_which_results_are_noted),
        cmocka_unit_test(test_a_change_that_is_given_up_leaves_the_result_alone),
        cmocka_unit_test(test_a_request_waits_behind_an_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
