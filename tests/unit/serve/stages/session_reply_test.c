/*
 * Answers of a session over a pair of sockets: pending, too late, for a client that has gone, to a
 * client that does not read.
 */
#include "serve/stages/session_reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "serve/http/reply.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_lingering.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/stages/session.h"

static uv_loop_t loop;
static struct session_env env;
static struct config config;
static struct site site;
static struct site_listener listener;
static struct config_listener config_listener;
static struct session *session;
static int peer;
static unsigned events, released;

static void release_cb(struct session_env *unused)
{
    (void)unused;
    released++;
}

static void deadline_cb(struct deadline *deadline)
{
    struct session *own = WSL_CONTAINER(deadline, struct session, deadline);
    if (own->state == LIFE_DEAD)
        session_end_free(own);
    else if (own->state == LIFE_LINGERING)
        session_lingering_tick(own);
    else
        session_reply_tick(own);
}

static void client_cb(void *owner, unsigned ready)
{
    struct session *own = owner;
    events++;
    if (ready & WATCH_BROKEN)
        session_end_now(own, REASON_client_reset);
    else if (own->state == LIFE_REPLYING)
        session_reply_turn(own);
    else if (own->state == LIFE_LINGERING)
        session_lingering_turn(own, ready);
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    env = (struct session_env){.loop = &loop, .on_release = release_cb};
    assert_true(watch_set_open(&env.watches, &loop));
    watch_set_unref(&env.watches);
    timers_open(&env.timers, &loop, deadline_cb);
    assert_true(session_env_open(&env));
    snprintf(listener.name, sizeof(listener.name), "here");
    config = (struct config){.listeners = &config_listener, .listener_count = 1};
    config.limits.reply_timeout_ms = 400;
    config.limits.keep_alive_ms = 60000;
    config.limits.close_timeout_ms = 300;
    site = (struct site){.config = &config, .listeners = &listener};
    return 0;
}

static int tear_down(void **unused)
{
    watch_set_close(&env.watches);
    timers_close(&env.timers);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    session_env_close(&env);
    return 0;
}

/* A session in HEAD whose request has just been admitted. */
static void begin(bool keep)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    peer = pair[1];
    released = 0;
    atomic_init(&site.references, 1000);
    session = calloc(1, sizeof(*session));
    assert_non_null(session);
    session->entry = calloc(1, sizeof(*session->entry));
    assert_non_null(session->entry);
    session->env = &env;
    session->site = &site;
    session->fd = pair[0];
    session->state = LIFE_HEAD;
    session->client = plain_init(&session->client_plain, pair[0], &transport_client);
    session->client_watch = watch_open(&env.watches, pair[0], WATCH_READ, client_cb, session);
    assert_non_null(session->client_watch);
    session->entry->keep = keep;
    assert_true(timers_promise(&env.timers));
    list_append(&env.sessions, &session->link);
    session_env_hold(&env);
}

static void turn(void)
{
    watch_set_ref(&env.watches);
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    watch_set_unref(&env.watches);
}

static void end(void)
{
    if (released == 0 && session->state != LIFE_DEAD)
        session_end_now(session, REASON_shutdown);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(released, 1);
    assert_int_equal(env.live, 0);
    close(peer);
}

static void expect_received(const char *status, const char *rest)
{
    char text[4096];
    ssize_t n = recv(peer, text, sizeof(text) - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_ptr_equal(strstr(text, status), text);
    assert_non_null(strstr(text, rest));
}

static const struct reply hello = {.status = 200, .body = {REPLY_STATIC, "hello", NULL, 0, 0, 5}};

static void test_at_once(void **unused)
{
    begin(true);
    session_reply_send(session, &hello);
    assert_int_equal(session->state, LIFE_HEAD);
    assert_int_equal(session_entry_outcome(session), REASON_answered);
    expect_received("HTTP/1.1 200 OK\r\n", "\r\n\r\nhello");
    assert_int_equal(metrics_read(&env.metrics.counter[METRICS_requests_2xx]), 1);
    end();
}

static void test_the_last(void **unused)
{
    begin(false);
    session_reply_send(session, &hello);
    assert_int_equal(session->state, LIFE_LINGERING);
    expect_received("HTTP/1.1 200 OK\r\n", "\r\nConnection: close\r\n");
    char byte;
    assert_int_equal(recv(peer, &byte, 1, 0), 0);
    shutdown(peer, SHUT_WR);
    turn();
    assert_int_equal(released, 1);
    end();
}

static void test_later(void **unused)
{
    begin(true);
    struct session_wait *wait = session_reply_wait(session);
    assert_non_null(wait);
    assert_int_equal(session->state, LIFE_WAITING);
    turn();
    char byte;
    assert_int_equal(recv(peer, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_false(session_reply_is_abandoned(wait));
    session_reply_resume(wait, &hello);
    assert_int_equal(session->state, LIFE_HEAD);
    expect_received("HTTP/1.1 200 OK\r\n", "\r\n\r\nhello");
    end();
}

/* Later requests stay in the socket. */
static void test_nothing_is_read_while_waiting(void **unused)
{
    begin(true);
    struct session_wait *wait = session_reply_wait(session);
    assert_non_null(wait);
    assert_int_equal(send(peer, "GET /", 5, 0), 5);
    shutdown(peer, SHUT_WR);
    turn();
    events = 0;
    turn();
    assert_int_equal(events, 0);
    assert_int_equal(session->state, LIFE_WAITING);
    session_reply_resume(wait, &hello);
    expect_received("HTTP/1.1 200 OK\r\n", "\r\n\r\nhello");
    end();
}

static void test_the_client_goes_before_its_answer(void **unused)
{
    begin(true);
    struct session_wait *wait = session_reply_wait(session);
    assert_non_null(wait);
    close(peer);
    turn();
    peer = dup(0);
    if (session->state != LIFE_DEAD) /* a pair of Unix sockets may report it as a half-close */
        session_end_now(session, REASON_client_reset);
    assert_true(session_reply_is_abandoned(wait));
    turn();
    char *body = malloc(10);
    session_reply_resume(wait, &(struct reply){.status = 200, .body = reply_owned(body, 10)});
    end();
}

static void test_the_answer_does_not_come(void **unused)
{
    begin(true);
    struct session_wait *wait = session_reply_wait(session);
    assert_non_null(wait);
    while (session->state == LIFE_WAITING)
        uv_run(&loop, UV_RUN_ONCE);
    expect_received("HTTP/1.1 503 Service Unavailable\r\n", "The answer took too long\n");
    assert_int_equal(session->state, LIFE_LINGERING);
    assert_true(session_reply_is_abandoned(wait));
    session_reply_resume(wait, &hello);
    end();
}

/* Deadline and answer both came while the loop was not running. */
static void test_an_answer_in_the_last_turn(void **unused)
{
    for (int round = 0; round < 2; round++) {
        begin(true);
        struct session_wait *wait = session_reply_wait(session);
        assert_non_null(wait);
        session_reply_tick(session);
        assert_int_equal(session->state, LIFE_WAITING);
        session_reply_resume(wait, &hello);
        expect_received("HTTP/1.1 200 OK\r\n", "\r\n\r\nhello");
        assert_int_equal(session->state, LIFE_HEAD);
        end();
    }
}

static void count_cb(void *producer)
{
    ++*(unsigned *)producer;
}

/* Once, for each way to end; never when the answer is there. */
static void test_the_producer_is_notified(void **unused)
{
    for (int way = 0; way < 3; way++) {
        unsigned told = 0;
        begin(true);
        struct session_wait *wait = session_reply_wait(session);
        assert_non_null(wait);
        wait->abandoned = count_cb;
        wait->producer = &told;
        if (way == 1) {
            session_reply_tick(session);
            assert_int_equal(told, 0); /* its answer may be pending in the loop */
            session_reply_tick(session);
        }
        if (way == 2)
            session_end_now(session, REASON_client_reset);
        assert_int_equal(told, way == 0 ? 0 : 1);
        session_reply_resume(wait, &hello);
        end();
        assert_int_equal(told, way == 0 ? 0 : 1);
    }
}

/* If the pool has read the token's file while the process was stopped, the next turn gets it. */
static void test_a_token_may_come_in_the_last_turn(void **unused)
{
    begin(true);
    struct session_wait wait = {.session = session};
    session->entry->wait = &wait;
    session_state_step(session, LIFE_LOOK_UP);
    session_deadline_cb(&session->deadline);
    assert_int_equal(session->state, LIFE_LOOKING_UP);
    assert_true(deadline_is_set(&session->deadline));
    timers_stop(&env.timers, &session->deadline);
    session_deadline_cb(&session->deadline);
    expect_received("HTTP/1.1 503 Service Unavailable\r\n", "");
    end();
}

static void test_told_to_be_the_last_while_waiting(void **unused)
{
    begin(true);
    struct session_wait *wait = session_reply_wait(session);
    assert_non_null(wait);
    session_reply_make_last(session);
    assert_true(session_reply_is_last(session));
    session_reply_resume(wait, &hello);
    expect_received("HTTP/1.1 200 OK\r\n", "\r\nConnection: close\r\n");
    end();
}

static void test_a_client_that_does_not_read(void **unused)
{
    static char large[4 << 20];
    begin(true);
    session_reply_send(
        session,
        &(struct reply){.status = 200, .body = reply_static((struct slice){large, sizeof(large)})});
    assert_int_equal(session->state, LIFE_REPLYING);
    uint64_t began = uv_now(&loop);
    while (released == 0) /* it may be freed in the turn that ends it */
        uv_run(&loop, UV_RUN_ONCE);
    assert_in_range(uv_now(&loop) - began, 400, 5000);
    end();
}

/* Others who type do not wait behind a large answer. */
static void test_a_large_answer_is_bulk(void **unused)
{
    const size_t length = (size_t)4 << 20;
    begin(true);
    session_reply_send(
        session, &(struct reply){.status = 200, .body = reply_owned(calloc(1, length), length)});
    assert_int_equal(session->state, LIFE_REPLYING);
    assert_false(watch_is_bulk(session->client_watch));
    char *all = malloc(length);
    assert_non_null(all);
    assert_true(recv(peer, all, length, 0) > 0);
    turn();
    assert_int_equal(session->state, LIFE_REPLYING);
    assert_true(watch_is_bulk(session->client_watch));
    free(all);
    end();
}

static void test_without_memory(void **unused)
{
    begin(true);
    failing_alloc_arm(1);
    assert_null(session_reply_wait(session));
    assert_true(failing_alloc_disarm());
    expect_received("HTTP/1.1 503 Service Unavailable\r\n", "Out of memory\n");
    end();

    begin(true);
    failing_alloc_arm(1);
    session_reply_send(session, &hello);
    assert_true(failing_alloc_disarm());
    assert_int_equal(session->state, LIFE_DEAD);
    end();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_at_once),
        TEST(test_the_last),
        TEST(test_later),
        TEST(test_nothing_is_read_while_waiting),
        TEST(test_the_client_goes_before_its_answer),
        TEST(test_the_answer_does_not_come),
        TEST(test_an_answer_in_the_last_turn),
        TEST(test_the_producer_is_notified),
        TEST(test_a_token_may_come_in_the_last_turn),
        TEST(test_told_to_be_the_last_while_waiting),
        TEST(test_a_client_that_does_not_read),
        TEST(test_a_large_answer_is_bulk),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
