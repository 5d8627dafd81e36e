#include "base/text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/utf8_reference.h"

/* Whole, cut at every byte, and byte by byte: the verdict of the reference. */
static void expect_same_verdict(const uint8_t *bytes, size_t length)
{
    size_t bad_at = length;
    enum utf8_verdict verdict = utf8_reference(bytes, length, &bad_at);

    for (size_t cut = 0; cut <= length; cut++) {
        struct utf8 state = {0};
        bool begins = utf8_feed(&state, bytes, cut);
        assert_int_equal(begins, cut <= bad_at);
        if (!begins)
            continue;
        begins = utf8_feed(&state, bytes + cut, length - cut);
        assert_int_equal(begins, verdict != UTF8_INVALID);
        if (begins)
            assert_int_equal(utf8_is_complete(&state), verdict == UTF8_WHOLE);
    }
    struct utf8 state = {0};
    for (size_t i = 0; i < length && i <= bad_at; i++)
        assert_int_equal(utf8_feed(&state, bytes + i, 1), i < bad_at);
}

static void test_every_pair_of_bytes(void **unused)
{
    for (unsigned pair = 0; pair < 0x10000; pair++)
        expect_same_verdict((uint8_t[]){(uint8_t)(pair >> 8), (uint8_t)pair}, 2);
}

/* Three and four bytes: every first and second byte, the bounds of the later ones. */
static void test_longer_characters(void **unused)
{
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                    0xA0, 0xBF, 0xC0, 0xE1, 0xF0, 0xFF};

    for (unsigned lead = 0xC0; lead <= 0xFF; lead++)
        for (unsigned second = 0; second <= 0xFF; second++)
            for (size_t i = 0; i < WSL_COUNT(edges); i++)
                for (size_t j = 0; j < WSL_COUNT(edges); j++)
                    expect_same_verdict(
                        (uint8_t[]){(uint8_t)lead, (uint8_t)second, edges[i], edges[j]}, 4);
}

static void test_every_code_point(void **unused)
{
    for (uint32_t code = 0x800; code <= 0x11FFFF; code++) {
        uint8_t bytes[4];
        size_t length = code < 0x10000 ? 3 : 4;
        for (size_t i = length; i-- > 1;)
            bytes[i] = 0x80 | (code >> 6 * (length - 1 - i) & 0x3F);
        bytes[0] = (uint8_t)(length == 3 ? 0xE0 | code >> 12 : 0xF0 | code >> 18);
        struct utf8 state = {0};
        bool valid = code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
        assert_int_equal(utf8_feed(&state, bytes, length), valid);
        assert_true(!valid || utf8_is_complete(&state));
    }
}

/* The fast path for ASCII must not skip any other byte. */
static void test_one_odd_byte_in_ascii(void **unused)
{
    uint8_t text[70];

    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, 'a', sizeof(text));
        text[at] = 0x80;
        expect_same_verdict(text, sizeof(text));
        text[at] = 0xC3;
        expect_same_verdict(text, sizeof(text));
        if (at + 1 < sizeof(text))
            text[at + 1] = 0xA9;
        expect_same_verdict(text, sizeof(text));
    }
}

static void test_cut(void **unused)
{
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* 1 2 3 4 1 bytes */
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    const size_t length = sizeof(text) - 1;

    for (size_t limit = 0; limit < WSL_COUNT(whole); limit++)
        assert_int_equal(utf8_cut(text, length, limit), whole[limit]);
    assert_int_equal(utf8_cut(text, length, 1000), length);
    assert_int_equal(utf8_cut(text, 0, 0), 0);
}

static void test_whole_texts(void **unused)
{
    assert_true(utf8_is_valid(SLICE("")));
    assert_true(utf8_is_valid((struct slice){NULL, 0}));
    assert_true(utf8_is_valid(SLICE("a\xC3\xA9")));
    assert_false(utf8_is_valid(SLICE("a\xC3"))); /* unfinished */
    assert_false(utf8_is_valid(SLICE("\xA9")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_bytes),
        cmocka_unit_test(test_longer_characters),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_one_odd_byte_in_ascii),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_whole_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
