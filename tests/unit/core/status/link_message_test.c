/* Requests and answers of a link, and what is made of packets that are neither. */
#include "core/status/link_message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct link_message_request parsed;

static void test_requests(void **unused)
{
    char packet[LINK_MESSAGE_REQUEST];
    for (int verb = LINK_MESSAGE_LIST; verb < LINK_MESSAGE_VERBS; verb++) {
        const struct link_message_request request = {UINT64_MAX - (uint64_t)verb,
                                                     (enum link_message_verb)verb,
                                                     SLICE("sort=up&filter=a%20b")};
        size_t length = link_message_print(&request, packet);
        assert_true(length > 0);
        assert_true(link_message_parse((struct slice){packet, length}, &parsed));
        assert_true(parsed.nonce == request.nonce && parsed.verb == request.verb);
        assert_true(slice_equal(parsed.query, request.query));
        /* Cut anywhere, it is no request, or one with a shorter query. */
        for (size_t cut = 0; cut < length; cut++) {
            bool whole = link_message_parse((struct slice){packet, cut}, &parsed);
            assert_true(whole == (cut >= length - request.query.len));
        }
    }
    static char longest[LINK_MESSAGE_REQUEST];
    memset(longest, 'x', sizeof(longest) - 1);
    const struct link_message_request request = {1, LINK_MESSAGE_LIST, slice_of(longest)};
    assert_int_equal(link_message_print(&request, packet), 0);
}

static void test_what_is_no_request(void **unused)
{
    static const char *const wrong[] = {"",
                                        "wsluice-link 1 ",
                                        "wsluice-link 2 7 list ",
                                        "wsluice-link 1  list ",
                                        "wsluice-link 1 x list ",
                                        "wsluice-link 1 -1 list ",
                                        "wsluice-link 1 18446744073709551616 list ",
                                        "GET / HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++)
        assert_false(link_message_parse(slice_of(wrong[i]), &parsed));
    /* A verb of a newer version gets an answer. */
    assert_true(link_message_parse(SLICE("wsluice-link 1 7 dance x=y"), &parsed));
    assert_int_equal(parsed.verb, LINK_MESSAGE_UNKNOWN);
    assert_true(parsed.nonce == 7);
}

static void test_packets_of_an_answer(void **unused)
{
    char packet[LINK_MESSAGE_HEAD + 8];
    uint64_t nonce;
    bool last;
    struct slice body;
    for (int i = 0; i < 2; i++) {
        size_t length = link_message_head(UINT64_MAX, i == 1, packet);
        assert_true(length < LINK_MESSAGE_HEAD);
        memcpy(packet + length, "a\nb", 3);
        assert_true(link_message_answer((struct slice){packet, length + 3}, &nonce, &last, &body));
        assert_true(nonce == UINT64_MAX && last == (i == 1));
        assert_true(slice_equal(body, SLICE("a\nb")));
        for (size_t cut = 0; cut < length; cut++)
            assert_false(link_message_answer((struct slice){packet, cut}, &nonce, &last, &body));
    }
    assert_false(link_message_answer(SLICE("wsluice-link 1 7 perhaps\n"), &nonce, &last, &body));
}

static void test_values_are_encoded(void **unused)
{
    static const char value[] = "a&b=c d%\n\x01\xc3\xa4";
    struct text text = {0};
    char decoded[64], small[4];
    struct slice key;
    link_message_put(&text, "one", value);
    link_message_put(&text, "none", NULL);
    link_message_put_number(&text, "two", UINT64_MAX);
    struct slice line = text_slice(&text);
    assert_null(memchr(line.ptr, '\n', line.len));
    assert_true(link_message_next(&line, &key, decoded, sizeof(decoded)));
    if (key.len == 0) /* in front of the first "&" */
        assert_true(link_message_next(&line, &key, decoded, sizeof(decoded)));
    assert_true(slice_equal(key, SLICE("one")));
    assert_string_equal(decoded, value);
    assert_true(link_message_next(&line, &key, small, sizeof(small)));
    assert_true(slice_equal(key, SLICE("two")));
    assert_string_equal(small, "184");
    assert_false(link_message_next(&line, &key, decoded, sizeof(decoded)));
    text_free(&text);
}

static void test_lines(void **unused)
{
    struct slice text = SLICE("a\n\nb"), line;
    assert_true(link_message_line(&text, &line) && slice_equal(line, SLICE("a")));
    assert_true(link_message_line(&text, &line) && line.len == 0);
    assert_true(link_message_line(&text, &line) && slice_equal(line, SLICE("b")));
    assert_false(link_message_line(&text, &line));
}

static void test_facts(void **unused)
{
    const struct link_message_facts facts = {1, 2, "0.2.0 & more", "retiring", 3, 4, 5, 6, 7, 8, 9};
    struct link_message_facts read;
    struct text text = {0};
    link_message_facts_print(&facts, &text);
    struct slice rest = text_slice(&text), line;
    assert_true(link_message_line(&rest, &line));
    assert_int_equal(rest.len, 0);
    link_message_facts_parse(line, &read);
    assert_memory_equal(&read.pid, &facts.pid, 2 * sizeof(uint64_t));
    assert_string_equal(read.version, facts.version);
    assert_string_equal(read.state, facts.state);
    assert_memory_equal(&read.sessions, &facts.sessions, 7 * sizeof(uint64_t));
    for (size_t cut = 0; cut < line.len; cut++)
        link_message_facts_parse((struct slice){line.ptr, cut}, &read);
    text_free(&text);
    /* Of another version: what is unknown is left out, what is missing or no number is 0. */
    link_message_facts_parse(SLICE("&colour=red&pid=x&sessions=7&rate_up=-1&version=" //
                                   "0123456789012345678901234567890123456789"),
                             &read);
    assert_true(read.pid == 0 && read.sessions == 7 && read.rate_up == 0);
    assert_int_equal(strlen(read.version), sizeof(read.version) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_what_is_no_request),
        cmocka_unit_test(test_packets_of_an_answer),
        cmocka_unit_test(test_values_are_encoded),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
