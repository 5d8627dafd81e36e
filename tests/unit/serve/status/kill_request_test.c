/* Ending a session by its id, on its worker; the answer comes back to the worker that asked. */
#include "serve/status/kill_request.h"

#include "lib/failing_alloc.h"
#include "lib/status_lab.h"
#include "serve/session/session_extra.h"

static struct session *ended;
static bool was_found;
static unsigned answers;

static void end(struct session *session, enum reason reason)
{
    assert_int_equal(reason, REASON_killed);
    ended = session;
}

static void ended_cb(void *owner, bool found)
{
    was_found = found;
    answers++;
}

static bool end_one(uint64_t id)
{
    answers = 0;
    assert_true(kill_request_start(&envs[1], id, "a test", end, ended_cb, NULL));
    while (turn())
        ;
    assert_int_equal(answers, 1);
    return was_found;
}

static void test_end(void **unused)
{
    for (unsigned i = 0; i < 30; i++)
        add(i % WORKERS, i);
    for (size_t i = 0; i < 30; i++) {
        assert_true(end_one(sessions[i]->id));
        assert_ptr_equal(ended, sessions[i]);
    }
    ended = NULL;
    sessions[5]->state = LIFE_HEAD;
    assert_false(end_one(sessions[5]->id));
    assert_false(end_one(session_id(0, 0, 11)));
    assert_false(end_one(session_id(0, WORKERS, 1)));
    assert_false(end_one(session_id(0, 65535, 1)));
    assert_null(ended);
}

/* ---- the sessions of a user ---- */

static bool gone[30];

static void end_of_user(struct session *session, enum reason reason)
{
    assert_int_equal(reason, REASON_logged_out);
    for (size_t i = 0; i < 30; i++)
        gone[i] = gone[i] || sessions[i] == session;
}

/* Of one user, by one users file, on all workers. */
static void test_end_a_user(void **unused)
{
    static struct config_auth auth[] = {{.login = {.users = "users"}},
                                        {.login = {.users = "other"}}};
    static const struct config_route guarded[] = {{.auth = {.methods = &auth[0], .count = 1}},
                                                  {.auth = {.methods = &auth[1], .count = 1}},
                                                  {.auth = {.count = 0}}};
    static char names[][4] = {"ann", "bob"};
    static struct session_extra ann = {.user = names[0]}, bob = {.user = names[1]};
    for (unsigned i = 0; i < 30; i++) {
        add(i % WORKERS, i);
        sessions[i]->route = &guarded[i % 5 < 3 ? 0 : i % 5 - 2];
        sessions[i]->extra = i % 7 == 0 ? NULL : i % 2 ? &ann : &bob;
    }
    sessions[1]->state = LIFE_HEAD;
    assert_true(kill_request_start_user(&envs[1], "ann", "users", end_of_user));
    while (turn())
        ;
    for (unsigned i = 0; i < 30; i++) {
        bool of_ann = i % 7 != 0 && i % 2 && i % 5 < 3 && i != 1;
        assert_int_equal(gone[i], of_ann);
        sessions[i]->extra = NULL;
    }
    failing_alloc_arm(1);
    assert_false(kill_request_start_user(&envs[1], "ann", "users", end_of_user));
    assert_true(failing_alloc_disarm());
}

static void test_without_memory(void **unused)
{
    add(0, 0);
    failing_alloc_arm(1);
    assert_false(kill_request_start(&envs[1], sessions[0]->id, "a test", end, ended_cb, NULL));
    assert_true(failing_alloc_disarm());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_a_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
