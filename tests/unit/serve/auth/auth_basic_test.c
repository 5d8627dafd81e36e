#include "serve/auth/auth_basic.h"

#include "core/auth/password.h"
#include "lib/head_of.h"
#include "lib/users_lab.h"
#include "lib/work_lab.h"
#include "serve/auth/users/auth_shared.h"

static uv_loop_t loop;
static struct work_lab work;
static struct auth_shared *shared;
static struct auth_method *method;
static struct auth_answer answer;
static enum auth_outcome verdict;
static char error[256];

static int set_up(void **state)
{
    const struct config_auth_basic config = {.users = "users", .realm = "The \"inner\" \\ ring"};
    users_lab_enter();
    users_lab_write("ann:" USERS_LAB_HASH "\n");
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&work, &loop);
    shared = auth_shared_create();
    method = auth_basic_create(&config, shared, error, sizeof(error));
    return method ? 0 : -1;
}

static int tear_down(void **state)
{
    work_lab_close(&work);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&work);
    method->ops->release(method);
    auth_shared_destroy(shared);
    users_lab_leave();
    return 0;
}

static void done_cb(struct auth_waiter *waiter, enum auth_outcome outcome)
{
    verdict = outcome;
}

/* `cancels`: if it waits, it gets no answer. */
static enum auth_outcome ask(const char *fields, bool cancels)
{
    static const struct client_address client = {.known = true};
    char text[HEAD_OF_TEXT];
    struct http_head head = head_of("/", fields, text);
    const struct auth_question question = {.head = &head, .client = &client, .lane = &work.lane};
    struct auth_waiter waiter = {.done = done_cb};
    answer = (struct auth_answer){0};
    verdict = AUTH_WAITS;
    enum auth_outcome outcome = method->ops->ask(method, &question, &waiter, &answer);
    if (outcome != AUTH_WAITS)
        return outcome;
    if (cancels)
        method->ops->cancel(method, &waiter);
    uv_run(&loop, UV_RUN_DEFAULT);
    return verdict;
}

static void assert_refused(const char *fields, enum reason reason)
{
    assert_int_equal(ask(fields, false), AUTH_FAILED);
    assert_int_equal(answer.reason, reason);
    assert_string_equal(answer.challenge,
                        "Basic realm=\"The \\\"inner\\\" \\\\ ring\", charset=\"UTF-8\"");
    assert_string_equal(answer.user, "");
}

static void test_lets_users_in(void **state)
{
    assert_int_equal(ask("authorization: basic YW5uOnNlc2FtZQ==\r\n", false), AUTH_PASSED);
    assert_string_equal(answer.user, "ann");
    assert_null(answer.challenge);
}

static void test_refuses_all_else(void **state)
{
    assert_refused("", REASON_auth_required);
    assert_refused("Authorization: Bearer YW5uOnNlc2FtZQ==\r\n", REASON_auth_required);
    assert_refused("Authorization: Basic\r\n", REASON_auth_failed);
    assert_refused("Authorization: Basic YW5uOnNlc2FtZQ=\r\n", REASON_auth_failed);
    assert_refused("Authorization: Basic YW5uOm90aGVy\r\n", REASON_auth_failed);
    assert_refused("Authorization: Basic Ym9iOnNlc2FtZQ==\r\n", REASON_auth_failed);
}

/* No challenge: a browser would ask its user for another password. */
static void test_throttles(void **state)
{
    static const char *const guesses[] = {
        "YW5uOmE=", "YW5uOmI=", "YW5uOmM=", "YW5uOmQ=", "YW5uOmU=", "YW5uOmY="};
    char field[64];
    for (size_t i = 0; i < WSL_COUNT(guesses); i++) {
        snprintf(field, sizeof(field), "Authorization: Basic %s\r\n", guesses[i]);
        assert_refused(field, REASON_auth_failed);
    }
    assert_int_equal(ask("Authorization: Basic YW5uOnNlc2FtZQ==\r\n", false), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_throttled);
    assert_int_equal(answer.retry_after, 1);
    assert_null(answer.challenge);
}

static void test_says_why_nobody_can_pass(void **state)
{
    users_lab_write("ann\n");
    assert_int_equal(ask("Authorization: Basic YW5uOnNlc2FtZQ==\r\n", false), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_unavailable);
    assert_non_null(strstr(answer.detail, "users:1: not USER:HASH"));
}

static void test_cancels(void **state)
{
    assert_int_equal(ask("Authorization: Basic YW5uOnNlc2FtZQ==\r\n", true), AUTH_WAITS);
}

static void test_takes_accounts_of_the_configuration(void **state)
{
    static const char *const lines[] = {"bob:" USERS_LAB_OTHER, "ann:" USERS_LAB_HASH},
                             *plain[] = {"ann:x"};
    const struct config_auth_basic config = {.accounts = {lines, 2}, .realm = "realm"};
    const struct config_auth_basic broken = {.accounts = {plain, 1}, .realm = "realm"};
    method->ops->release(method);
    method = auth_basic_create(&config, shared, error, sizeof(error));
    assert_non_null(method);
    assert_int_equal(ask("Authorization: Basic YW5uOnNlc2FtZQ==\r\n", false), AUTH_PASSED);
    assert_int_equal(ask("Authorization: Basic Ym9iOm90aGVy\r\n", false), AUTH_PASSED);
    assert_int_equal(ask("Authorization: Basic YW5uOm90aGVy\r\n", false), AUTH_FAILED);
    assert_null(auth_basic_create(&broken, shared, error, sizeof(error)));
    assert_non_null(strstr(error, "accounts:1: no password hash"));
}

static void test_is_not_made_of_a_broken_file(void **state)
{
    const struct config_auth_basic config = {.users = "missing", .realm = "realm"};
    assert_null(auth_basic_create(&config, shared, error, sizeof(error)));
    assert_string_equal(error, "users: missing: No such file or directory");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_lets_users_in),
        IN_FOLDER(test_refuses_all_else),
        IN_FOLDER(test_throttles),
        IN_FOLDER(test_says_why_nobody_can_pass),
        IN_FOLDER(test_cancels),
        IN_FOLDER(test_is_not_made_of_a_broken_file),
        IN_FOLDER(test_takes_accounts_of_the_configuration),
    };
    if (!password_supports(USERS_HASH_sha256))
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
