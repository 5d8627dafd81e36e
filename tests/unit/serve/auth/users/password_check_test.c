#include "serve/auth/users/password_check.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/auth/password.h"
#include "lib/users_lab.h"
#include "lib/work_lab.h"
#include "serve/auth/users/auth_shared.h"

static uv_loop_t loop;
static struct work_lab work;
static struct auth_shared *shared;
static struct users_store *store;
static struct client_address client;
static unsigned answered;

static int set_up(void **state)
{
    char error[256];
    users_lab_enter();
    users_lab_write("ann:" USERS_LAB_HASH "\nbob:" USERS_LAB_OTHER "\n");
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&work, &loop);
    shared = auth_shared_create();
    assert_non_null(shared);
    store = auth_shared_users(shared, "users", error, sizeof(error));
    client = (struct client_address){.ip = {.address = {0x20, 1}}, .known = true};
    answered = 0;
    return store ? 0 : -1;
}

static int tear_down(void **state)
{
    work_lab_close(&work);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&work);
    auth_shared_release(shared, store);
    auth_shared_destroy(shared);
    users_lab_leave();
    return 0;
}

static void done_cb(struct password_wait *wait)
{
    answered++;
}

static bool begin(struct password_wait *wait, const char *user, const char *password)
{
    const struct password_question question = {shared,  store,          &work.lane,
                                               &client, slice_of(user), slice_of(password)};
    *wait = (struct password_wait){.done = done_cb};
    return password_check_ask(&question, wait);
}

static void wait_for(unsigned count)
{
    uv_ref((uv_handle_t *)&work.mailbox.wake);
    while (answered < count)
        uv_run(&loop, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&work.mailbox.wake);
}

/* At once or later. */
static struct password_answer ask(const char *user, const char *password)
{
    struct password_wait wait;
    answered = 0;
    if (!begin(&wait, user, password))
        wait_for(1);
    return wait.answer;
}

static void test_right_and_wrong(void **state)
{
    assert_int_equal(ask("ann", "sesame").reason, REASON_none);
    assert_int_equal(ask("bob", "other").reason, REASON_none);
    assert_int_equal(ask("ann", "other").reason, REASON_auth_failed);
    assert_int_equal(ask("ann", "").reason, REASON_auth_failed);
    assert_int_equal(ask("", "sesame").reason, REASON_auth_failed);
    /* A name that no user has, with the password of the decoy: of one user or the other. */
    assert_int_equal(ask("carol", "sesame").reason, REASON_auth_failed);
    client.known = false;
    assert_int_equal(ask("carol", "other").reason, REASON_auth_failed);
    assert_int_equal(ask("ann", "sesame").reason, REASON_none);
}

static void test_failures_are_throttled(void **state)
{
    char guess[16];
    for (unsigned i = 0; i < 6; i++) {
        snprintf(guess, sizeof(guess), "guess%u", i);
        assert_int_equal(ask("ann", guess).reason, REASON_auth_failed);
    }
    struct password_answer answer = ask("bob", "guess");
    assert_int_equal(answer.reason, REASON_auth_throttled);
    assert_int_equal(answer.retry_after, 1);
    assert_int_equal(ask("ann", "sesame").reason, REASON_auth_throttled); /* the right one, too */
    client.ip.address[0] = 0xFD;
    assert_int_equal(ask("ann", "sesame").reason, REASON_none);
}

/* A client that repeats an old password is one failure, and waits for nothing. */
static void test_the_same_failure_counts_once(void **state)
{
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(ask("ann", "old password").reason, REASON_auth_failed);
    assert_int_equal(ask("ann", "sesame").reason, REASON_none);
}

/* All guesses of one address at a time: they take turns, and the first failures stop the others. */
static void test_many_at_once_are_throttled(void **state)
{
    enum { GUESSES = 40 };
    static struct password_wait waits[GUESSES];
    unsigned tried = 0;
    for (unsigned i = 0; i < GUESSES; i++) {
        char guess[16];
        snprintf(guess, sizeof(guess), "guess%u", i);
        assert_false(begin(&waits[i], "ann", guess));
    }
    wait_for(GUESSES);
    for (unsigned i = 0; i < GUESSES; i++)
        tried += waits[i].answer.reason == REASON_auth_failed;
    assert_int_equal(tried, 6);
}

static void test_a_file_that_breaks(void **state)
{
    assert_int_equal(ask("ann", "sesame").reason, REASON_none);
    users_lab_write("ann:sesame\n");
    struct password_answer answer = ask("ann", "sesame");
    assert_int_equal(answer.reason, REASON_auth_unavailable);
    assert_non_null(strstr(answer.detail, "users:1: no password hash"));
    assert_null(strstr(answer.detail, "sesame"));
    users_lab_write("ann:" USERS_LAB_OTHER "\n");
    assert_int_equal(ask("ann", "sesame").reason, REASON_auth_failed);
    assert_int_equal(ask("ann", "other").reason, REASON_none);
    assert_int_equal(ask("bob", "other").reason, REASON_auth_failed);
}

/* One that runs and one that waits: neither is answered, and nothing is lost. */
static void test_cancels(void **state)
{
    struct password_wait first, second;
    assert_false(begin(&first, "ann", "sesame"));
    assert_false(begin(&second, "ann", "other"));
    password_check_cancel(&second);
    password_check_cancel(&first);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(answered, 0);
    assert_int_equal(ask("ann", "sesame").reason, REASON_none);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_right_and_wrong),
        IN_FOLDER(test_failures_are_throttled),
        IN_FOLDER(test_the_same_failure_counts_once),
        IN_FOLDER(test_many_at_once_are_throttled),
        IN_FOLDER(test_a_file_that_breaks),
        IN_FOLDER(test_cancels),
    };
    if (!password_supports(USERS_HASH_sha256))
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
