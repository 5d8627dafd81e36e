/* Sessions in each state that are ended from outside: gracefully, in parts, all at once. */
#include "serve/stages/session_drain.h"

#include "lib/client_lab.h"
#include "lib/loopback.h"
#include "serve/http/reply.h"
#include "serve/stages/session_reply.h"

#define GET CLIENT_LAB_GET

#define UPGRADE                                                                                    \
    "GET /other HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"      \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static struct loopback server;

static int set_up(void **unused)
{
    server = loopback_open();
    struct config *config = client_lab_config();
    client_lab.lab.targets[2].address.port = server.port;
    client_lab_open(config);
    return 0;
}

static int tear_down(void **unused)
{
    loopback_close(&server);
    return client_lab_close(unused);
}

static void drain(enum reason reason)
{
    session_drain_one(client_lab_session(), reason);
    client_lab_turn();
}

static void test_before_a_request(void **unused)
{
    client_lab_connect("");
    assert_int_equal(client_lab_session()->state, LIFE_HEAD);
    drain(REASON_shutdown);
    client_lab_expect(".");
    assert_int_equal(client_lab_ended(REASON_shutdown), 1);
}

static void test_within_a_head(void **unused)
{
    client_lab_connect("GET /de");
    drain(REASON_shutdown);
    client_lab_expect("503.");
    shutdown(client_lab.peer, SHUT_WR);
    client_lab_turn();
    assert_int_equal(client_lab_ended(REASON_shutdown), 1);
}

static void test_between_requests(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("302");
    drain(REASON_shutdown);
    client_lab_expect(".");
    assert_int_equal(client_lab_ended(REASON_answered), 1);
}

/* A slow reader gets the rest of its answer. */
static void test_between_requests_with_an_unread_answer(void **unused)
{
    client_lab_connect(GET("/desk"));
    drain(REASON_shutdown);
    assert_int_equal(client_lab_session()->state, LIFE_LINGERING);
    client_lab_expect("302.");
    shutdown(client_lab.peer, SHUT_WR);
    client_lab_turn();
    assert_int_equal(client_lab_ended(REASON_answered), 1);
}

static void test_an_operator_ends_an_idle_connection(void **unused)
{
    client_lab_connect(GET("/desk"));
    drain(REASON_killed);
    client_lab_expect("302.");
    assert_int_equal(client_lab_ended(REASON_killed), 1);
}

/* The connection stays until the answer is sent, which is then the last. */
static void test_a_pending_answer(void **unused)
{
    const struct reply reply = {.status = 200, .body = reply_static(SLICE("late"))};
    client_lab_connect("");
    struct session *session = client_lab_session();
    session->entry->keep = true;
    struct session_wait *wait = session_reply_wait(session);
    assert_non_null(wait);
    drain(REASON_shutdown);
    client_lab_expect("");
    assert_int_equal(session_drain_some(&client_lab.env, 9), 0);
    session_reply_resume(wait, &reply);
    client_lab_expect("200.");
}

static void test_a_pending_answer_is_killed(void **unused)
{
    const struct reply reply = {.status = 200, .body = reply_static(SLICE("late"))};
    client_lab_connect("");
    struct session_wait *wait = session_reply_wait(client_lab_session());
    assert_non_null(wait);
    drain(REASON_killed);
    client_lab_expect(".");
    assert_int_equal(client_lab_ended(REASON_killed), 1);
    session_reply_resume(wait, &reply);
}

static void test_a_dial(void **unused)
{
    loopback_fill_backlog(&server);
    client_lab_connect(UPGRADE);
    assert_int_equal(client_lab_session()->state, LIFE_DIALLING);
    drain(REASON_shutdown);
    client_lab_expect("503.");
}

static void test_an_open_session(void **unused)
{
    loopback_listen(&server);
    client_lab_connect(UPGRADE);
    for (int i = 0; i < 100 && client_lab_session()->state == LIFE_DIALLING; i++)
        client_lab_turn();
    assert_int_equal(client_lab_session()->state, LIFE_OPEN);
    client_lab_expect("101");
    drain(REASON_shutdown);
    assert_int_equal(client_lab_session()->state, LIFE_CLOSING);
    const uint8_t *frame = (const uint8_t *)client_lab_receive();
    assert_int_equal(frame[0], 0x88);
    assert_int_equal(frame[2] << 8 | frame[3], 1001);
    drain(REASON_killed); /* it ends already */
    assert_int_equal(client_lab_session()->state, LIFE_CLOSING);
    assert_string_equal(client_lab_receive(), "");
}

static void test_some_at_a_time(void **unused)
{
    int peers[3];
    for (int i = 0; i < 3; i++) {
        client_lab_connect("");
        peers[i] = client_lab.peer;
    }
    assert_int_equal(session_drain_some(&client_lab.env, 2), 2);
    assert_int_equal(client_lab_ended(REASON_shutdown), 2);
    assert_int_equal(session_drain_some(&client_lab.env, 2), 1);
    assert_int_equal(session_drain_some(&client_lab.env, 2), 0);
    assert_true(list_empty(&client_lab.env.sessions));
    close(peers[0]);
    close(peers[1]);
}

static void test_those_that_end_are_skipped(void **unused)
{
    client_lab_connect("GET /de");
    assert_int_equal(session_drain_some(&client_lab.env, 9), 1);
    assert_int_equal(client_lab_session()->state, LIFE_LINGERING);
    assert_int_equal(session_drain_some(&client_lab.env, 9), 0);
}

static void test_retiring_ends_idle_connections(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("302");
    session_drain_retire(&client_lab.env);
    client_lab_expect(".");
    assert_true(list_empty(&client_lab.env.sessions));
}

static void test_retiring_makes_the_next_answer_the_last(void **unused)
{
    client_lab_connect("");
    session_drain_retire(&client_lab.env);
    client_lab_expect("");
    client_lab_send(GET("/desk"));
    client_lab_expect("302.");
}

static void test_all_at_once(void **unused)
{
    client_lab_connect(GET("/desk"));
    int first = client_lab.peer;
    client_lab_connect("GET /de");
    session_drain_kill(&client_lab.env, REASON_drained);
    assert_true(list_empty(&client_lab.env.sessions));
    assert_int_equal(client_lab_ended(REASON_drained), 2);
    close(first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_before_a_request),
        TEST(test_within_a_head),
        TEST(test_between_requests),
        TEST(test_between_requests_with_an_unread_answer),
        TEST(test_an_operator_ends_an_idle_connection),
        TEST(test_a_pending_answer),
        TEST(test_a_pending_answer_is_killed),
        TEST(test_a_dial),
        TEST(test_an_open_session),
        TEST(test_some_at_a_time),
        TEST(test_those_that_end_are_skipped),
        TEST(test_retiring_ends_idle_connections),
        TEST(test_retiring_makes_the_next_answer_the_last),
        TEST(test_all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
