/* SOCKS5: each message's bytes, and answers that are cut everywhere. */
#include "codec/tunnel/socks5.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct tunnel_request plain = {
    .kind = TUNNEL_SOCKS5, .host = {"desk", 4}, .port = 0x170C};
static const struct tunnel_request login = {.kind = TUNNEL_SOCKS5,
                                            .host = {"desk", 4},
                                            .port = 0x170C,
                                            .user = {"me", 2},
                                            .password = {"pass", 4}};

/* What happened when the proxy sent a text: all that was sent to it, and the end. */
struct talk {
    char sent[1024];
    size_t sent_length, used;
    enum tunnel_verdict verdict;
    struct tunnel_fault fault;
};

/* The bytes arrive `step` at a time, each time in memory of exactly that size. */
static void talk(struct talk *talk, const struct tunnel_request *request, struct slice text,
                 size_t step)
{
    struct socks5 socks;
    struct writer out = writer_to(talk->sent, sizeof(talk->sent));
    memset(talk, 0, sizeof(*talk));
    assert_true(socks5_begin(&socks, request, &out));
    for (size_t end = size_min(step, text.len);;) {
        size_t length = end - talk->used, used;
        char *exact = malloc(length ? length : 1);
        assert_non_null(exact);
        memcpy(exact, text.ptr + talk->used, length);
        talk->verdict =
            socks5_read(&socks, request, (struct slice){exact, length}, &used, &out, &talk->fault);
        free(exact);
        assert_true(used <= length);
        talk->used += used;
        if (talk->verdict == TUNNEL_OPEN || talk->verdict == TUNNEL_FAILED)
            break;
        if (talk->verdict == TUNNEL_MORE && end == text.len)
            break;
        assert_int_equal(used != 0, talk->verdict == TUNNEL_SEND);
        if (talk->verdict == TUNNEL_MORE)
            end += size_min(step, text.len - end);
    }
    assert_false(out.overflow);
    talk->sent_length = out.length;
}

static void talk_cut(struct talk *whole, const struct tunnel_request *request, struct slice text)
{
    struct talk part;
    talk(whole, request, text, text.len ? text.len : 1);
    for (size_t step = 1; step < text.len; step++) {
        talk(&part, request, text, step);
        assert_int_equal(part.verdict, whole->verdict);
        assert_int_equal(part.used, whole->used);
        assert_int_equal(part.sent_length, whole->sent_length);
        assert_memory_equal(part.sent, whole->sent, whole->sent_length);
        assert_string_equal(part.fault.text, whole->fault.text);
    }
}

static void assert_open(const struct tunnel_request *request, struct slice answer,
                        struct slice wanted)
{
    struct talk whole;
    char text[512];
    static const char behind[] = "RFB 003.008\n";
    memcpy(text, answer.ptr, answer.len);
    memcpy(text + answer.len, behind, sizeof(behind));
    talk_cut(&whole, request, (struct slice){text, answer.len + sizeof(behind)});
    assert_int_equal(whole.verdict, TUNNEL_OPEN);
    assert_int_equal(whole.used, answer.len);
    assert_int_equal(whole.sent_length, wanted.len);
    assert_memory_equal(whole.sent, wanted.ptr, wanted.len);
}

static void assert_failed(const struct tunnel_request *request, struct slice answer,
                          enum reason reason, const char *words)
{
    struct talk whole;
    talk_cut(&whole, request, answer);
    assert_int_equal(whole.verdict, TUNNEL_FAILED);
    assert_string_equal(reason_row(whole.fault.reason)->name, reason_row(reason)->name);
    assert_string_equal(whole.fault.text, words);
}

#define GRANTED "\5\0\0\1\177\0\0\1\4\70"

static void test_without_a_login(void **state)
{
    assert_open(&plain, SLICE("\5\0" GRANTED),
                SLICE("\5\1\0"
                      "\5\1\0\3\4desk\27\14"));
}

static void test_with_a_login(void **state)
{
    assert_open(&login, SLICE("\5\2\1\0" GRANTED),
                SLICE("\5\2\0\2"
                      "\1\2me\4pass"
                      "\5\1\0\3\4desk\27\14"));
    /* It may turn out that none is needed. */
    assert_open(&login, SLICE("\5\0" GRANTED),
                SLICE("\5\2\0\2"
                      "\5\1\0\3\4desk\27\14"));
    struct tunnel_request request = login;
    request.password = SLICE("");
    assert_open(&request, SLICE("\5\2\1\0" GRANTED),
                SLICE("\5\2\0\2"
                      "\1\2me\0"
                      "\5\1\0\3\4desk\27\14"));
}

static void test_addresses(void **state)
{
    struct tunnel_request request = plain;
    request.host = SLICE("10.1.2.3");
    assert_open(&request, SLICE("\5\0" GRANTED),
                SLICE("\5\1\0"
                      "\5\1\0\1\12\1\2\3\27\14"));
    request.host = SLICE("fd00::1");
    assert_open(&request, SLICE("\5\0" GRANTED),
                SLICE("\5\1\0"
                      "\5\1\0\4\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\27\14"));
}

static void test_bound_addresses(void **state)
{
    const struct slice sent = SLICE("\5\1\0"
                                    "\5\1\0\3\4desk\27\14");
    assert_open(&plain,
                SLICE("\5\0"
                      "\5\0\0\4"
                      "0123456789abcdef"
                      "\0\1"),
                sent);
    assert_open(&plain,
                SLICE("\5\0"
                      "\5\0\0\3\3abc\0\1"),
                sent);
    assert_open(&plain,
                SLICE("\5\0"
                      "\5\0\0\3\0\0\1"),
                sent);
    char text[2 + SOCKS5_MESSAGE_MAX] = "\5\0\5\0\0\3\377";
    assert_open(&plain, (struct slice){text, sizeof(text)}, sent);
}

static void test_refused_logins(void **state)
{
    const enum reason reason = REASON_target_proxy_auth;
    assert_failed(&plain, SLICE("\5\377"), reason, "wants a login");
    assert_failed(&login, SLICE("\5\377"), reason, "wants another login than user and password");
    assert_failed(&login, SLICE("\5\2\1\1"), reason, "does not accept user and password");
    assert_failed(&login, SLICE("\5\2\1\377"), reason, "does not accept user and password");
}

static void test_refusals(void **state)
{
    assert_failed(&plain, SLICE("\5\0\5\1\0\1\0\0\0\0\0\0"), REASON_target_proxy_refused,
                  "answers: general failure");
    assert_failed(&plain, SLICE("\5\0\5\2"), REASON_target_proxy_refused,
                  "answers: not allowed by its rules");
    assert_failed(&plain, SLICE("\5\0\5\3"), REASON_target_unreachable,
                  "answers: network unreachable");
    assert_failed(&plain, SLICE("\5\0\5\4"), REASON_target_unreachable,
                  "answers: host unreachable");
    assert_failed(&plain, SLICE("\5\0\5\5"), REASON_target_refused, "answers: connection refused");
    assert_failed(&plain, SLICE("\5\0\5\6"), REASON_target_timeout,
                  "answers: time to live expired");
    assert_failed(&plain, SLICE("\5\0\5\10"), REASON_target_proxy_refused,
                  "answers: type of address not supported");
    assert_failed(&plain, SLICE("\5\0\5\11"), REASON_target_proxy_refused,
                  "answers with the failure 9");
    assert_failed(&plain, SLICE("\5\0\5\377"), REASON_target_proxy_refused,
                  "answers with the failure 255");
}

static void test_refuses_what_is_no_answer(void **state)
{
    const enum reason failed = REASON_target_proxy_failed;
    assert_failed(&plain, SLICE("HTTP/1.1 400 Bad\r\n"), failed, "speaks HTTP, not SOCKS5");
    assert_failed(&plain, SLICE("\4\0"), failed, "does not speak SOCKS5");
    assert_failed(&plain, SLICE("\5\2"), failed, "chose a login that was not offered");
    assert_failed(&login, SLICE("\5\1"), failed, "chose a login that was not offered");
    assert_failed(&login, SLICE("\5\2\5\0"), failed, "does not speak SOCKS5");
    assert_failed(&plain, SLICE("\5\0\1\0"), failed, "does not speak SOCKS5");
    assert_failed(&plain, SLICE("\5\0\5\0\1\1"), failed, "gave an answer that is no valid SOCKS5");
    assert_failed(&plain, SLICE("\5\0\5\0\0\2\0\0"), failed,
                  "gave an answer that is no valid SOCKS5");
}

static void test_waits_for_the_rest(void **state)
{
    static const char whole[] = "\5\2\1\0" GRANTED;
    struct talk part;
    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        talk_cut(&part, &login, (struct slice){whole, length});
        assert_int_equal(part.verdict, TUNNEL_MORE);
    }
}

static bool may_begin(struct slice host, struct slice user, struct slice password)
{
    char text[8];
    struct socks5 socks;
    struct writer out = writer_to(text, sizeof(text));
    const struct tunnel_request request = {.host = host, .user = user, .password = password};
    return socks5_begin(&socks, &request, &out);
}

static void test_refuses_what_it_cannot_say(void **state)
{
    static char name[256];
    memset(name, 'n', sizeof(name));
    const struct slice most = {name, 255}, more = {name, 256}, none = {0};
    assert_true(may_begin(most, none, none));
    assert_true(may_begin(most, most, most));
    assert_false(may_begin(more, none, none));
    assert_false(may_begin(none, none, none));
    assert_false(may_begin(most, more, none));
    assert_false(may_begin(most, most, more));
    assert_false(may_begin(most, SLICE(""), most));
    assert_false(may_begin(SLICE("a\nb"), none, none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_login),
        cmocka_unit_test(test_with_a_login),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_bound_addresses),
        cmocka_unit_test(test_refused_logins),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refuses_what_is_no_answer),
        cmocka_unit_test(test_waits_for_the_rest),
        cmocka_unit_test(test_refuses_what_it_cannot_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
