/* The resolver of one loop: shared look-ups, answers that are kept, cancelled queries. */
#include "net/connect/resolve.h"

#include "lib/failing_alloc.h"

#include "lib/resolver_lab.h"

static void test_a_crowd_costs_one_look_up(void **unused)
{
    struct caller crowd[100] = {0};
    for (size_t i = 0; i < WSL_COUNT(crowd); i++)
        assert_false(resolve(&crowd[i], "desk"));
    release_lookups(1);
    run();
    for (size_t i = 0; i < WSL_COUNT(crowd); i++) {
        assert_int_equal(crowd[i].calls, 1);
        assert_int_equal(last_number(&crowd[i]), 1);
    }
    struct caller late = {0};
    assert_true(resolve(&late, "desk"));
    assert_int_equal(atomic_load(&lookups), 1);
}

static void test_a_change_is_seen(void **unused)
{
    struct caller before = {0}, after = {0};
    assert_false(resolve(&before, "desk"));
    release_lookups(2);
    run();
    atomic_store(&address, 2);
    assert_true(resolve(&after, "desk"));
    assert_int_equal(last_number(&after), 1);
    let_time_pass(RESOLVE_FRESH_MS + 5);
    assert_false(resolve(&after, "desk"));
    run();
    assert_int_equal(last_number(&after), 2);
}

static void test_a_failure_is_not_kept(void **unused)
{
    struct caller one = {0}, two = {0}, three = {0};
    atomic_store(&failing, true);
    assert_false(resolve(&one, "desk"));
    assert_false(resolve(&two, "desk"));
    release_lookups(3);
    run();
    assert_int_equal(one.answer.reason, REASON_target_unresolved);
    assert_int_equal(two.answer.count, 0);
    assert_true(strlen(two.answer.failure) > 0);
    atomic_store(&failing, false);
    atomic_store(&empty, true);
    assert_false(resolve(&two, "desk"));
    run();
    assert_int_equal(two.answer.reason, REASON_target_unresolved);
    assert_string_equal(two.answer.failure, "no usable address");
    atomic_store(&empty, false);
    assert_false(resolve(&three, "desk"));
    run();
    assert_int_equal(last_number(&three), 1);
    assert_int_equal(atomic_load(&lookups), 3);
}

/* libuv refuses an invalid name before any look-up. */
static void test_a_name_that_is_none(void **unused)
{
    char name[400];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct caller caller = {0};
    assert_true(resolve(&caller, name));
    assert_int_equal(caller.answer.reason, REASON_target_unresolved);
    assert_int_equal(caller.answer.count, 0);
}

static void test_families_alternate_up_to_a_bound(void **unused)
{
    struct caller caller = {0};
    assert_false(resolve(&caller, "many"));
    release_lookups(1);
    run();
    assert_int_equal(caller.answer.count, LOOKUP_ADDRESSES);
    for (size_t i = 1; i < 12; i++)
        assert_int_not_equal(caller.answer.addresses[i].any.sa_family,
                             caller.answer.addresses[i - 1].any.sa_family);
}

static void test_a_failed_address_goes_last(void **unused)
{
    struct caller caller = {0}, again = {0};
    assert_false(resolve(&caller, "many"));
    release_lookups(1);
    run();
    resolve_demote(resolver, "many", &caller.answer.addresses[0]);
    resolve_demote(resolver, "other", &caller.answer.addresses[1]);
    assert_true(resolve(&again, "many"));
    assert_true(addr_same_host(&again.answer.addresses[0], &caller.answer.addresses[1]));
    assert_true(
        addr_same_host(&again.answer.addresses[LOOKUP_ADDRESSES - 1], &caller.answer.addresses[0]));
}

static void test_cancelled_queries(void **unused)
{
    struct caller first = {0}, second = {0}, third = {0};
    assert_false(resolve(&first, "desk"));
    assert_false(resolve(&second, "desk"));
    cancel(&first);
    resolve_cancel(&first.query);
    release_lookups(2);
    run();
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.calls, 1);

    /* The last query is cancelled, perhaps with the look-up: a later one still gets an answer. */
    let_time_pass(RESOLVE_FRESH_MS + 5);
    assert_false(resolve(&third, "desk"));
    cancel(&third);
    assert_false(resolve(&first, "desk"));
    release_lookups(2);
    run();
    assert_int_equal(third.calls, 0);
    assert_int_equal(first.calls, 1);
}

/* More look-ups than their share: those that wait are cancelled. */
static void test_cancelled_before_they_began(void **unused)
{
    struct caller callers[40] = {0}, again = {0};
    char name[8];
    for (size_t i = 0; i < WSL_COUNT(callers); i++) {
        snprintf(name, sizeof(name), "n%zu", i);
        assert_false(resolve(&callers[i], name));
    }
    for (size_t i = 0; i < WSL_COUNT(callers); i++)
        cancel(&callers[i]);
    assert_false(resolve(&again, name));
    release_lookups(WSL_COUNT(callers) + 1);
    run();
    assert_int_equal(again.calls, 1);
    assert_int_equal(atomic_load(&lookups), work_share_at_once(WORK_names) + 1);
}

static void test_callbacks_that_cancel_and_ask(void **unused)
{
    struct caller first = {0}, second = {0}, third = {.then_resolves = "desk"},
                  fourth = {.then_resolves = "lab"};
    first.then_cancels = &second;
    assert_false(resolve(&first, "desk"));
    assert_false(resolve(&second, "desk"));
    assert_false(resolve(&third, "desk"));
    assert_false(resolve(&fourth, "desk"));
    release_lookups(2);
    run();
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 0);
    assert_int_equal(third.calls, 2);
    assert_int_equal(fourth.calls, 2);
    assert_int_equal(atomic_load(&lookups), 2);
}

static void test_only_so_many_are_kept(void **unused)
{
    char name[8];
    for (size_t i = 0; i <= RESOLVE_KEPT; i++) {
        struct caller caller = {0};
        snprintf(name, sizeof(name), "n%zu", i);
        assert_false(resolve(&caller, name));
        release_lookups(1);
        run();
        assert_int_equal(caller.calls, 1);
    }
    struct caller oldest = {0}, second = {0};
    assert_true(resolve(&second, "n1"));
    assert_false(resolve(&oldest, "n0"));
    release_lookups(1);
    run();
}

/* A process that ends does not wait; the look-ups free themselves when they complete. */
static void test_closed_with_look_ups_under_way(void **unused)
{
    struct caller callers[10] = {0};
    char name[8];
    for (size_t i = 0; i < WSL_COUNT(callers); i++) {
        snprintf(name, sizeof(name), "n%zu", i);
        assert_false(resolve(&callers[i], name));
        cancel(&callers[i]);
    }
    resolve_close(resolver);
    resolver = NULL;
    release_lookups(WSL_COUNT(callers));
    run();
}

static void test_out_of_memory(void **unused)
{
    struct caller caller = {0};
    failing_alloc_arm(1);
    assert_null(resolve_create(&lab.lane, lab.lookups));
    failing_alloc_arm(1);
    assert_true(resolve(&caller, "desk"));
    assert_true(failing_alloc_disarm());
    assert_int_equal(caller.answer.reason, REASON_out_of_memory);
    assert_int_equal(caller.answer.count, 0);
    assert_false(resolve(&caller, "desk"));
    release_lookups(1);
    run();
    assert_int_equal(last_number(&caller), 1);
}

int main(void)
{
    resolver_lab_threads();
    const struct CMUnitTest tests[] = {
        TEST(test_a_crowd_costs_one_look_up),
        TEST(test_a_change_is_seen),
        TEST(test_a_failure_is_not_kept),
        TEST(test_a_name_that_is_none),
        TEST(test_families_alternate_up_to_a_bound),
        TEST(test_a_failed_address_goes_last),
        TEST(test_cancelled_queries),
        TEST(test_cancelled_before_they_began),
        TEST(test_callbacks_that_cancel_and_ask),
        TEST(test_only_so_many_are_kept),
        TEST(test_closed_with_look_ups_under_way),
        TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
