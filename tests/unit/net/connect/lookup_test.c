/*
 * The look-ups of the process: one for a name however many loops ask, within the shares of the
 * pool, and no more for a name that hangs.
 */
#include "net/connect/lookup.h"

#include "core/resources/name_hangs.h"
#include "lib/failing_alloc.h"

#include "lib/resolver_lab.h"

static void fail_dead(unsigned count)
{
    while (count-- > 0)
        uv_sem_post(&hang_ends);
}

/* Names of requests leave the rest of the pool to others, for any number of clients. */
static void test_requested_names_have_their_share(void **unused)
{
    struct caller callers[40] = {0}, other = {0}, desk = {0}, promoted = {0};
    unsigned share = work_share_at_once(WORK_requested_names);
    char name[8];
    for (unsigned i = 0; i < WSL_COUNT(callers); i++) {
        snprintf(name, sizeof(name), "dead%u", i);
        assert_false(request(&callers[i], name, i));
    }
    until_hang(share);
    assert_false(request(&other, "desk", 99));
    assert_false(resolve(&desk, "lab"));
    release_lookups(1);
    while (desk.calls == 0)
        turn();
    assert_int_equal(other.calls, 0);
    /* A configured name does not wait behind a request for the same name. */
    assert_false(resolve(&promoted, "desk"));
    release_lookups(1);
    while (promoted.calls == 0 || other.calls == 0)
        turn();
    assert_int_equal(atomic_load(&hanging), share);
    for (unsigned i = 0; i < WSL_COUNT(callers); i++)
        cancel(&callers[i]);
    fail_dead(share);
    run();
    /* Look-ups without questions did not start. */
    assert_int_equal(atomic_load(&lookups), share + 2);
}

/* One client's names leave half of that share to the others. */
static void test_a_client_has_a_part_of_the_share(void **unused)
{
    struct caller callers[10] = {0}, other = {0};
    char name[8];
    for (unsigned i = 0; i < WSL_COUNT(callers); i++) {
        snprintf(name, sizeof(name), "dead%u", i);
        assert_false(request(&callers[i], name, 7));
    }
    until_hang(2);
    assert_false(request(&other, "desk", 8));
    release_lookups(1);
    while (other.calls == 0)
        turn();
    assert_int_equal(atomic_load(&hanging), 2);
    for (unsigned i = 0; i < WSL_COUNT(callers); i++)
        cancel(&callers[i]);
    fail_dead(2);
    run();
}

/* One look-up for all queries of all loops for the name. */
static void test_a_name_takes_one_thread(void **unused)
{
    struct resolver *second = resolve_create(&lab.lane, lab.lookups), *first = resolver;
    struct caller callers[8] = {0}, late[2] = {0};
    for (unsigned i = 0; i < WSL_COUNT(callers); i++) {
        resolver = i % 2 == 0 ? first : second;
        assert_false(resolve(&callers[i], "desk"));
    }
    release_lookups(1);
    run();
    for (unsigned i = 0; i < WSL_COUNT(callers); i++)
        assert_int_equal(last_number(&callers[i]), 1);
    for (unsigned i = 0; i < WSL_COUNT(late); i++) {
        resolver = i % 2 == 0 ? first : second;
        assert_true(resolve(&late[i], "desk"));
    }
    assert_int_equal(atomic_load(&lookups), 1);
    resolver = first;
    resolve_close(second);
}

static void assert_hangs(struct caller *caller)
{
    assert_int_equal(caller->answer.reason, REASON_target_timeout);
    assert_int_equal(caller->answer.count, 0);
    assert_non_null(strstr(caller->answer.failure, "does not answer"));
}

/* While it hangs, and for a while after it has failed, queries fail at once. */
static void test_a_name_that_hangs_is_remembered(void **unused)
{
    struct caller first = {0}, second = {0}, third = {0}, fourth = {0}, fifth = {0}, other = {0};
    assert_false(request(&first, "dead", 1));
    until_hang(1);
    clock_ms += NAME_HANGS_AFTER_MS - 1;
    assert_false(resolve(&second, "dead"));
    clock_ms++;
    assert_true(resolve(&third, "dead"));
    assert_hangs(&third);
    cancel(&first);
    cancel(&second);
    assert_true(request(&fourth, "dead", 2));
    fail_dead(1);
    run();
    assert_true(resolve(&fourth, "dead"));
    assert_hangs(&fourth);
    assert_int_equal(atomic_load(&lookups), 1);
    assert_false(resolve(&other, "desk"));
    release_lookups(1);
    run();
    clock_ms += NAME_HANGS_KEPT_MS;
    assert_false(resolve(&fifth, "dead"));
    fail_dead(1);
    run();
    assert_int_equal(fifth.answer.reason, REASON_target_unresolved);
    assert_int_equal(atomic_load(&lookups), 3);
    /* This time it failed at once. */
    assert_false(resolve(&fifth, "dead"));
    fail_dead(1);
    run();
}

static void answer_cb(struct lookup_question *question)
{
    fail_msg("a question that was answered at once, or has left, is called back");
}

static void test_a_question_that_leaves(void **unused)
{
    struct lookup_question question = {.callback = answer_cb};
    assert_false(lookup_start(lab.lookups, &lab.lane, &question, "desk", &configured));
    lookup_cancel(lab.lookups, &question);
    release_lookups(1); /* it runs, and cannot be cancelled */
    run();
    assert_int_equal(atomic_load(&lookups), 1);
    assert_null(question.lookup);
}

/* libuv refuses a name beyond what IDNA allows, and the question is answered at once. */
static void test_a_name_that_cannot_be_asked(void **unused)
{
    struct lookup_question question = {.callback = answer_cb};
    char name[400] = {0};
    memset(name, 'x', sizeof(name) - 1);
    assert_true(lookup_start(lab.lookups, &lab.lane, &question, name, &configured));
    assert_int_equal(question.answer.reason, REASON_target_unresolved);
    assert_int_equal(question.answer.count, 0);
    assert_int_equal(atomic_load(&lookups), 0);
}

static void test_without_memory(void **unused)
{
    struct lookup_question question = {.callback = answer_cb};
    failing_alloc_arm(1);
    assert_null(lookup_table_create());
    failing_alloc_arm(1);
    assert_true(lookup_start(lab.lookups, &lab.lane, &question, "desk", &configured));
    assert_true(failing_alloc_disarm());
    assert_int_equal(question.answer.reason, REASON_out_of_memory);
}

static size_t count_family(const struct lookup_result *answer, sa_family_t family)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->count; i++)
        count += answer->addresses[i].any.sa_family == family;
    return count;
}

/* A name with more addresses than are kept can be reached with either family. */
static void test_room_for_both_families(void **unused)
{
    struct caller many = {0}, six = {0};
    assert_false(resolve(&many, "many"));
    assert_false(resolve(&six, "six"));
    release_lookups(2);
    run();
    assert_int_equal(count_family(&many.answer, AF_INET6), LOOKUP_ADDRESSES / 2);
    assert_int_equal(count_family(&many.answer, AF_INET), LOOKUP_ADDRESSES / 2);
    assert_int_equal(count_family(&six.answer, AF_INET6), LOOKUP_ADDRESSES - 3);
    assert_int_equal(count_family(&six.answer, AF_INET), 3);
    /* The first ones of each, in the resolver's order. */
    assert_int_equal(six.answer.addresses[0].v6.sin6_addr.s6_addr[15], 1);
    assert_int_equal(six.answer.addresses[1].v4.sin_addr.s_addr, htonl(0xc0000200 + 18));
    assert_int_equal(six.answer.addresses[LOOKUP_ADDRESSES - 1].v6.sin6_addr.s6_addr[15],
                     LOOKUP_ADDRESSES - 3);
}

/* Two tables are seeded apart: nobody can choose names that share a bucket. */
static void test_each_table_has_a_seed(void **unused)
{
    struct lookup_table *other = lookup_table_create();
    assert_non_null(other);
    assert_memory_not_equal(lookup_table_seed(lab.lookups), lookup_table_seed(other),
                            sizeof(struct siphash_seed));
    lookup_table_free(other);
    lookup_table_free(NULL);
}

int main(void)
{
    resolver_lab_threads();
    const struct CMUnitTest tests[] = {
        TEST(test_requested_names_have_their_share),
        TEST(test_a_client_has_a_part_of_the_share),
        TEST(test_a_name_takes_one_thread),
        TEST(test_a_name_that_hangs_is_remembered),
        TEST(test_a_question_that_leaves),
        TEST(test_a_name_that_cannot_be_asked),
        TEST(test_without_memory),
        TEST(test_room_for_both_families),
        TEST(test_each_table_has_a_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
