#include "codec/ws/ws_handshake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" /* RFC 6455 section 1.3 */
#define ACCEPT  "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define GOOD    UPGRADE VERSION KEY

/* The verdict on a request; `out` is valid until the next call. */
static enum reason check_line(const char *line, const char *fields, struct ws_handshake *out)
{
    static const struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};
    static char text[4096];
    struct http_head head;
    size_t consumed;
    enum reason bad;
    int size = snprintf(text, sizeof(text), "%s\r\nHost: a\r\n%s\r\n", line, fields);
    assert_in_range(size, 1, sizeof(text) - 1);
    assert_int_equal(http_head_parse(&head, text, (size_t)size, &limits, &(struct http_scan){0},
                                     &consumed, &bad),
                     HTTP_HEAD);
    return ws_handshake_check(&head, out);
}

static void assert_check(const char *line, const char *fields, enum reason wanted)
{
    struct ws_handshake handshake;
    enum reason reason = check_line(line, fields, &handshake);
    if (reason != wanted)
        fail_msg("%s instead of %s for: %s\n%s", reason_row(reason)->name, reason_row(wanted)->name,
                 line, fields);
    if (reason == REASON_none)
        assert_memory_equal(handshake.accept, ACCEPT, WS_ACCEPT_LENGTH);
}

static void assert_fields(const char *fields, enum reason wanted)
{
    assert_check("GET / HTTP/1.1", fields, wanted);
}

static void test_accepts_valid_requests(void **state)
{
    assert_fields(GOOD, REASON_none);
    assert_fields("UPGRADE: WebSocket\r\nconnection: keep-alive, uPgRaDe\r\n" VERSION KEY,
                  REASON_none);
    assert_fields("Upgrade: h2c, websocket\r\nConnection: Upgrade, HTTP2-Settings\r\n" VERSION KEY,
                  REASON_none);
    assert_fields("Connection: keep-alive\r\nUpgrade: h2c\r\n" GOOD, REASON_none);
    assert_fields("sec-websocket-key: \t dGhlIHNhbXBsZSBub25jZQ== \t\r\n" UPGRADE VERSION,
                  REASON_none);
    assert_fields(GOOD "Content-Length: 0\r\nExpect: 100-continue\r\n", REASON_none);
}

static void test_refuses_in_the_documented_order(void **state)
{
    static const char body[] = GOOD "Content-Length: 1\r\n";
    assert_check("POST / HTTP/1.0", body, REASON_http_body);
    assert_fields(GOOD "Transfer-Encoding: chunked\r\n", REASON_http_body);
    assert_check("POST / HTTP/1.0", GOOD, REASON_http_method);
    assert_check("OPTIONS / HTTP/1.0", "", REASON_http_method);
    assert_check("GET / HTTP/1.0", "", REASON_http_not_upgrade);
    assert_check("GET / HTTP/1.0", "Connection: close\r\nUpgrade: websocket\r\n",
                 REASON_http_not_upgrade);
    assert_check("GET / HTTP/1.0", GOOD, REASON_ws_http_version);
    assert_check("GET / HTTP/1.0", UPGRADE, REASON_ws_http_version);
    assert_check("GET / HTTP/1.2", GOOD, REASON_none);
    assert_check("GET / HTTP/1.9", GOOD, REASON_none);
    assert_check("POST / HTTP/1.1", "", REASON_http_method);
    assert_check("HEAD / HTTP/1.1", GOOD, REASON_http_method);
    assert_check("get / HTTP/1.1", GOOD, REASON_http_method);
    assert_check("OPTIONS * HTTP/1.1", GOOD, REASON_http_method);
    assert_fields("", REASON_http_not_upgrade);
    assert_fields("Upgrade: websocket\r\n" VERSION KEY, REASON_http_not_upgrade);
    assert_fields("Connection: Upgrade\r\n" VERSION KEY, REASON_http_not_upgrade);
    assert_fields("Upgrade: websocket/13\r\nConnection: Upgrade\r\n" VERSION KEY,
                  REASON_http_not_upgrade);
    assert_fields("Upgrade: websocket\r\nConnection: Upgrade-Insecure\r\n" VERSION KEY,
                  REASON_http_not_upgrade);
}

static void test_version(void **state)
{
    static const char *const wrong[] = {"12", "8", "013", "13, 8", "130", "", "13;", "hybi"};
    assert_fields(UPGRADE KEY, REASON_ws_version);
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        char fields[300];
        snprintf(fields, sizeof(fields), UPGRADE KEY "Sec-WebSocket-Version: %s\r\n", wrong[i]);
        assert_fields(fields, REASON_ws_version);
    }
    assert_fields(GOOD VERSION, REASON_ws_header);
    assert_fields(UPGRADE VERSION "sec-websocket-version: 8\r\n" KEY, REASON_ws_header);
}

static void test_key(void **state)
{
    static const char *const wrong[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ",      /* no padding */
        "dGhlIHNhbXBsZSBub25jZR==",    /* stray bits */
        "dGhlIHNhbXBsZSBub25jZQ==, x", /* a list */
        "dGhlIHNhbXBs ZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25j",     /* 15 bytes */
        "dGhlIHNhbXBsZSBub25jZWU=", /* 17 bytes */
        "dGhlIHNhbXBsZSBub25jZWVl", /* 18 bytes */
        "????????????????????????",
        "dGhlIHNhbXBsZSBub25jZWVldGhlIHNhbXBsZSBub25jZWVldGhlIHNhbXBsZSBub25jZWVl",
    };
    assert_fields(UPGRADE VERSION, REASON_ws_key);
    assert_fields(GOOD KEY, REASON_ws_key);
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        char fields[300];
        snprintf(fields, sizeof(fields), UPGRADE VERSION "Sec-WebSocket-Key: %s\r\n", wrong[i]);
        assert_fields(fields, REASON_ws_key);
    }
}

static void assert_chosen(const char *fields, const char *wanted)
{
    struct ws_handshake handshake;
    assert_int_equal(check_line("GET / HTTP/1.1", fields, &handshake), REASON_none);
    assert_int_equal(handshake.subprotocol.ptr == NULL, wanted == NULL);
    if (wanted)
        assert_true(slice_equal(handshake.subprotocol, slice_of(wanted)));
}

static void test_chooses_a_subprotocol(void **state)
{
    assert_chosen(GOOD, NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol: binary\r\n", "binary");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: base64\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol: base64, binary\r\n", "binary");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: bearer.secret, mqtt\r\n", "mqtt");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: bearer.secret\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol: bearer\r\n", "bearer");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: mqtt,binary\r\n", "binary");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: base64 ,, mqtt, amqp\r\n", "mqtt");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: mqtt\r\nSEC-WEBSOCKET-PROTOCOL: binary\r\n",
                  "binary");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: Binary, mqtt\r\n", "Binary");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: binary2\r\n", "binary2");
}

static void test_takes_empty_subprotocols_for_none(void **state)
{
    assert_chosen(GOOD "Sec-WebSocket-Protocol:\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol: \t\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol: ,\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol:  , ,,\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol:\r\nSec-WebSocket-Protocol:\r\n", NULL);
    assert_chosen(GOOD "Sec-WebSocket-Protocol:\r\nSec-WebSocket-Protocol: mqtt\r\n", "mqtt");
    assert_chosen(GOOD "Sec-WebSocket-Protocol: ,binary,\r\n", "binary");
}

static void test_refuses_malformed_subprotocols(void **state)
{
    static const char *const values[] = {
        "a b",     ", ,a b",      "a;b",
        "\"a\"",   "mqtt, a/b",   "binary, binary",
        "a, b, a", "caf\xC3\xA9", "binary\r\nSec-WebSocket-Protocol: binary",
    };
    char fields[1000];
    for (size_t i = 0; i < WSL_COUNT(values); i++) {
        snprintf(fields, sizeof(fields), GOOD "Sec-WebSocket-Protocol: %s\r\n", values[i]);
        assert_fields(fields, REASON_ws_header);
    }
    for (unsigned offers = WS_SUBPROTOCOLS_MAX; offers <= WS_SUBPROTOCOLS_MAX + 1; offers++) {
        int size = snprintf(fields, sizeof(fields), GOOD "Sec-WebSocket-Protocol: p0");
        for (unsigned i = 1; i < offers; i++)
            size += snprintf(fields + size, sizeof(fields) - (size_t)size, ", p%u", i);
        snprintf(fields + size, sizeof(fields) - (size_t)size, "\r\n");
        assert_fields(fields, offers > WS_SUBPROTOCOLS_MAX ? REASON_ws_header : REASON_none);
    }
}

static void test_ignores_valid_extensions(void **state)
{
    static const char *const good[] = {
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate;server_max_window_bits=10 ; client_max_window_bits = \"15\", x-other",
        "a,,b;c;d=e",
        "a\r\nSec-WebSocket-Extensions: b",
        "",
    };
    static const char *const bad[] = {
        "a b", ";",       "a;",      "a;;b",    "a;=b",  "a;b=",        "a;b=\"\"",
        "a=b", "a;b=c=d", "a;b=\"c", "a;b=c d", "\"a\"", "a;b=\"c,d\"", "fine, b c",
    };
    char fields[500];
    for (size_t i = 0; i < WSL_COUNT(good); i++) {
        snprintf(fields, sizeof(fields), GOOD "Sec-WebSocket-Extensions: %s\r\n", good[i]);
        assert_fields(fields, REASON_none);
    }
    for (size_t i = 0; i < WSL_COUNT(bad); i++) {
        snprintf(fields, sizeof(fields), GOOD "Sec-WebSocket-Extensions: %s\r\n", bad[i]);
        assert_fields(fields, REASON_ws_header);
    }
}

/* base64 of 16 bytes is 24 characters, and ends in "==". */
static void test_keys_of_any_length(void **state)
{
    char fields[512], key[129];
    for (size_t length = 0; length < sizeof(key); length++) {
        memset(key, 'A', length);
        key[length] = '\0';
        snprintf(fields, sizeof(fields), UPGRADE VERSION "Sec-WebSocket-Key: %s\r\n", key);
        assert_fields(fields, REASON_ws_key);
    }
}

static void test_the_answer(void **state)
{
    static const char plain[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                "Server: wsluice\r\n"
                                "Upgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: " ACCEPT "\r\n";
    static const char chosen[] = "Sec-WebSocket-Protocol: binary\r\n";
    struct ws_handshake handshake;
    char answer[WS_ANSWER_MAX + sizeof("binary")], wanted[WS_ANSWER_MAX + sizeof("binary")];

    memcpy(handshake.accept, ACCEPT, WS_ACCEPT_LENGTH);
    for (unsigned round = 0; round < 2; round++) {
        handshake.subprotocol = round ? SLICE("binary") : (struct slice){0};
        int length = snprintf(wanted, sizeof(wanted), "%s%s\r\n", plain, round ? chosen : "");
        assert_true((size_t)length <= WS_ANSWER_MAX + handshake.subprotocol.len);
        for (size_t capacity = 0; capacity < (size_t)length; capacity++)
            assert_int_equal(ws_handshake_response(answer, capacity, &handshake, (struct slice){0}),
                             0);
        assert_int_equal(
            ws_handshake_response(answer, (size_t)length, &handshake, (struct slice){0}), length);
        assert_memory_equal(answer, wanted, length);
    }
}

static void test_the_answer_with_fields_of_a_route(void **state)
{
    struct ws_handshake handshake = {.subprotocol = SLICE("mqtt")};
    char answer[512];
    memcpy(handshake.accept, ACCEPT, WS_ACCEPT_LENGTH);
    size_t length =
        ws_handshake_response(answer, sizeof(answer) - 1, &handshake, SLICE("X-Desk: 7\r\n"));
    answer[length] = '\0';
    assert_non_null(strstr(answer, "Sec-WebSocket-Protocol: mqtt\r\nX-Desk: 7\r\n\r\n"));
}

static void test_prefers_the_subprotocols_of_a_route(void **state)
{
    static const char *const wanted[] = {"v2", "v1"};
    static const struct {
        const char *offers;
        struct slice chosen;
    } cases[] = {
        {"v1, v2", {"v2", 2}},
        {"binary, v1", {"v1", 2}},
        {"binary", {NULL, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ws_handshake handshake;
        struct http_head head;
        head.field_count = 1;
        head.fields[0] =
            (struct http_field){SLICE("Sec-WebSocket-Protocol"), slice_of(cases[i].offers)};
        assert_int_equal(ws_handshake_prefer(&head, wanted, 2, &handshake), REASON_none);
        assert_true(slice_equal(handshake.subprotocol, cases[i].chosen));
        assert_int_equal(!handshake.subprotocol.ptr, !cases[i].chosen.ptr);
    }
}

/* For a target that chooses itself. */
static void test_offers_without_secrets(void **state)
{
    static const char *const wanted[] = {"v2", "v1", "v2"};
    static const struct {
        const char *sent;
        size_t wanted_count;
        const char *offers;
    } cases[] = {
        {"", 0, ""},
        {"v1, v2,base64", 0, "v1 v2 base64 "},
        {"bearer.secret, v1", 0, "v1 "},
        {"v1, binary, v2", 2, "v2 v1 "},
        {"v2, v1", 3, "v2 v1 "},
        {"binary", 2, ""},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct slice offers[WS_SUBPROTOCOLS_MAX];
        struct http_head head;
        char text[64] = "";
        size_t count, length = 0;
        head.field_count = 1;
        head.fields[0] =
            (struct http_field){SLICE("Sec-WebSocket-Protocol"), slice_of(cases[i].sent)};
        assert_int_equal(ws_handshake_offers(&head, wanted, cases[i].wanted_count, offers, &count),
                         REASON_none);
        for (size_t k = 0; k < count; k++)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%.*s ",
                                       (int)offers[k].len, offers[k].ptr);
        assert_string_equal(text, cases[i].offers);
    }
}

/* Comes first. OpenSSL takes functions for memory only until it has allocated some. */
static void test_makes_no_tables_of_algorithms(void **state)
{
    char accept[WS_ACCEPT_LENGTH];
    assert_true(ws_handshake_accept(SLICE("dGhlIHNhbXBsZSBub25jZQ=="), accept));
    assert_memory_equal(accept, ACCEPT, sizeof(accept));
    assert_int_equal(CRYPTO_set_mem_functions(NULL, NULL, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_makes_no_tables_of_algorithms),
        cmocka_unit_test(test_accepts_valid_requests),
        cmocka_unit_test(test_refuses_in_the_documented_order),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_chooses_a_subprotocol),
        cmocka_unit_test(test_takes_empty_subprotocols_for_none),
        cmocka_unit_test(test_refuses_malformed_subprotocols),
        cmocka_unit_test(test_ignores_valid_extensions),
        cmocka_unit_test(test_keys_of_any_length),
        cmocka_unit_test(test_the_answer),
        cmocka_unit_test(test_the_answer_with_fields_of_a_route),
        cmocka_unit_test(test_prefers_the_subprotocols_of_a_route),
        cmocka_unit_test(test_offers_without_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
