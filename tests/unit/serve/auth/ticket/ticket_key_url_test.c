/* A service of keys on the loop of the test. */
#include "serve/auth/ticket/ticket_key_url.h"

#include "core/ticket/ticket_alg.h"
#include "lib/failing_alloc.h"
#include "lib/http_lab.h"
#include "lib/ticket_vectors.h"
#include "serve/auth/ticket/ticket_key_urls.h"

#define KEY     "{" TICKET_P256_PUBLIC ",\"alg\":\"ES256\",\"kid\":\"one\"}"
#define SET     "{\"keys\":[" KEY "]}"
#define WAITERS 5

static struct http_lab lab;
static struct http_origin *origin;
static struct ticket_key_url *url;
static struct ticket_key_fetch fetch;
static struct config_ticket_key config;
static char address[80], text[2000];

struct asker {
    struct ticket_key_wait wait;
    unsigned calls;
};

static void done_cb(struct ticket_key_wait *wait)
{
    WSL_CONTAINER(wait, struct asker, wait)->calls++;
}

/* The status line and more fields, then the body. */
static const char *answer_of(const char *head, const char *body)
{
    snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body),
             body);
    return text;
}

static void play(const char *answer)
{
    http_lab_play(&lab, &(struct http_lab_row){.answer = answer}, 1);
}

/* True: it waits. */
static bool ask(struct asker *asker, bool unknown, struct ticket_keys **keys)
{
    *asker = (struct asker){.wait.done = done_cb};
    return !ticket_key_url_ask(url, &fetch, unknown, &asker->wait, keys);
}

static void wait_for(struct asker *asker)
{
    while (asker->calls == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    assert_int_equal(asker->calls, 1);
}

/* The number of keys after a fetch; 0: none. */
static size_t fetched(const char *answer)
{
    struct asker asker;
    struct ticket_keys *keys;
    play(answer);
    assert_true(ask(&asker, true, &keys));
    wait_for(&asker);
    keys = ticket_key_url_keys(url);
    size_t count = keys ? ticket_keys_count(keys) : 0;
    ticket_keys_release(keys);
    return count;
}

static void expect_problem(const char *answer, const char *part)
{
    char detail[TICKET_KEY_URL_DETAIL];
    uint32_t seconds;
    assert_int_equal(fetched(answer), 0);
    ticket_key_url_explain(url, detail, &seconds);
    if (!strstr(detail, part))
        fail_msg("expected '%s', but it is '%s'", part, detail);
    assert_int_equal(seconds, 1);
}

static int set_up(void **state)
{
    static const struct config_place place = {0};
    char error[256];
    http_lab_open(&lab);
    snprintf(address, sizeof(address), "http://127.0.0.1:%u/jwks", lab.socket.port);
    config = (struct config_ticket_key){.url = address, .timeout_ms = 1500, .cache_ms = 3600000};
    origin = http_origin_create(address, NULL, &place, NULL, error, sizeof(error));
    url = ticket_key_url_create(&config);
    assert_true(origin && url);
    fetch = (struct ticket_key_fetch){&config, origin, lab.pool, lab.work.lane.mailbox};
    return 0;
}

static int tear_down(void **state)
{
    http_lab_close(&lab);
    ticket_key_url_release(url);
    http_origin_release(origin);
    return 0;
}

static void test_keys(void **state)
{
    if (!JSON_VALUE_IS_BUILT_IN)
        skip();
    assert_null(ticket_key_url_keys(url));
    assert_int_equal(fetched(answer_of("200 OK", SET)), 1);
    assert_non_null(strstr(lab.last, "GET /jwks HTTP/1.1\r\n"));
    assert_non_null(strstr(lab.last, "Accept: application/json\r\n"));
    assert_int_equal(fetched(answer_of("200 OK", " \n" KEY)), 1); /* a key alone */
}

static void test_answers_without_keys(void **state)
{
    static const char secret[] = "{\"keys\":[" KEY "," TICKET_OCT_JWK "]}";
    if (!JSON_VALUE_IS_BUILT_IN)
        skip();
    expect_problem(answer_of("404 Not Found", SET), "the answer has status 404");
    expect_problem(answer_of("302 Found\r\nLocation: /other", SET), "the answer has status 302");
    expect_problem(answer_of("200 OK", "<html>a page that is long enough for a secret"),
                   "the answer is no JWK Set");
    expect_problem(answer_of("200 OK", "-----BEGIN PUBLIC KEY-----"), "the answer is no JWK Set");
    expect_problem(answer_of("200 OK", ""), "the answer is no JWK Set");
    expect_problem(answer_of("200 OK", "{\"keys\":["), "127.0.0.1");
    expect_problem(answer_of("200 OK", "{\"keys\":[]}"), "no keys");
    expect_problem(answer_of("200 OK", secret), "the set has a secret");
    expect_problem("SSH-2.0-x\r\n", "127.0.0.1");
    expect_problem("HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n", "127.0.0.1");
    config.timeout_ms = 100;
    expect_problem(NULL, "127.0.0.1");
}

/* Its keys are for that algorithm alone. */
static void test_an_algorithm(void **state)
{
    if (!JSON_VALUE_IS_BUILT_IN)
        skip();
    ticket_key_url_release(url);
    config.algorithm = CONFIG_TICKET_RS256;
    url = ticket_key_url_create(&config);
    expect_problem(answer_of("200 OK", SET), "127.0.0.1");
}

static void test_the_old_keys_stay(void **state)
{
    struct asker asker;
    struct ticket_keys *keys;
    if (!JSON_VALUE_IS_BUILT_IN)
        skip();
    config.cache_ms = 0;
    assert_int_equal(fetched(answer_of("200 OK", SET)), 1);
    assert_int_equal(fetched(answer_of("500 Oops", "")), 1);
    assert_false(ask(&asker, false, &keys)); /* nobody waits for a service that is down */
    assert_non_null(keys);
    ticket_keys_release(keys);
    unsigned before = lab.requests;
    while (lab.requests == before)
        uv_run(&lab.loop, UV_RUN_ONCE);
}

/* One request for all, and for those that come while it is under way. */
static void test_one_fetch_for_all(void **state)
{
    struct asker askers[WAITERS];
    struct ticket_keys *keys;
    if (!JSON_VALUE_IS_BUILT_IN)
        skip();
    config.interval_ms = 3600000;
    play(answer_of("200 OK", SET));
    for (size_t i = 0; i < WAITERS; i++)
        assert_true(ask(&askers[i], i % 2 == 1, &keys));
    ticket_key_url_leave(url, &askers[0].wait); /* it goes on for the others */
    for (size_t i = 1; i < WAITERS; i++)
        wait_for(&askers[i]);
    assert_int_equal(askers[0].calls, 0);
    assert_int_equal(lab.requests, 1);
    for (size_t i = 0; i < WAITERS; i++) { /* none more in an interval */
        assert_false(ask(&askers[i], true, &keys));
        assert_non_null(keys);
        ticket_keys_release(keys);
    }
    http_lab_turn(&lab, 10);
    assert_int_equal(lab.requests, 1);
}

static void test_leaving_at_each_stage(void **state)
{
    for (unsigned turns = 0; turns < 12; turns++) {
        struct asker asker;
        struct ticket_keys *keys;
        play(answer_of("404 Not Found", ""));
        if (!ask(&asker, true, &keys))
            fail_msg("no fetch may begin");
        http_lab_turn(&lab, turns);
        unsigned calls = asker.calls;
        if (calls == 0)
            ticket_key_url_leave(url, &asker.wait);
        for (unsigned i = 0; i < 20; i++)
            http_lab_turn(&lab, 1);
        assert_int_equal(asker.calls, calls);
        while (lab.requests == 0)
            http_lab_turn(&lab, 1);
        http_lab_turn(&lab, 20);
    }
}

/* A fetch holds what it needs. */
static void test_a_url_that_nobody_wants_any_more(void **state)
{
    struct asker asker;
    struct ticket_keys *keys;
    play(NULL);
    assert_true(ask(&asker, false, &keys));
    ticket_key_url_leave(url, &asker.wait);
    ticket_key_url_release(url);
    http_origin_release(origin);
    url = NULL;
    origin = NULL;
}

static void test_without_memory(void **state)
{
    if (!JSON_VALUE_IS_BUILT_IN)
        skip();
    play(answer_of("200 OK", SET));
    for (unsigned call = 1;; call++) {
        struct asker asker;
        struct ticket_keys *keys;
        failing_alloc_arm(call);
        bool waits = ask(&asker, true, &keys);
        while (waits && asker.calls == 0)
            uv_run(&lab.loop, UV_RUN_ONCE);
        bool failed = failing_alloc_disarm();
        ticket_keys_release(keys);
        if (!failed)
            break;
        assert_true(call < 500);
    }
    struct ticket_keys *keys = ticket_key_url_keys(url);
    assert_non_null(keys);
    ticket_keys_release(keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keys),
        TEST(test_answers_without_keys),
        TEST(test_an_algorithm),
        TEST(test_the_old_keys_stay),
        TEST(test_one_fetch_for_all),
        TEST(test_leaving_at_each_stage),
        TEST(test_a_url_that_nobody_wants_any_more),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
