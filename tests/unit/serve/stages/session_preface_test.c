/* The first bytes of a connection: PROXY headers whole, in parts, missing; TLS or plain. */
#include "serve/stages/session_preface.h"

#include "lib/client_lab.h"
#include "lib/pki.h"

#define GET    CLIENT_LAB_GET
#define HEADER "PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n"

/* 10.0.0.0/8 */
static const struct config_cidr proxies[] = {{{[10] = 0xff, [11] = 0xff, [12] = 10}, 104}};

static void open_with(enum config_proxy_protocol protocol)
{
    struct config *config = client_lab_config();
    client_lab.lab.listeners[0].proxy_protocol = protocol;
    client_lab.lab.listeners[0].trusted_proxies = (struct config_cidrs){proxies, 1};
    client_lab_open(config);
    assert_true(addr_parse(&client_lab.address, "10.0.0.2", 1000));
}

static int set_up(void **unused)
{
    open_with(CONFIG_PROXY_REQUIRE);
    return 0;
}

static int set_up_accept(void **unused)
{
    open_with(CONFIG_PROXY_ACCEPT);
    return 0;
}

static void expect_client(const char *address, uint16_t port)
{
    struct client_address client = client_lab_session()->client_address;
    char text[IP_TEXT];
    assert_true(client.known);
    ip_print(client.ip.address, text);
    assert_string_equal(text, address);
    assert_int_equal(client.ip.port, port);
}

static void expect_ended(enum reason reason)
{
    client_lab_expect(".");
    assert_int_equal(client_lab_ended(reason), 1);
}

/* ---- the PROXY header ---- */

static void test_a_header_and_a_request(void **unused)
{
    client_lab_connect(HEADER GET("/desk"));
    client_lab_expect("302");
    expect_client("192.0.2.7", 4711);
}

static void test_a_header_byte_by_byte(void **unused)
{
    char byte[2] = "";
    client_lab_connect("");
    assert_false(session_preface_has_partial_header(client_lab_session()));
    for (const char *at = HEADER; *at; at++) {
        byte[0] = *at;
        client_lab_send(byte);
        assert_int_equal(session_preface_has_partial_header(client_lab_session()), at[1] != '\0');
    }
    client_lab_send(GET("/desk"));
    client_lab_expect("302");
    expect_client("192.0.2.7", 4711);
}

static void test_a_header_without_an_address(void **unused)
{
    client_lab_connect("PROXY UNKNOWN\r\n" GET("/desk"));
    client_lab_expect("302");
    expect_client("10.0.0.2", 1000);
}

static void test_a_malformed_header(void **unused)
{
    client_lab_connect("PROXY TCP4 no address\r\n" GET("/desk"));
    expect_ended(REASON_proxy_malformed);
}

static void test_a_required_header_is_missing(void **unused)
{
    client_lab_connect(GET("/desk"));
    expect_ended(REASON_proxy_missing);
}

static void test_an_optional_header_is_missing(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("302");
    expect_client("10.0.0.2", 1000);
}

/* Its first byte has left the socket by then, so the request cannot be read any more. */
static void test_a_request_that_begins_as_a_header(void **unused)
{
    client_lab_connect("P");
    client_lab_send("UT /desk HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_ended(REASON_proxy_missing);
}

static void test_a_required_header_of_an_untrusted_peer(void **unused)
{
    assert_true(addr_parse(&client_lab.address, "11.0.0.2", 1000));
    client_lab_connect(HEADER GET("/desk"));
    expect_ended(REASON_proxy_untrusted);
}

static void test_an_optional_header_of_an_untrusted_peer(void **unused)
{
    assert_true(addr_parse(&client_lab.address, "11.0.0.2", 1000));
    client_lab_connect(HEADER GET("/desk"));
    client_lab_expect("400.");
}

static void test_a_client_that_leaves(void **unused)
{
    client_lab_connect("");
    shutdown(client_lab.peer, SHUT_WR);
    client_lab_turn();
    expect_ended(REASON_silent);
    close(client_lab.peer);
    client_lab_connect("PROXY");
    shutdown(client_lab.peer, SHUT_WR);
    client_lab_turn();
    expect_ended(REASON_handshake_eof);
}

/* ---- TLS or plain ---- */

static struct pki pki;

/* `most`: connections that are admitted. */
static void open_tls(enum config_tls_mode mode, uint32_t most)
{
    struct config *config = client_lab_config();
    pki_create(&pki);
    pki_write_leaf(&pki, "leaf.pem", "localhost", "DNS:localhost");
    struct pki_path path = pki_path(&pki, "leaf.pem");
    struct config_certificate certificate = {.certificate = path.text};
    struct config_tls *tls = &client_lab.lab.listeners[0].tls;
    tls->mode = mode;
    tls->certificates = &certificate;
    tls->certificate_count = 1;
    tls->min_version = CONFIG_TLS_1_2;
    config->limits.max_connections = most;
    client_lab_open(config);
    pki_remove(&pki);
}

static int set_up_required(void **unused)
{
    open_tls(CONFIG_TLS_REQUIRED, 0);
    return 0;
}

static int set_up_optional(void **unused)
{
    open_tls(CONFIG_TLS_OPTIONAL, 1);
    return 0;
}

static void test_plain_where_tls_is_required(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("400.");
    shutdown(client_lab.peer, SHUT_WR);
    client_lab_turn();
    assert_int_equal(client_lab_ended(REASON_tls_required), 1);
}

static void test_another_protocol_where_tls_is_required(void **unused)
{
    client_lab_connect("220 mail.example.com\r\n");
    expect_ended(REASON_tls_required);
}

static void test_the_first_byte_of_tls(void **unused)
{
    client_lab_connect("\x16");
    assert_int_equal(client_lab_session()->state, LIFE_TLS);
}

static void test_plain_where_tls_is_optional(void **unused)
{
    client_lab_connect(GET("/desk"));
    client_lab_expect("302");
}

/* Over a limit: a status costs nothing without TLS, and a handshake with it. */
static void test_over_a_limit(void **unused)
{
    client_lab_connect(GET("/desk"));
    int first = client_lab.peer;
    client_lab_connect(GET("/desk"));
    client_lab_expect("503.");
    close(client_lab.peer);
    client_lab_connect("\x16");
    client_lab_expect(".");
    close(first);
}

int main(void)
{
#define TEST(name, up) cmocka_unit_test_setup_teardown(name, up, client_lab_close)
    const struct CMUnitTest tests[] = {
        TEST(test_a_header_and_a_request, set_up),
        TEST(test_a_header_byte_by_byte, set_up),
        TEST(test_a_header_without_an_address, set_up),
        TEST(test_a_malformed_header, set_up),
        TEST(test_a_required_header_is_missing, set_up),
        TEST(test_an_optional_header_is_missing, set_up_accept),
        TEST(test_a_request_that_begins_as_a_header, set_up_accept),
        TEST(test_a_required_header_of_an_untrusted_peer, set_up),
        TEST(test_an_optional_header_of_an_untrusted_peer, set_up_accept),
        TEST(test_a_client_that_leaves, set_up),
        TEST(test_plain_where_tls_is_required, set_up_required),
        TEST(test_another_protocol_where_tls_is_required, set_up_required),
        TEST(test_the_first_byte_of_tls, set_up_required),
        TEST(test_plain_where_tls_is_optional, set_up_optional),
        TEST(test_over_a_limit, set_up_optional),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
