#include "codec/banner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Cut at every byte: partial until `length`, the verdict from then on. */
static void expect_at(const char *expected, struct slice sent, enum banner_verdict verdict,
                      size_t length)
{
    for (size_t cut = 0; cut <= sent.len; cut++) {
        enum banner_verdict wanted = cut < length ? BANNER_PARTIAL : verdict;
        assert_int_equal(banner_compare(expected, (struct slice){sent.ptr, cut}), wanted);
    }
    assert_true(length <= sent.len);
}

static void test_rfb(void **unused)
{
    expect_at("rfb", SLICE("RFB 003.008\n"), BANNER_MATCHES, 12);
    expect_at("rfb", SLICE("RFB 003.003\nmore of it"), BANNER_MATCHES, 12);
    expect_at("rfb", SLICE("RFB 003.889\n\1\2"), BANNER_MATCHES, 12);
    expect_at("rfb", SLICE("RFB 3.8\n    "), BANNER_DIFFERS, 6);
    expect_at("rfb", SLICE("RFB 003.008\r\n"), BANNER_DIFFERS, 12);
    expect_at("rfb", SLICE("RFB 003.0x8\n"), BANNER_DIFFERS, 10);
    expect_at("rfb", SLICE("RFB ###.###\n"), BANNER_DIFFERS, 5);
    expect_at("rfb", SLICE("rfb 003.008\n"), BANNER_DIFFERS, 1);
    expect_at("rfb", SLICE("HTTP/1.1 200 OK\r\n"), BANNER_DIFFERS, 1);
    expect_at("rfb", SLICE("RFB 003\0008\n\n"), BANNER_DIFFERS, 8);
}

static void test_ssh(void **unused)
{
    expect_at("ssh", SLICE("SSH-2.0-OpenSSH_9.2p1\r\n"), BANNER_MATCHES, 8);
    expect_at("ssh", SLICE("SSH-1.99-Cisco-1.25\n"), BANNER_MATCHES, 9);
    expect_at("ssh", SLICE("SSH-1.5-1.2.27\n"), BANNER_DIFFERS, 7);
    expect_at("ssh", SLICE("SSH-2.1-x\n"), BANNER_DIFFERS, 7);
    expect_at("ssh", SLICE("SSH-#.#-"), BANNER_DIFFERS, 5);
    expect_at("ssh", SLICE("Welcome\r\nSSH-2.0-x\r\n"), BANNER_DIFFERS, 1);
}

static void test_text(void **unused)
{
    expect_at("220 ", SLICE("220 mail.example.com ESMTP"), BANNER_MATCHES, 4);
    expect_at("220 ", SLICE("220-mail.example.com"), BANNER_DIFFERS, 4);
    expect_at("a#b", SLICE("a#b"), BANNER_MATCHES, 3);
    expect_at("a#b", SLICE("a7b"), BANNER_DIFFERS, 2);
    expect_at("\xc3\xa4\n", SLICE("\xc3\xa4\n"), BANNER_MATCHES, 3);
    expect_at("rfbx", SLICE("rfbx"), BANNER_MATCHES, 4);
}

static void test_longest_text(void **unused)
{
    char expected[BANNER_MAX + 1];
    memset(expected, 'x', BANNER_MAX);
    expected[BANNER_MAX] = '\0';
    expect_at(expected, slice_of(expected), BANNER_MATCHES, BANNER_MAX);
}

static void test_which_is_rfb(void **unused)
{
    assert_true(banner_is_rfb("rfb") && banner_is_rfb("RFB") && banner_is_rfb("RFB 003."));
    assert_false(banner_is_rfb("ssh") || banner_is_rfb("rfb ") || banner_is_rfb("R"));
}

static void expect_text(const char *expected, struct slice sent, const char *text)
{
    char explained[128];
    banner_explain(expected, sent, explained, sizeof(explained));
    assert_string_equal(explained, text);
}

static void test_explains(void **unused)
{
    expect_text("rfb", SLICE("SSH-2.0-x\r\n"), "sent 'SSH-2.0-x..' instead of 'RFB '");
    expect_text("ssh", SLICE("a'b\0\x1b[1m\x9b"), "sent 'a.b..[1m.' instead of 'SSH-2.0-'");
    expect_text("+OK", SLICE("-ERR no more than twenty-four of these"),
                "sent '-ERR no more than twenty' instead of '+OK'");
    expect_text("a#\r\n", SLICE("b"), "sent 'b' instead of 'a#..'");
}

static void test_explains_within_bounds(void **unused)
{
    for (size_t size = 1; size < 40; size++) {
        char *explained = malloc(size);
        banner_explain("rfb", SLICE("SSH-2.0-x\r\n"), explained, size);
        assert_true(strlen(explained) < size);
        free(explained);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfb),
        cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_explains),
        cmocka_unit_test(test_which_is_rfb),
        cmocka_unit_test(test_explains_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
