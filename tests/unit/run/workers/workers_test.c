#include "run/workers/workers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "run/process/system_limits.h"

static void test_by_default_there_is_one_for_each_cpu(void **unused)
{
    struct workers workers;
    assert_true(workers_create(&workers, 0));
    assert_int_equal(workers.count, system_limits_cpus());
    assert_true(workers_free(&workers));
}

static void test_the_next_client_goes_to_the_fewest_connections(void **unused)
{
    struct workers workers;
    uint64_t open;
    assert_true(workers_create(&workers, 3));
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(workers.metrics[i], &workers.list[i].env.metrics);
    assert_ptr_equal(workers_choose(&workers, &open), &workers.list[0]);
    assert_int_equal(open, 0);

    metrics_add(&workers.list[0].env.metrics.open, 5);
    metrics_add(&workers.list[1].env.metrics.open, 2);
    workers.list[2].clients_given = 4;
    assert_ptr_equal(workers_choose(&workers, &open), &workers.list[1]);
    assert_int_equal(open, 11);

    metrics_add(&workers.list[1].env.metrics.open, 2);
    assert_ptr_equal(workers_choose(&workers, &open), &workers.list[1]); /* the first of two */
    assert_int_equal(open, 13);
    assert_true(workers_free(&workers));
}

static void test_the_last_worker_that_is_empty(void **unused)
{
    struct workers workers;
    assert_true(workers_create(&workers, 3));
    assert_false(workers_note_empty(&workers));
    assert_false(workers_note_empty(&workers));
    assert_true(workers_note_empty(&workers));
    assert_false(workers_note_cleared(&workers));
    assert_false(workers_note_cleared(&workers));
    assert_true(workers_note_cleared(&workers));
    assert_true(workers_free(&workers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_default_there_is_one_for_each_cpu),
        cmocka_unit_test(test_the_next_client_goes_to_the_fewest_connections),
        cmocka_unit_test(test_the_last_worker_that_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
