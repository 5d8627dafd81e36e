/* A service on the loop of the test; end-to-end tests have several workers. */
#include "serve/tokens/token_http.h"

#include "config/model/config.h"
#include "core/access/client_address.h"
#include "lib/failing_alloc.h"
#include "lib/head_of.h"
#include "lib/http_lab.h"

#define ANSWER(fields, body)                                                                       \
    "HTTP/1.1 200 OK\r\n" fields "Connection: keep-alive\r\nTransfer-Encoding: "                   \
    "chunked\r\n\r\n" body
#define DESK "b\r\n10.0.0.5:59\r\n0\r\n\r\n"

static struct http_lab lab;
static struct http_origin *origin;
static struct token_source *source;
static struct http_head head;
static const struct client_address nobody = {0};

struct asker {
    struct token_wait wait;
    struct token_destination *destination;
    unsigned answers;
    enum reason reason;
};

static void answered_cb(struct token_wait *wait, enum reason reason)
{
    struct asker *asker = WSL_CONTAINER(wait, struct asker, wait);
    asker->answers++;
    asker->reason = reason;
}

static bool ask(struct asker *asker, const char *token)
{
    const struct token_question question = {
        .token = slice_of(token), .head = &head, .client = &nobody};
    *asker = (struct asker){.destination = __real_calloc(1, sizeof(struct token_destination))};
    asker->wait = (struct token_wait){
        .loop = {.lane = &lab.work.lane, .http = lab.pool},
        .destination = asker->destination,
        .answered = answered_cb,
    };
    bool answered = token_source_find(source, &question, &asker->wait, &asker->reason);
    asker->answers += answered;
    return answered;
}

static void wait_for(struct asker *asker)
{
    while (asker->answers == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    assert_int_equal(asker->answers, 1);
}

static void expect(const char *token, enum reason reason, unsigned requests)
{
    struct asker asker;
    (void)ask(&asker, token);
    wait_for(&asker);
    if (asker.reason != reason)
        fail_msg("%s: %s", token, asker.destination->detail);
    if (reason == REASON_none)
        assert_string_equal(asker.destination->address.host, "10.0.0.5");
    token_destination_free(asker.destination);
    assert_int_equal(lab.requests, requests);
}

static void play(const char *answer)
{
    http_lab_play(&lab, &(struct http_lab_row){.answer = answer}, 1);
}

static void test_asks(void **state)
{
    play(ANSWER("", DESK));
    expect("a b", REASON_none, 1);
    assert_non_null(strstr(lab.last, "GET /?t=a%20b HTTP/1.1\r\n"));
    expect("a b", REASON_none, 2);
    expect("..", REASON_token_unknown, 2);
}

static void test_verdicts(void **state)
{
    play("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    expect("a", REASON_token_unknown, 1);
    play("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    expect("a", REASON_token_refused, 1);
    play("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /\r\n\r\n");
    expect("a", REASON_token_source, 1);
    play(ANSWER("", "3\r\nx y\r\n0\r\n\r\n"));
    expect("a", REASON_token_source, 1);
    /* On the connection that was kept, which may be stale, then on a new one. */
    http_lab_play(&lab, &(struct http_lab_row){.closes = true}, 1);
    expect("a", REASON_token_source, 2);
}

static void test_cache(void **state)
{
    play(ANSWER("Cache-Control: max-age=60\r\n", DESK));
    expect("a", REASON_none, 1);
    expect("a", REASON_none, 1);
    expect("b", REASON_none, 2);
    play("HTTP/1.1 404 Not Found\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n");
    expect("c", REASON_token_unknown, 1);
    expect("c", REASON_token_unknown, 1);
}

static void test_one_flight(void **state)
{
    struct asker askers[4];
    play(ANSWER("", DESK));
    for (size_t i = 0; i < 4; i++)
        assert_false(ask(&askers[i], i < 3 ? "a" : "b"));
    token_source_leave(source, &askers[0].wait);
    for (size_t i = 1; i < 4; i++) {
        wait_for(&askers[i]);
        assert_int_equal(askers[i].reason, REASON_none);
    }
    assert_int_equal(lab.requests, 2);
    assert_int_equal(askers[0].answers, 0);
    for (size_t i = 0; i < 4; i++)
        token_destination_free(askers[i].destination);
}

/* While it flies, and when the answer is on its way to the waiter. */
static void test_leaving(void **state)
{
    for (unsigned turns = 0; turns < 12; turns++) {
        struct asker asker;
        play(ANSWER("", DESK));
        assert_false(ask(&asker, "a"));
        http_lab_turn(&lab, turns);
        unsigned answers = asker.answers;
        if (answers == 0)
            token_source_leave(source, &asker.wait);
        http_lab_turn(&lab, 3);
        assert_int_equal(asker.answers, answers);
        token_destination_free(asker.destination);
    }
    size_t idle;
    assert_true(http_pool_connections(lab.pool, &idle) <= 1);
}

/* The source is released, and the pool closed, while a request without a waiter is under way. */
static void test_the_end(void **state)
{
    struct asker asker;
    play(NULL);
    assert_false(ask(&asker, "a"));
    http_lab_turn(&lab, 5);
    token_source_release(source);
    source = NULL;
    http_pool_close(lab.pool);
    lab.pool = NULL;
    wait_for(&asker);
    assert_int_equal(asker.reason, REASON_token_source);
    token_destination_free(asker.destination);
}

static void test_without_memory(void **state)
{
    play(ANSWER("Cache-Control: max-age=60\r\n", DESK));
    for (unsigned call = 1;; call++) {
        struct asker asker;
        failing_alloc_arm(call);
        (void)ask(&asker, "a");
        while (asker.answers == 0)
            uv_run(&lab.loop, UV_RUN_ONCE);
        bool failed = failing_alloc_disarm();
        token_destination_free(asker.destination);
        if (!failed && asker.reason == REASON_none)
            break;
        assert_true(call < 100);
    }
}

static int set_up(void **state)
{
    static const struct config_place place = {0};
    static const char request[] = "GET / HTTP/1.1\r\nHost: desk\r\n\r\n";
    char url[80], error[256];
    head = head_of_text(request);
    http_lab_open(&lab);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/?t={token}", lab.socket.port);
    origin = http_origin_create(url, NULL, &place, NULL, error, sizeof(error));
    assert_non_null(origin);
    const struct config_tokens tokens = {
        .http = {.url = url, .timeout_ms = 5000, .cache_ms = 300000}};
    source = token_http_create(&tokens, origin, error, sizeof(error));
    assert_non_null(source);
    return 0;
}

static int tear_down(void **state)
{
    token_source_release(source);
    http_lab_close(&lab);
    http_origin_release(origin);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_asks),    TEST(test_verdicts), TEST(test_cache),          TEST(test_one_flight),
        TEST(test_leaving), TEST(test_the_end),  TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
