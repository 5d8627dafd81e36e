#include "serve/session/session_state.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/session/session_entry.h"

static struct session session;
static struct session_entry entry;
static struct transport client, target;

/* A resource of which only the presence is checked. */
static void *const somewhere = &entry;

static int set_up(void **unused)
{
    memset(&session, 0, sizeof(session));
    memset(&entry, 0, sizeof(entry));
    session.entry = &entry;
    return 0;
}

static void step(enum life_event event, enum life_state state)
{
    session_state_step(&session, event);
    assert_int_equal(session.state, state);
}

/* An abort is tested in a child process. */
static void assert_aborts(enum life_event event)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        session_state_step(&session, event);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_an_upgrade_before_the_target(void **unused)
{
    session.client = &client;
    step(LIFE_SAW_PLAIN, LIFE_HEAD);
    session.bridge.client.transport = &client;
    step(LIFE_UPGRADE_AFTER, LIFE_UPGRADED);
    session.entry = NULL;
    session.target = &target;
    session.target_watch = somewhere;
    step(LIFE_TARGET_READY, LIFE_OPEN);
    step(LIFE_ENDING, LIFE_CLOSING);
    step(LIFE_DROPPED, LIFE_DEAD);
}

static void test_plain_requests_and_a_token(void **unused)
{
    session.client = &client;
    step(LIFE_SAW_TLS, LIFE_TLS);
    step(LIFE_TLS_DONE, LIFE_HEAD);
    entry.wait = somewhere;
    step(LIFE_ASKED, LIFE_WAITING);
    entry.wait = NULL;
    entry.flow = somewhere;
    step(LIFE_ANSWERING, LIFE_REPLYING);
    entry.flow = NULL;
    step(LIFE_SENT, LIFE_HEAD);
    entry.wait = somewhere;
    step(LIFE_LOOK_UP, LIFE_LOOKING_UP);
    entry.wait = NULL;
    step(LIFE_UPGRADE_FIRST, LIFE_DIALLING);
    entry.connecting = somewhere;
    step(LIFE_DROPPED, LIFE_DEAD);
}

static void test_a_resource_that_is_missing_aborts(void **unused)
{
    assert_aborts(LIFE_SAW_PLAIN);
    session.client = &client;
    step(LIFE_SAW_PLAIN, LIFE_HEAD);
    assert_aborts(LIFE_ASKED);
    assert_aborts(LIFE_ANSWERING);
    assert_aborts(LIFE_LOOK_UP);
    assert_aborts(LIFE_UPGRADE_AFTER);
    step(LIFE_UPGRADE_FIRST, LIFE_DIALLING);
    session.entry = NULL;
    session.target = &target;
    session.bridge.client.transport = &client;
    assert_aborts(LIFE_TARGET_READY); /* no watch of the target */
}

static void test_a_resource_that_is_left_over_aborts(void **unused)
{
    session.client = &client;
    step(LIFE_SAW_PLAIN, LIFE_HEAD);
    session.bridge.client.transport = &client;
    assert_aborts(LIFE_REFUSED); /* the entry is left */
    assert_aborts(LIFE_DROPPED); /* the bridge is left */
}

static void test_an_edge_that_the_table_lacks_aborts(void **unused)
{
    session.client = &client;
    assert_aborts(LIFE_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_upgrade_before_the_target, set_up),
        cmocka_unit_test_setup(test_plain_requests_and_a_token, set_up),
        cmocka_unit_test_setup(test_a_resource_that_is_missing_aborts, set_up),
        cmocka_unit_test_setup(test_a_resource_that_is_left_over_aborts, set_up),
        cmocka_unit_test_setup(test_an_edge_that_the_table_lacks_aborts, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
