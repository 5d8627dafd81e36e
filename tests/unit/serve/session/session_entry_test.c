/* The entry of a session: one more turn at a deadline, pending answers, and what a reset frees. */
#include "serve/session/session_entry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uv_loop_t loop;
static struct session_env env;
static struct session session;
static unsigned notifications;

static void deadline_cb(struct deadline *deadline)
{
    (void)deadline;
}

static void abandoned_cb(void *producer)
{
    assert_ptr_equal(producer, &notifications);
    notifications++;
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    env = (struct session_env){.loop = &loop};
    session = (struct session){.env = &env};
    session.entry = calloc(1, sizeof(*session.entry));
    assert_non_null(session.entry);
    timers_open(&env.timers, &loop, deadline_cb);
    assert_true(timers_promise(&env.timers));
    notifications = 0;
    return 0;
}

static int tear_down(void **unused)
{
    session_entry_free(&session);
    timers_close(&env.timers);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void test_one_more_turn_for_each_wait(void **unused)
{
    assert_true(session_entry_last_turn(&session));
    assert_true(deadline_is_set(&session.deadline));
    timers_stop(&env.timers, &session.deadline);
    assert_false(session_entry_last_turn(&session));
    assert_false(deadline_is_set(&session.deadline));
    session.entry->overdue = false; /* as the next wait does */
    assert_true(session_entry_last_turn(&session));
}

static void test_a_producer_is_notified_once(void **unused)
{
    struct session_wait wait = {&session, abandoned_cb, &notifications};
    session.entry->wait = &wait;
    session_entry_abandon(session.entry);
    assert_null(wait.session);
    assert_null(session.entry->wait);
    session_entry_abandon(session.entry);
    assert_int_equal(notifications, 1);
}

static void test_a_producer_without_a_notification(void **unused)
{
    struct session_wait wait = {.session = &session};
    session.entry->wait = &wait;
    session_entry_abandon(session.entry);
    assert_null(wait.session);
}

static void test_the_end_abandons_a_wait(void **unused)
{
    struct session_wait wait = {&session, abandoned_cb, &notifications};
    session.entry->wait = &wait;
    session_entry_free(&session);
    assert_null(session.entry);
    assert_int_equal(notifications, 1);
    session_entry_free(&session);
    assert_int_equal(notifications, 1);
}

static void test_a_reset_keeps_the_connection(void **unused)
{
    struct session_entry *entry = session.entry;
    entry->path = slice_copy(SLICE("/desk"));
    entry->host = slice_copy(SLICE("here"));
    entry->match.path = slice_of(entry->path);
    entry->head_timed = entry->keep = true;
    entry->outcome = REASON_answered;
    session_entry_reset(entry);
    assert_true(!entry->path && !entry->host && !entry->destination && !entry->match.path.ptr);
    assert_false(entry->head_timed);
    assert_true(entry->keep);
    assert_int_equal(session_entry_outcome(&session), REASON_answered);
}

static void test_the_outcome_without_an_answer(void **unused)
{
    assert_int_equal(session_entry_outcome(&session), REASON_none);
    session_entry_free(&session);
    assert_int_equal(session_entry_outcome(&session), REASON_none);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_one_more_turn_for_each_wait),       TEST(test_a_producer_is_notified_once),
        TEST(test_a_producer_without_a_notification), TEST(test_the_end_abandons_a_wait),
        TEST(test_a_reset_keeps_the_connection),      TEST(test_the_outcome_without_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
