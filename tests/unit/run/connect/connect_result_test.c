/* What a user reads at the end, and what a script gets as the exit status. */
#include "run/connect/connect_result.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char line[CONNECT_RESULT_LINE];

static void expect(const struct connect_result *result, int status, const char *text)
{
    struct connect_result judged = *result;
    if (!judged.detail)
        judged.detail = "";
    assert_int_equal(connect_result_judge(&judged, line), status);
    assert_string_equal(line, text);
}

#define EXPECT(status, text, ...) expect(&(struct connect_result){__VA_ARGS__}, status, text)

static void test_clean_ends_are_silent(void **unused)
{
    EXPECT(0, "", .reason = REASON_target_closed, .closed = true, .code = 1000);
    EXPECT(0, "", .reason = REASON_target_closed, .closed = true, .code = 0);
    EXPECT(0, "", .reason = REASON_client_eof);
}

static void test_a_close_is_told_with_its_words(void **unused)
{
    EXPECT(1, "closed by the server: 1011 Target refused the connection",
           .reason = REASON_target_closed, .closed = true, .code = 1011,
           .text = SLICE("Target refused the connection"));
    EXPECT(1, "closed by the server: 1001", .reason = REASON_target_closed, .closed = true,
           .code = 1001);
    EXPECT(1, "closed by the server: 4000 a?b??", .reason = REASON_target_closed, .closed = true,
           .code = 4000, .text = SLICE("a\033b\xC3\xA9"));
}

static void test_each_stage_is_named(void **unused)
{
    EXPECT(1, "name look-up failed: gate: no such name", .reason = REASON_target_unresolved,
           .detail = "gate: no such name");
    EXPECT(1, "connection failed: Target refused the connection", .reason = REASON_target_refused);
    EXPECT(1, "TLS failed: gate:443: certificate has expired", .reason = REASON_target_untrusted,
           .detail = "gate:443: certificate has expired");
    EXPECT(1, "WebSocket handshake failed: gate:80: HTTP 403 Forbidden",
           .reason = REASON_target_upgrade, .detail = "gate:80: HTTP 403 Forbidden");
    EXPECT(1, "proxy failed: The proxy refuses to connect to the target",
           .reason = REASON_target_proxy_refused);
    EXPECT(1, "session failed: Target hung up without a Close frame", .reason = REASON_target_eof);
}

static void test_a_remedy_is_told_where_there_is_one(void **unused)
{
    EXPECT(1, "TLS failed: the key sha256//x is not one of the pinned keys; see --pin",
           .reason = REASON_target_untrusted,
           .detail = "the key sha256//x is not one of the pinned keys");
    EXPECT(1, "TLS failed: gate:443: self-signed certificate; if you trust it, see --ca and --pin",
           .reason = REASON_target_untrusted, .detail = "gate:443: self-signed certificate");
    EXPECT(1, "TLS failed: gate:443: hostname mismatch; it is of another name: see --server-name",
           .reason = REASON_target_untrusted, .detail = "gate:443: hostname mismatch");
    EXPECT(1,
           "TLS failed: gate:22: wrong version number; "
           "this port speaks no TLS: write ws:// or another port",
           .reason = REASON_target_tls, .detail = "gate:22: wrong version number");
    EXPECT(1,
           "WebSocket handshake failed: gate:443: HTTP 400 Bad Request; "
           "if this port speaks TLS, write wss://",
           .reason = REASON_target_upgrade, .detail = "gate:443: HTTP 400 Bad Request");
    EXPECT(1,
           "WebSocket handshake failed: gate:80: HTTP 401 Unauthorized; "
           "see --user and --bearer-file",
           .reason = REASON_target_upgrade, .detail = "gate:80: HTTP 401 Unauthorized");
    EXPECT(1,
           "session failed: it hung up after the end of the input; "
           "if it drops its answer at a FIN, see --eof=wait",
           .reason = REASON_target_eof, .detail = "it hung up after the end of the input");
    EXPECT(1, "connection failed: gate: HTTP 401", .reason = REASON_target_refused,
           .detail = "gate: HTTP 401");
}

static void test_standard_output_fails(void **unused)
{
    EXPECT(1, "standard input or output failed: Broken pipe", .reason = REASON_client_reset,
           .error = EPIPE);
    EXPECT(1, "standard input or output failed: No space left on device",
           .reason = REASON_client_eof, .error = ENOSPC);
    EXPECT(1, "standard input or output failed: No space left on device",
           .reason = REASON_target_closed, .closed = true, .code = 1000, .error = ENOSPC);
}

static void test_a_signal_is_no_news(void **unused)
{
    EXPECT(1, "", .reason = REASON_shutdown, .signalled = true);
}

static void test_long_texts_are_cut(void **unused)
{
    static char text[2 * CONNECT_RESULT_LINE];
    memset(text, 'x', sizeof(text));
    const struct connect_result result = {.reason = REASON_target_closed,
                                          .detail = "",
                                          .closed = true,
                                          .code = 1011,
                                          .text = {text, sizeof(text)}};
    assert_int_equal(connect_result_judge(&result, line), 1);
    assert_int_equal(strlen(line), CONNECT_RESULT_LINE - 1);
    for (size_t length = CONNECT_RESULT_LINE - 80; length < CONNECT_RESULT_LINE; length++) {
        snprintf(text, length, "a: HTTP 401 %0*d", (int)length, 0);
        const struct connect_result cut = {.reason = REASON_target_upgrade, .detail = text};
        assert_int_equal(connect_result_judge(&cut, line), 1);
        assert_in_range(strlen(line), length, CONNECT_RESULT_LINE - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_ends_are_silent),
        cmocka_unit_test(test_a_close_is_told_with_its_words),
        cmocka_unit_test(test_each_stage_is_named),
        cmocka_unit_test(test_a_remedy_is_told_where_there_is_one),
        cmocka_unit_test(test_standard_output_fails),
        cmocka_unit_test(test_a_signal_is_no_news),
        cmocka_unit_test(test_long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
