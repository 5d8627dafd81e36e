/* The shares of the thread pool: their sum, and the order in which work begins. */
#include "core/resources/work_share.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MANY 200

static struct work_share share;

static int set_up(void **unused)
{
    work_share_init(&share);
    return 0;
}

/* Any amount of work of every kind, by any number of clients: threads are left. */
static void test_no_kind_takes_the_last_thread(void **unused)
{
    static struct work_waiter tickets[WORK_KINDS][MANY];
    unsigned running = 0, names = 0;
    for (unsigned kind = 0; kind < WORK_KINDS; kind++)
        for (unsigned i = 0; i < MANY; i++)
            if (work_share_request(&share, &tickets[kind][i], (enum work_kind)kind, i)) {
                running++;
                names += kind == WORK_names || kind == WORK_requested_names;
            }
    assert_true(running < WORK_THREADS);
    assert_true(names <= WORK_THREADS / 2);
    for (unsigned kind = 0; kind < WORK_KINDS; kind++)
        assert_true(work_share_at_once((enum work_kind)kind) > 0);
}

/* Much work of one kind does not delay the others. */
static void test_kinds_do_not_wait_for_each_other(void **unused)
{
    static struct work_waiter crowd[MANY];
    for (unsigned busy = 0; busy < WORK_KINDS; busy++) {
        work_share_init(&share);
        for (unsigned i = 0; i < MANY; i++)
            (void)!work_share_request(&share, &crowd[i], (enum work_kind)busy, i);
        for (unsigned kind = 0; kind < WORK_KINDS; kind++) {
            struct work_waiter one;
            assert_int_equal(work_share_request(&share, &one, (enum work_kind)kind, 0),
                             kind != busy);
            work_share_cancel(&one);
        }
    }
}

/* A client that asks for much waits behind one that asks for little. */
static void test_clients_take_turns(void **unused)
{
    struct work_waiter greedy[20], modest;
    unsigned begun = 0;
    for (unsigned i = 0; i < WSL_COUNT(greedy); i++)
        begun += work_share_request(&share, &greedy[i], WORK_files, 1);
    assert_int_equal(begun, work_share_at_once(WORK_files));
    assert_false(work_share_request(&share, &modest, WORK_files, 2));
    struct work_waiter *first = work_share_finish(&share, &greedy[0]);
    struct work_waiter *second = work_share_finish(&share, &greedy[1]);
    assert_true(first == &modest || second == &modest);
}

static void test_a_client_has_a_part_of_the_share(void **unused)
{
    struct work_waiter greedy[4], modest;
    assert_true(work_share_request(&share, &greedy[0], WORK_requested_names, 1));
    assert_true(work_share_request(&share, &greedy[1], WORK_requested_names, 1));
    assert_false(work_share_request(&share, &greedy[2], WORK_requested_names, 1));
    assert_false(work_share_request(&share, &greedy[3], WORK_requested_names, 1));
    assert_true(work_share_request(&share, &modest, WORK_requested_names, 2));
    assert_null(work_share_finish(&share, &modest));
    work_share_cancel(&greedy[2]);
    assert_ptr_equal(work_share_finish(&share, &greedy[0]), &greedy[3]);
    assert_null(work_share_finish(&share, &greedy[1]));
    assert_null(work_share_finish(&share, &greedy[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_no_kind_takes_the_last_thread, set_up),
        cmocka_unit_test_setup(test_kinds_do_not_wait_for_each_other, set_up),
        cmocka_unit_test_setup(test_clients_take_turns, set_up),
        cmocka_unit_test_setup(test_a_client_has_a_part_of_the_share, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
