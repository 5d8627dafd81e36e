/*
 * Requests of a client over a pair of sockets: in parts, pipelined, and whether the connection
 * stays after a refusal.
 */
#include "serve/stages/session_request.h"

#include "lib/client_lab.h"

#define GET CLIENT_LAB_GET

static int set_up(void **unused)
{
    struct config *config = client_lab_config();
    config->limits.max_connections = 1;
    client_lab_open(config);
    return 0;
}

static void test_one_request(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("302");
    client_lab_send(GET("/desk"));
    client_lab_expect("302");
}

static void test_a_head_in_parts(void **unused)
{
    client_lab_connect("GET /desk HT");
    client_lab_expect("");
    client_lab_send("TP/1.1\r\nHost: h");
    client_lab_expect("");
    client_lab_send("ere\r\n\r\n");
    client_lab_expect("302");
}

static void test_requests_at_once_are_answered_in_order(void **unused)
{
    client_lab_connect(GET("/desk") GET("/nothing") GET("/desk"));
    client_lab_turn();
    client_lab_expect("302 404 302");
}

static void test_more_requests_than_a_turn_takes(void **unused)
{
    char text[4096] = "";
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", GET("/desk"));
    client_lab_connect(text);
    for (int i = 0; i < 40; i++)
        client_lab_turn();
    char *at = client_lab_receive();
    int count = 0;
    for (; (at = strstr(at, "HTTP/1.1 302")); at++)
        count++;
    assert_int_equal(count, 40);
}

static void test_a_request_that_is_refused_leaves_the_connection(void **unused)
{
    client_lab_connect(GET("/nothing"));
    client_lab_expect("404");
    client_lab_send("PUT /desk HTTP/1.1\r\nHost: here\r\n\r\n");
    client_lab_expect("405");
    client_lab_send(GET("/desk"));
    client_lab_expect("302");
}

static void test_the_last_request_ends_the_connection(void **unused)
{
    client_lab_connect(
        "GET /desk HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n" GET("/desk"));
    client_lab_expect("302.");
}

static void test_an_upgrade_that_is_refused_ends_the_connection(void **unused)
{
    client_lab_connect("GET /other HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n");
    client_lab_expect("400.");
}

static void test_a_malformed_request_ends_the_connection(void **unused)
{
    client_lab_connect("GET  /desk\r\n\r\n");
    client_lab_expect("400.");
}

static void test_over_a_limit_the_request_is_not_read(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("302");
    int first = client_lab.peer;
    client_lab_connect(GET("/desk"));
    client_lab_expect("503.");
    close(first);
}

static void test_a_client_that_leaves_between_requests(void **unused)
{
    client_lab_connect(GET("/desk"));
    assert_int_equal(shutdown(client_lab.peer, SHUT_WR), 0);
    client_lab_turn();
    assert_true(list_empty(&client_lab.env.sessions));
    assert_int_equal(client_lab_ended(REASON_answered), 1);
}

static void test_a_client_that_leaves_within_a_head(void **unused)
{
    client_lab_connect("GET /de");
    assert_int_equal(shutdown(client_lab.peer, SHUT_WR), 0);
    client_lab_turn();
    assert_true(list_empty(&client_lab.env.sessions));
    assert_int_equal(client_lab_ended(REASON_handshake_eof), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, client_lab_close)
    const struct CMUnitTest tests[] = {
        TEST(test_one_request),
        TEST(test_a_head_in_parts),
        TEST(test_requests_at_once_are_answered_in_order),
        TEST(test_more_requests_than_a_turn_takes),
        TEST(test_a_request_that_is_refused_leaves_the_connection),
        TEST(test_the_last_request_ends_the_connection),
        TEST(test_an_upgrade_that_is_refused_ends_the_connection),
        TEST(test_a_malformed_request_ends_the_connection),
        TEST(test_over_a_limit_the_request_is_not_read),
        TEST(test_a_client_that_leaves_between_requests),
        TEST(test_a_client_that_leaves_within_a_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
