/* The list of sessions with cursors in it, and the hold count. */
#include "serve/session/session_env.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct session_env env;
static unsigned releases;

static void release_cb(struct session_env *released)
{
    assert_ptr_equal(released, &env);
    releases++;
}

static int set_up(void **unused)
{
    releases = 0;
    env = (struct session_env){.on_release = release_cb};
    assert_true(session_env_open(&env));
    return 0;
}

static int tear_down(void **unused)
{
    session_env_close(&env);
    return 0;
}

static void add_cursor(struct session_cursor *cursor, struct list *next)
{
    cursor->next = next;
    list_append(&env.cursors, &cursor->link);
}

static void test_a_cursor_moves_on(void **unused)
{
    struct list sessions[3];
    struct session_cursor first, second, last;
    for (int i = 0; i < 3; i++)
        list_append(&env.sessions, &sessions[i]);
    add_cursor(&first, &sessions[0]);
    add_cursor(&second, &sessions[1]);
    add_cursor(&last, &sessions[2]);
    session_env_remove(&env, &sessions[1]);
    assert_ptr_equal(first.next, &sessions[0]);
    assert_ptr_equal(second.next, &sessions[2]);
    session_env_remove(&env, &sessions[2]);
    assert_ptr_equal(second.next, &env.sessions);
    assert_ptr_equal(last.next, &env.sessions);
    session_env_remove(&env, &sessions[0]);
    assert_ptr_equal(first.next, &env.sessions);
    assert_true(list_empty(&env.sessions));
}

static void test_each_release_is_notified(void **unused)
{
    session_env_hold(&env);
    session_env_hold(&env);
    session_env_release(&env);
    assert_int_equal(env.live, 1);
    env.on_release = NULL;
    session_env_release(&env);
    assert_int_equal(env.live, 0);
    assert_int_equal(releases, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_cursor_moves_on),
        TEST(test_each_release_is_notified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
