/* Both protocols behind one interface: what is sent first, the longest request, and the wipe. */
#include "codec/tunnel/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct tunnel tunnel;

static void test_http(void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\nRFB";
    size_t used;
    assert_int_equal(
        tunnel_begin(&tunnel, &(struct tunnel_request){.host = SLICE("desk"), .port = 1}),
        TUNNEL_SEND);
    assert_int_equal(tunnel.out_length, strlen("CONNECT desk:1 HTTP/1.1\r\nHost: desk:1\r\n\r\n"));
    assert_int_equal(tunnel_read(&tunnel, (struct slice){answer, 10}, &used), TUNNEL_MORE);
    assert_int_equal(tunnel_read(&tunnel, slice_of(answer), &used), TUNNEL_OPEN);
    assert_int_equal(used, strlen(answer) - 3);
}

static void test_socks(void **state)
{
    size_t used;
    assert_int_equal(tunnel_begin(&tunnel, &(struct tunnel_request){.kind = TUNNEL_SOCKS5,
                                                                    .host = SLICE("desk"),
                                                                    .port = 1}),
                     TUNNEL_SEND);
    assert_int_equal(tunnel.out_length, 3);
    assert_int_equal(tunnel_read(&tunnel, SLICE("\5\0"), &used), TUNNEL_SEND);
    assert_int_equal(used, 2);
    assert_int_equal(tunnel.out_length, 11);
    assert_int_equal(tunnel_read(&tunnel, SLICE("\5\5"), &used), TUNNEL_FAILED);
    assert_string_equal(tunnel.fault.text, "answers: connection refused");
}

/* The longest name, user and password have room. */
static void test_the_longest_request(void **state)
{
    static char name[1024];
    memset(name, 'n', sizeof(name));
    struct tunnel_request request = {
        .host = {name, 255}, .port = 65535, .user = {name, 1000}, .password = {name, 23}};
    assert_int_equal(tunnel_begin(&tunnel, &request), TUNNEL_SEND);
    request.kind = TUNNEL_SOCKS5;
    request.user.len = 255;
    assert_int_equal(tunnel_begin(&tunnel, &request), TUNNEL_SEND);
}

static void test_a_request_that_cannot_be_made(void **state)
{
    struct tunnel_request request = {.host = SLICE("a b"), .port = 1};
    assert_int_equal(tunnel_begin(&tunnel, &request), TUNNEL_FAILED);
    assert_int_equal(tunnel.fault.reason, REASON_target_proxy_failed);
    request.kind = TUNNEL_SOCKS5;
    assert_int_equal(tunnel_begin(&tunnel, &request), TUNNEL_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_socks),
        cmocka_unit_test(test_the_longest_request),
        cmocka_unit_test(test_a_request_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
