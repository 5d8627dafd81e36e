/* A service on the loop of the test. */
#include "serve/auth/auth_forward.h"

#include "lib/failing_alloc.h"
#include "lib/head_of.h"
#include "lib/http_lab.h"

static struct http_lab lab;
static struct http_origin *origin;
static struct auth_method *method;
static struct http_head head;
static const struct client_address nobody = {0};

struct asker {
    struct auth_waiter waiter;
    struct auth_answer answer;
    unsigned verdicts;
    enum auth_outcome outcome;
};

static void done_cb(struct auth_waiter *waiter, enum auth_outcome outcome)
{
    struct asker *asker = WSL_CONTAINER(waiter, struct asker, waiter);
    asker->verdicts++;
    asker->outcome = outcome;
}

static void ask(struct asker *asker)
{
    const struct auth_question question = {
        .head = &head, .client = &nobody, .http = lab.pool, .is_secure = true};
    *asker = (struct asker){.waiter.done = done_cb};
    asker->outcome = method->ops->ask(method, &question, &asker->waiter, &asker->answer);
    asker->verdicts = asker->outcome != AUTH_WAITS;
}

static void wait_for(struct asker *asker)
{
    while (asker->verdicts == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    assert_int_equal(asker->verdicts, 1);
}

static void drop_reply(struct asker *asker)
{
    if (!asker->answer.reply)
        return;
    reply_release(&asker->answer.reply->reply);
    asker->answer.reply->release(asker->answer.reply);
}

static void expect(const char *text, enum reason reason, unsigned status)
{
    struct asker asker;
    http_lab_play(&lab, &(struct http_lab_row){.answer = text}, 1);
    ask(&asker);
    wait_for(&asker);
    assert_int_equal(asker.outcome, reason == REASON_none ? AUTH_PASSED : AUTH_FAILED);
    assert_int_equal(asker.answer.reason, reason);
    assert_int_equal(asker.answer.reply ? asker.answer.reply->reply.status : 0, status);
    assert_int_equal(asker.answer.detail[0] != '\0', reason == REASON_auth_unavailable);
    drop_reply(&asker);
}

static void test_verdicts(void **state)
{
    expect("HTTP/1.1 200 OK\r\nX-User: ann\r\nContent-Length: 0\r\n\r\n", REASON_none, 0);
    assert_non_null(strstr(lab.last, "GET /check HTTP/1.1\r\n"));
    assert_non_null(strstr(lab.last, "X-Forwarded-Uri: /desk?a=b\r\n"));
    expect("HTTP/1.1 401 X\r\nContent-Length: 4\r\n\r\nbody", REASON_auth_required, 401);
    expect("HTTP/1.1 302 X\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", REASON_auth_required,
           302);
    expect("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n", REASON_auth_refused, 403);
    expect("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", REASON_auth_unavailable, 0);
    expect("HTTP/1.1 200 OK\r\nX-User: a\r\nX-User: b\r\nContent-Length: 0\r\n\r\n",
           REASON_auth_unavailable, 0);
    expect("SSH-2.0-x\r\n", REASON_auth_unavailable, 0);
    expect(NULL, REASON_auth_unavailable, 0); /* no answer in time */
}

static void test_the_name(void **state)
{
    char text[600];
    for (int length = AUTH_USER_MAX; length <= AUTH_USER_MAX + 1; length++) {
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nX-User: %0*d\r\nContent-Length: 0\r\n\r\n",
                 length, 1);
        expect(text, length > AUTH_USER_MAX ? REASON_auth_unavailable : REASON_none, 0);
    }
}

static void test_cancel_at_each_stage(void **state)
{
    for (unsigned turns = 0; turns < 10; turns++) {
        struct asker asker;
        http_lab_play(
            &lab, &(struct http_lab_row){.answer = "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n"},
            1);
        ask(&asker);
        http_lab_turn(&lab, turns);
        unsigned verdicts = asker.verdicts;
        if (verdicts == 0)
            method->ops->cancel(method, &asker.waiter);
        http_lab_turn(&lab, 3);
        assert_int_equal(asker.verdicts, verdicts);
        drop_reply(&asker);
    }
}

static void test_without_memory(void **state)
{
    http_lab_play(
        &lab, &(struct http_lab_row){.answer = "HTTP/1.1 401 X\r\nContent-Length: 1\r\n\r\nx"}, 1);
    for (unsigned call = 1;; call++) {
        struct asker asker;
        failing_alloc_arm(call);
        ask(&asker);
        wait_for(&asker);
        bool failed = failing_alloc_disarm();
        assert_int_equal(asker.outcome, AUTH_FAILED);
        drop_reply(&asker);
        if (!failed && asker.answer.reason == REASON_auth_required)
            break;
        assert_true(call < 100);
    }
}

static int set_up(void **state)
{
    static const struct config_place place = {0};
    static struct config_auth_forward config = {.user = "X-User", .timeout_ms = 1500};
    static const char request[] = "GET /desk?a=b HTTP/1.1\r\nHost: desk\r\n\r\n";
    static char url[80];
    char error[256];
    head = head_of_text(request);
    http_lab_open(&lab);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/check", lab.socket.port);
    config.url = url;
    origin = http_origin_create(url, NULL, &place, NULL, error, sizeof(error));
    assert_non_null(origin);
    method = auth_forward_create(&config, origin);
    assert_non_null(method);
    return 0;
}

static int tear_down(void **state)
{
    http_lab_close(&lab);
    method->ops->release(method);
    http_origin_release(origin);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_verdicts),
        TEST(test_the_name),
        TEST(test_cancel_at_each_stage),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
