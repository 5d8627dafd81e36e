/* Dialling through a proxy: over real sockets of this machine, with a proxy of this test. */
#include "config/model/section/config_proxy.h"
#include "core/access/permit.h"
#include "lib/failing_alloc.h"
#include "net/connect/dial.h"

#include "lib/dial_lab.h"

/* The target is never connected to from here, nor is its name looked up. */
static const struct config_address desk = {
    .kind = CONFIG_ADDRESS_TCP, .host = "desk.invalid", .port = 5900};

static struct config_proxy parsed;

static void use_proxy(const char *host, uint16_t port)
{
    char url[64];
    snprintf(url, sizeof(url), "http://%s:%u", host, port);
    assert_null(config_proxy_parse(url, &parsed));
    proxy = &parsed;
}

static int forget_proxy(void **unused)
{
    proxy = NULL;
    return tear_down(unused);
}

/* A proxy that gives each connection the same answer. */
struct answering {
    uv_poll_t poll;
    int listening, accepted;
    const char *answer;
};

static void asked_cb(uv_poll_t *poll, int status, int events)
{
    struct answering *one = WSL_CONTAINER(poll, struct answering, poll);
    one->accepted = accept(one->listening, NULL, NULL);
    assert_true(one->accepted >= 0);
    assert_int_equal(send(one->accepted, one->answer, strlen(one->answer), MSG_NOSIGNAL),
                     strlen(one->answer));
}

static void answer_with(struct answering *one, const char *answer)
{
    uint16_t port = 0;
    *one = (struct answering){.accepted = -1, .answer = answer};
    one->listening = listen_tcp("127.0.0.1", &port, 64);
    assert_int_equal(uv_poll_init(&loop, &one->poll, one->listening), 0);
    assert_int_equal(uv_poll_start(&one->poll, UV_READABLE, asked_cb), 0);
    uv_unref((uv_handle_t *)&one->poll);
    use_proxy("127.0.0.1", port);
}

static void stop_answering(struct answering *one)
{
    uv_close((uv_handle_t *)&one->poll, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    close(one->listening);
    if (one->accepted >= 0)
        close(one->accepted);
}

static void test_a_target_behind_it(void **unused)
{
    static const char wanted[] =
        "CONNECT desk.invalid:5900 HTTP/1.1\r\nHost: desk.invalid:5900\r\n\r\nx";
    struct answering one;
    char text[128];
    answer_with(&one, "HTTP/1.1 200 OK\r\n\r\nRFB 003.008\n");
    struct dial_result result = dial_it(&desk, 5000);
    assert_int_equal(result.reason, REASON_none);
    assert_int_equal(recv(result.fd, text, sizeof(text), 0), 12);
    assert_memory_equal(text, "RFB 003.008\n", 12);
    assert_int_equal(send(result.fd, "x", 1, MSG_NOSIGNAL), 1);
    hang_up(&result);
    assert_int_equal(recv(one.accepted, text, sizeof(text), MSG_WAITALL), sizeof(wanted) - 1);
    assert_memory_equal(text, wanted, sizeof(wanted) - 1);
    stop_answering(&one);
}

static void test_a_proxy_with_a_name(void **unused)
{
    struct answering one;
    answer_with(&one, "HTTP/1.1 200 OK\r\n\r\n");
    use_proxy("localhost", parsed.at.port);
    struct dial_result result = dial_it(&desk, 5000);
    assert_int_equal(result.reason, REASON_none);
    hang_up(&result);
    stop_answering(&one);
}

static void test_a_refusal(void **unused)
{
    struct answering one;
    answer_with(&one, "HTTP/1.1 403 Forbidden\r\n\r\n");
    expect_failure(&desk, 5000, REASON_target_proxy_refused, ": answers 403 Forbidden");
    stop_answering(&one);
}

static void test_a_proxy_that_is_not_there(void **unused)
{
    uint16_t port = 0;
    char detail[128];
    close(listen_tcp("127.0.0.1", &port, 8));
    use_proxy("127.0.0.1", port);
    snprintf(detail, sizeof(detail), "proxy 127.0.0.1:%u: Connection refused", port);
    expect_failure(&desk, 5000, REASON_target_proxy_unreachable, detail);
}

static void test_a_name_that_does_not_resolve(void **unused)
{
    use_proxy("gate.invalid", 3128);
    expect_failure(&desk, 5000, REASON_target_proxy_unreachable, "proxy gate.invalid:3128: ");
}

static void test_a_silent_proxy(void **unused)
{
    uint16_t port = 0;
    char detail[128];
    int fd = listen_tcp("127.0.0.1", &port, 8);
    use_proxy("127.0.0.1", port);
    snprintf(detail, sizeof(detail), "proxy 127.0.0.1:%u: no answer in time", port);
    expect_failure(&desk, 60, REASON_target_timeout, detail);
    close(fd);
}

/*
 * Behind an open tunnel, the target is to blame: nobody takes what it is sent. The answer is there
 * before the loop runs, so that it counts however late the loop is.
 */
static void test_a_silent_target(void **unused)
{
    static char preface[1 << 24];
    uint16_t port = 0;
    struct call call;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    use_proxy("127.0.0.1", port);
    assert_non_null(start_with(&desk, (struct slice){preface, sizeof(preface)}, 60, &call));
    int accepted = accept(fd, NULL, NULL);
    assert_int_equal(send(accepted, "HTTP/1.1 200 OK\r\n\r\n", 19, MSG_NOSIGNAL), 19);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 1);
    assert_int_equal(call.result.reason, REASON_target_timeout);
    assert_string_equal(call.result.detail, "desk.invalid:5900: no answer in time");
    close(accepted);
    close(fd);
}

/* Its addresses are not known here. */
static void test_a_permit(void **unused)
{
    const char *rule = "*:*";
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    use_proxy("127.0.0.1", port);
    struct permit *own = permit_create(&(struct config_texts){&rule, 1});
    assert_non_null(own);
    permit = own;
    expect_failure(&desk, 5000, REASON_target_not_permitted, "behind a proxy");
    permit_free(own);
    permit = NULL;
    close(fd);
}

static void test_cancel(void **unused)
{
    struct answering one;
    for (int turns = 0; turns < 3; turns++) {
        struct call call;
        answer_with(&one, "HTTP/1.1 200");
        struct dial *dial = start(&desk, 5000, &call);
        assert_non_null(dial);
        for (int i = 0; i < turns; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        dial_cancel(dial);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(call.calls, 0);
        stop_answering(&one);
    }
}

static void test_each_allocation_fails(void **unused)
{
    for (unsigned n = 1;; n++) {
        struct answering one;
        answer_with(&one, "HTTP/1.1 200 OK\r\n\r\n");
        failing_alloc_arm(n);
        struct dial_result result = dial_it(&desk, 5000);
        bool failed = failing_alloc_disarm();
        hang_up(&result);
        stop_answering(&one);
        if (failed)
            continue;
        assert_int_equal(result.reason, REASON_none);
        break;
    }
}

int main(void)
{
#define PROXY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, forget_proxy)
    const struct CMUnitTest tests[] = {
        PROXY_TEST(test_a_target_behind_it),
        PROXY_TEST(test_a_proxy_with_a_name),
        PROXY_TEST(test_a_refusal),
        PROXY_TEST(test_a_proxy_that_is_not_there),
        PROXY_TEST(test_a_name_that_does_not_resolve),
        PROXY_TEST(test_a_silent_proxy),
        PROXY_TEST(test_a_silent_target),
        PROXY_TEST(test_a_permit),
        PROXY_TEST(test_cancel),
        PROXY_TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
