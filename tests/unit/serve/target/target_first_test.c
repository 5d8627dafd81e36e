/* What a target does first, over a pair of sockets: nothing, a banner, or an upgrade. */
#include "serve/target/target_first.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "lib/failing_alloc.h"
#include "net/plain.h"
#include "net/watch.h"

#define ROOM ((size_t)64 * 1024)

static uv_loop_t loop;
static struct watch_set watches;
static struct plain plain;
static int ends[2];
static struct config_route route;
static struct config_target target;
static struct target_first_request request;
static struct target_first first;
static uint8_t buffer[ROOM];
static size_t length;

static void ready_cb(void *owner, unsigned ready)
{
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    route = (struct config_route){0};
    target = (struct config_target){.address = {.host = "gate.example", .port = 80}};
    request = (struct target_first_request){
        .route = &route,
        .target = &target,
        .address = &target.address,
        .transport = plain_init(&plain, ends[0], &transport_target),
        .watch = watch_open(&watches, ends[0], 0, ready_cb, NULL),
    };
    assert_non_null(request.watch);
    memset(&first, 0xee, sizeof(first));
    return 0;
}

static int tear_down(void **unused)
{
    target_first_free(&first);
    assert_false(first.awaited);
    watch_close(request.watch);
    watch_set_close(&watches);
    close(ends[0]);
    close(ends[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void target_sends(const char *text)
{
    assert_int_equal(send(ends[1], text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static bool proceed(void)
{
    return target_first_proceed(&first, buffer, sizeof(buffer), &length);
}

static void expect_end(enum reason reason, const char *detail)
{
    assert_false(first.awaited);
    assert_string_equal(reason_row(first.reason)->name, reason_row(reason)->name);
    assert_non_null(strstr(first.detail, detail));
}

static void test_nothing_is_awaited(void **unused)
{
    assert_true(target_first_begin(&first, &request));
    expect_end(REASON_none, "");
}

static void test_a_banner(void **unused)
{
    route.expect = "ssh";
    assert_false(target_first_begin(&first, &request));
    assert_false(proceed());
    assert_true(first.awaited);
    target_sends("SSH-2.0-x\r\n");
    assert_true(proceed());
    expect_end(REASON_none, "");
    assert_int_equal(length, 11);
}

static void test_another_banner_and_a_late_one(void **unused)
{
    route.expect = "ssh";
    assert_false(target_first_begin(&first, &request));
    assert_false(proceed());
    target_first_late(&first);
    expect_end(REASON_target_silent, "no complete banner in time");
    assert_false(target_first_begin(&first, &request));
    target_sends("220 mail\r\n");
    assert_true(proceed());
    expect_end(REASON_target_unexpected, "220 mail");
}

/* The subprotocols of the target come before those of the client. */
static void expect_offered(const char *wanted)
{
    char sent[2048];
    assert_false(target_first_begin(&first, &request));
    assert_false(proceed());
    ssize_t n = recv(ends[1], sent, sizeof(sent) - 1, 0);
    assert_true(n > 0);
    sent[n] = '\0';
    if (wanted)
        assert_non_null(strstr(sent, wanted));
    else
        assert_null(strstr(sent, "Sec-WebSocket-Protocol"));
    target_first_free(&first);
}

static void test_what_is_offered(void **unused)
{
    static const char *own[] = {"own"}, *clients[] = {"one", "two"};
    const struct config_texts offered = {clients, 2};
    target.ws.path = "/";
    expect_offered(NULL);
    request.offered = &offered;
    expect_offered("Sec-WebSocket-Protocol: one, two\r\n");
    target.ws.subprotocols = (struct config_texts){own, 1};
    expect_offered("Sec-WebSocket-Protocol: own\r\n");
}

static void test_another_path(void **unused)
{
    target.ws.path = "/{a}";
    request.path = "/vm1";
    char sent[2048];
    assert_false(target_first_begin(&first, &request));
    assert_false(proceed());
    ssize_t n = recv(ends[1], sent, sizeof(sent) - 1, 0);
    assert_true(n > 0);
    assert_memory_equal(sent, "GET /vm1 HTTP/1.1\r\n", 19);
    request.path = NULL;
    target_first_free(&first);
}

static void test_a_refused_and_a_late_upgrade(void **unused)
{
    target.ws.path = "/ssh";
    route.expect = "ssh"; /* of no use behind frames: the rules refuse it */
    assert_false(target_first_begin(&first, &request));
    assert_false(proceed());
    target_sends("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert_true(proceed());
    expect_end(REASON_target_upgrade, "HTTP 403 Forbidden");
    target_first_free(&first);
    assert_false(target_first_begin(&first, &request));
    target_first_late(&first);
    expect_end(REASON_target_timeout, "no complete answer came in time");
}

static void expect_spared(const char *answer, bool spared)
{
    assert_false(target_first_begin(&first, &request));
    assert_false(proceed());
    target_sends(answer);
    assert_true(proceed());
    assert_int_equal(target_first_spares_target(&first), spared);
    target_first_free(&first);
}

static void test_whose_fault_a_refusal_is(void **unused)
{
    static const char *clients[] = {"odd"};
    const struct config_texts offered = {clients, 1};
    target.ws.path = "/";
    expect_spared("HTTP/1.1 400 Bad Request\r\n\r\n", false);
    request.offered = &offered;
    expect_spared("HTTP/1.1 400 Bad Request\r\n\r\n", true);
}

static void test_a_bad_request_and_no_memory(void **unused)
{
    target.ws.path = "/a b";
    assert_true(target_first_begin(&first, &request));
    expect_end(REASON_target_upgrade, "the request");
    target_first_free(&first);
    target.ws.path = "/";
    failing_alloc_arm(1);
    assert_true(target_first_begin(&first, &request));
    assert_true(failing_alloc_disarm());
    expect_end(REASON_out_of_memory, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_awaited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_banner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_banner_and_a_late_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_offered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_refused_and_a_late_upgrade, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whose_fault_a_refusal_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_bad_request_and_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
