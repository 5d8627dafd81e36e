/* Requests over real sockets of this machine. */
#include "net/http/http_pool.h"

#include "lib/failing_alloc.h"
#include <poll.h>

#include "lib/http_lab.h"
#include "net/tls/tls_scratch.h"

#define OK      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CLOSING "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"

static struct http_lab lab;
static struct http_origin *origin;

struct caller {
    struct http_call *call;
    unsigned calls, status;
    char body[256], detail[HTTP_DETAIL];
    bool asks_again;
};

static void ask(struct caller *caller, uint32_t timeout_ms);

static void answered_cb(void *owner, const struct http_result *result)
{
    struct caller *caller = owner;
    caller->calls++;
    caller->status = result->answer ? result->answer->status : 0;
    snprintf(caller->body, sizeof(caller->body), "%.*s", (int)result->body.len,
             result->body.ptr ? result->body.ptr : "");
    snprintf(caller->detail, sizeof(caller->detail), "%s", result->detail);
    if (caller->asks_again) {
        caller->asks_again = false;
        ask(caller, 2000);
    }
}

static struct http_call *start(struct caller *caller, uint32_t timeout_ms)
{
    const struct http_request request = {
        .origin = origin,
        .target = "/desk?name=a%20b",
        .fields = SLICE("X-One: 1\r\nX-Two: 2\r\n"),
        .body_max = 100,
        .timeout_ms = timeout_ms,
        .callback = answered_cb,
        .owner = caller,
    };
    return http_pool_ask(lab.pool, &request, caller->detail);
}

static void ask(struct caller *caller, uint32_t timeout_ms)
{
    unsigned calls = caller->calls;
    caller->call = start(caller, timeout_ms);
    assert_non_null(caller->call);
    assert_int_equal(caller->calls, calls);
}

static void wait_for(const struct caller *caller, unsigned calls)
{
    while (caller->calls < calls)
        uv_run(&lab.loop, UV_RUN_ONCE);
}

static void expect_hello(void)
{
    struct caller caller = {0};
    ask(&caller, 5000);
    wait_for(&caller, 1);
    if (caller.status != 200)
        fail_msg("%s", caller.detail);
    assert_string_equal(caller.body, "hello");
}

static void expect_fault(uint32_t timeout_ms, const char *detail)
{
    struct caller caller = {0};
    ask(&caller, timeout_ms);
    wait_for(&caller, 1);
    assert_int_equal(caller.status, 0);
    if (!strstr(caller.detail, detail))
        fail_msg("\"%s\" instead of \"%s\"", caller.detail, detail);
}

static void expect_connections(size_t all, size_t idle)
{
    size_t found;
    assert_int_equal(http_pool_connections(lab.pool, &found), all);
    assert_int_equal(found, idle);
}

static void play(const char *answer)
{
    http_lab_play(&lab, &(struct http_lab_row){.answer = answer}, 1);
}

/* ---- requests and reuse ---- */

static void test_asks(void **state)
{
    char expected[200];
    play(OK);
    expect_hello();
    snprintf(expected, sizeof(expected),
             "GET /desk?name=a%%20b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-One: 1\r\nX-Two: "
             "2\r\n\r\n",
             lab.socket.port);
    assert_string_equal(lab.last, expected);
    expect_connections(1, 1);
}

static void test_uses_connections_again(void **state)
{
    play(OK);
    for (int i = 0; i < 5; i++)
        expect_hello();
    assert_int_equal(lab.requests, 5);
    assert_int_equal(lab.accepted, 1);
    play(CLOSING);
    expect_hello();
    expect_connections(0, 0);
    expect_hello();
    assert_int_equal(lab.accepted, 1);
}

/* Bytes that nobody asked for could be the answer to the next request. */
static void test_what_follows_an_answer(void **state)
{
    play(OK "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    expect_hello();
    expect_connections(0, 0);
    expect_hello();
    assert_int_equal(lab.accepted, 2);
}

static void test_idle_connection_that_speaks_or_ends(void **state)
{
    play(OK);
    expect_hello();
    expect_connections(1, 1);
    for (size_t i = 0; i < HTTP_LAB_CLIENTS; i++)
        if (lab.clients[i].fd >= 0)
            assert_int_equal(send(lab.clients[i].fd, "x", 1, MSG_NOSIGNAL), 1);
    http_lab_turn(&lab, 5);
    expect_connections(0, 0);
    expect_hello();
    for (size_t i = 0; i < HTTP_LAB_CLIENTS; i++)
        if (lab.clients[i].fd >= 0)
            http_lab_drop(&lab.clients[i]);
    http_lab_turn(&lab, 5);
    expect_connections(0, 0);
}

/* The service closes the free connection while the next request is on its way. */
static void test_stale_connection(void **state)
{
    const struct http_lab_row rows[] = {{.answer = OK, .after_next = true}, {.answer = OK}};
    http_lab_play(&lab, rows, 2);
    expect_hello();
    expect_hello();
    assert_int_equal(lab.accepted, 2);
    assert_int_equal(lab.requests, 2);
}

/* Not on a new connection, and not after a byte of the answer. */
static void test_no_second_try(void **state)
{
    http_lab_play(&lab, &(struct http_lab_row){.closes = true}, 1);
    expect_fault(5000, "the answer");
    assert_int_equal(lab.accepted, 1);
    const struct http_lab_row rows[] = {{.answer = OK}, {.answer = "HTTP/1.1 2", .closes = true}};
    http_lab_play(&lab, rows, 2);
    expect_hello();
    expect_fault(5000, "the answer was cut off");
    assert_int_equal(lab.requests, 2);
}

static void test_redirects_are_answers(void **state)
{
    struct caller caller = {0};
    play("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    ask(&caller, 5000);
    wait_for(&caller, 1);
    assert_int_equal(caller.status, 302);
    assert_int_equal(lab.requests, 1);
}

/* ---- answers that are wrong, late or missing ---- */

static void test_faults(void **state)
{
    static const struct {
        const char *answer, *detail;
    } rows[] = {
        {"SSH-2.0-OpenSSH\r\n", "the answer is no valid HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "has a body that is too large"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "chunked"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "another protocol"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        play(rows[i].answer);
        expect_fault(5000, rows[i].detail);
        expect_connections(0, 0);
    }
    http_lab_play(&lab,
                  &(struct http_lab_row){
                      .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", .closes = true},
                  1);
    expect_fault(5000, "the answer was cut off");
    http_lab_play(
        &lab, &(struct http_lab_row){.answer = "HTTP/1.0 200 OK\r\n\r\nhello", .closes = true}, 1);
    expect_hello();
}

static void test_late(void **state)
{
    play(NULL);
    expect_fault(30, "no answer in time");
    play("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    expect_fault(30, "no answer in time");
    http_lab_turn(&lab, 5);
    expect_connections(0, 0);
}

/* The loop did not run while the answer came: it counts. */
static void test_answer_that_waits(void **state)
{
    struct caller caller = {0};
    play(OK);
    ask(&caller, 1000);
    while (lab.requests == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    (void)poll(NULL, 0, 1050);
    wait_for(&caller, 1);
    assert_int_equal(caller.status, 200);
}

static void test_nobody_listens(void **state)
{
    loopback_close(&lab.socket);
    lab.paused = true;
    expect_fault(5000, "Connection refused");
    lab.socket = loopback_open();
    struct caller caller = {0};
    ask(&caller, 5000);
    http_pool_cancel(caller.call);
    http_lab_turn(&lab, 5);
    assert_int_equal(caller.calls, 0);
}

/* A Unix socket fails at once; the callback comes from the loop nevertheless. */
static void test_unix(void **state)
{
    http_origin_release(origin);
    char error[256];
    static const struct config_place place = {0};
    origin =
        http_origin_create("unix:/nowhere/at/all:/check", NULL, &place, NULL, error, sizeof(error));
    assert_non_null(origin);
    expect_fault(5000, "/nowhere/at/all: No such file");
    struct caller caller = {0};
    ask(&caller, 5000);
    http_pool_cancel(caller.call);
    http_lab_turn(&lab, 5);
    assert_int_equal(caller.calls, 0);
}

/* ---- many at once ---- */

static void test_queue(void **state)
{
    struct caller callers[8] = {{0}};
    origin->connections = 2;
    origin->queue = 5;
    play(OK);
    for (size_t i = 0; i < 7; i++)
        ask(&callers[i], 5000);
    assert_null(start(&callers[7], 5000));
    assert_non_null(strstr(callers[7].detail, "too many requests wait"));
    expect_connections(2, 0);
    http_pool_cancel(callers[3].call);
    for (size_t i = 0; i < 7; i++)
        if (i != 3)
            wait_for(&callers[i], 1);
    assert_int_equal(callers[3].calls, 0);
    assert_int_equal(lab.requests, 6);
    assert_int_equal(lab.accepted, 2);
    expect_connections(2, 2);
}

/* Those in the queue have their deadline as well; those behind them get the connection. */
static void test_queue_of_a_service_that_hangs(void **state)
{
    struct caller callers[4] = {{0}};
    origin->connections = 1;
    play(NULL);
    ask(&callers[0], 60000);
    ask(&callers[1], 30);
    ask(&callers[2], 60000);
    ask(&callers[3], 60000);
    wait_for(&callers[1], 1);
    assert_int_equal(callers[1].status, 0);
    assert_int_equal(callers[0].calls, 0);
    play(OK);
    http_pool_cancel(callers[0].call);
    for (size_t i = 2; i < 4; i++) {
        wait_for(&callers[i], 1);
        assert_int_equal(callers[i].status, 200);
    }
    assert_int_equal(callers[0].calls, 0);
}

static void test_queue_of_a_service_that_refuses(void **state)
{
    struct caller callers[5] = {{0}};
    origin->connections = 1;
    loopback_close(&lab.socket);
    lab.socket = loopback_open();
    lab.paused = true;
    for (size_t i = 0; i < 5; i++)
        ask(&callers[i], 5000);
    for (size_t i = 0; i < 5; i++) {
        wait_for(&callers[i], 1);
        assert_int_equal(callers[i].status, 0);
    }
    expect_connections(0, 0);
}

static void test_asks_from_a_callback(void **state)
{
    struct caller caller = {.asks_again = true};
    play(OK);
    ask(&caller, 5000);
    wait_for(&caller, 2);
    assert_int_equal(caller.status, 200);
}

/* ---- the end ---- */

static void test_cancel_at_each_stage(void **state)
{
    play(OK);
    for (unsigned turns = 0; turns < 12; turns++) {
        struct caller caller = {0};
        ask(&caller, 5000);
        http_lab_turn(&lab, turns);
        if (caller.calls == 0)
            http_pool_cancel(caller.call);
        unsigned calls = caller.calls;
        http_lab_turn(&lab, 5);
        assert_int_equal(caller.calls, calls);
    }
}

/* With calls under way, in the queue, and free connections. */
static void test_close_with_everything(void **state)
{
    struct caller callers[6] = {{0}};
    play(OK);
    expect_hello();
    play(NULL);
    origin->connections = 2;
    for (size_t i = 0; i < 6; i++)
        ask(&callers[i], 5000);
    http_lab_turn(&lab, 6);
    http_pool_close(lab.pool);
    lab.pool = NULL;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(callers[i].calls, 1);
        assert_string_equal(callers[i].detail, "the process ends");
    }
}

static void test_without_memory(void **state)
{
    play(OK);
    for (unsigned call = 1;; call++) {
        struct caller caller = {0};
        failing_alloc_arm(call);
        struct http_call *asked = start(&caller, 5000);
        while (asked && caller.calls == 0)
            uv_run(&lab.loop, UV_RUN_ONCE);
        bool failed = failing_alloc_disarm();
        if (!failed && caller.status == 200)
            break;
        assert_true(call < 50);
        if (caller.status != 200)
            assert_true(caller.detail[0] != '\0');
        http_pool_close(lab.pool);
        const struct dial_loop loop = {&lab.watches, lab.resolver, &lab.scratch, &lab.attempts};
        lab.pool = http_pool_create(&loop);
        assert_non_null(lab.pool);
    }
}

static int set_up(void **state)
{
    http_lab_open(&lab);
    origin = http_lab_origin(&lab);
    return 0;
}

static int tear_down(void **state)
{
    http_lab_close(&lab);
    http_origin_release(origin);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_asks),
        TEST(test_uses_connections_again),
        TEST(test_what_follows_an_answer),
        TEST(test_idle_connection_that_speaks_or_ends),
        TEST(test_stale_connection),
        TEST(test_no_second_try),
        TEST(test_redirects_are_answers),
        TEST(test_faults),
        TEST(test_late),
        TEST(test_answer_that_waits),
        TEST(test_nobody_listens),
        TEST(test_unix),
        TEST(test_queue),
        TEST(test_queue_of_a_service_that_hangs),
        TEST(test_queue_of_a_service_that_refuses),
        TEST(test_asks_from_a_callback),
        TEST(test_cancel_at_each_stage),
        TEST(test_close_with_everything),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
