/* Which rows a list keeps, in which order, and what it sums. */
#include "serve/status/session_list.h"

#include "lib/failing_alloc.h"
#include "lib/status_lab.h"

static struct session_list list_of(const char *text)
{
    struct status_query query;
    struct session_list list;
    assert_null(status_query_parse(slice_of(text), &query));
    assert_true(session_list_init(&list, &query));
    for (size_t i = 0; i < session_count; i++)
        session_list_add(&list, sessions[i], uv_now(&loop));
    session_list_sort(&list);
    return list;
}

static void test_limit(void **unused)
{
    for (unsigned i = 0; i < 100; i++)
        add(0, i * 37 % 100);
    struct session_list list = list_of("sort=up&limit=5");
    assert_true(list.count == 5 && list.sums.matched == 100 && !list.failed);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(list.rows[i]->bytes_up, 99 - i);
    session_list_free(&list);
    assert_true(list.count == 0 && !list.rows);
}

static void test_sums(void **unused)
{
    for (unsigned i = 0; i < 4; i++) {
        struct session *session = add(0, 0);
        session->rates.up_per_second = 10;
        session->rates.down_per_second = 100;
        session->bridge.up.stalled_at = i < 1;
        session->bridge.down.stalled_at = i < 3;
    }
    add(0, 0)->state = LIFE_HEAD;
    struct session_list list = list_of("filter=desk&limit=1");
    assert_true(list.sums.sessions == 4 && list.sums.matched == 2 && list.count == 1);
    assert_true(list.sums.rate_up == 40 && list.sums.rate_down == 400);
    assert_true(list.sums.stalled_up == 1 && list.sums.stalled_down == 3);
    session_list_free(&list);
}

static void test_without_memory(void **unused)
{
    struct status_query query = {.limit = 10};
    struct session_list list;
    failing_alloc_arm(1);
    assert_false(session_list_init(&list, &query));
    assert_true(failing_alloc_disarm());
    assert_true(session_list_init(&list, &query));
    struct session *session = add(0, 0);
    failing_alloc_arm(1);
    session_list_add(&list, session, uv_now(&loop));
    assert_true(failing_alloc_disarm());
    assert_true(list.failed && list.count == 0 && list.sums.matched == 1);
    session_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sums, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
