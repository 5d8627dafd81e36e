#include "base/text/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static void check(struct text *text, const char *expected)
{
    size_t length;
    char *bytes = text_take(text, &length);
    assert_non_null(bytes);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(bytes, expected);
    assert_int_equal(text->length, 0);
    free(bytes);
}

static void test_pieces_join(void **state)
{
    struct text text = {0};
    text_add_string(&text, "one");
    text_add_byte(&text, ' ');
    text_add(&text, SLICE("two"));
    text_add(&text, (struct slice){NULL, 0});
    text_add_format(&text, " %d %s", 3, "four");
    assert_true(slice_equal(text_slice(&text), SLICE("one two 3 four")));
    check(&text, "one two 3 four");
    check(&text, "");
}

static void test_escapes(void **state)
{
    struct text text = {0};
    text_add_escaped(&text, SLICE("aZ0-._~/?#&=%+ \r\n\xc3\xa9"));
    check(&text, "aZ0-._~%2F%3F%23%26%3D%25%2B%20%0D%0A%C3%A9");
    for (int byte = 0; byte < 256; byte++) {
        char one = (char)byte;
        text_add_escaped(&text, (struct slice){&one, 1});
        assert_true(text.length == 1 || (text.length == 3 && text.bytes[0] == '%'));
        text.length = 0;
    }
    text_free(&text);
}

static void test_nul_at_every_length(void **state)
{
    char expected[2050] = "";
    for (size_t length = 0; length < sizeof(expected) - 1; length++) {
        struct text text = {0};
        text_add_format(&text, "%s", expected);
        check(&text, expected);
        text_add_string(&text, expected);
        check(&text, expected);
        expected[length] = (char)('a' + length % 26);
        expected[length + 1] = '\0';
    }
}

static void test_reserve(void **state)
{
    struct text text = {0};
    char *out = text_reserve(&text, 1000);
    assert_non_null(out);
    memset(out, 'x', 1000);
    text.length += 3;
    check(&text, "xxx");
}

static void test_limit(void **state)
{
    struct text text = {.limit = 3};
    size_t length;
    text_add_string(&text, "abc");
    check(&text, "abc");
    text_add_string(&text, "abcd");
    text_add_string(&text, "a");
    assert_int_equal(text.length, 0);
    assert_null(text_take(&text, &length));
    text_add_string(&text, "new"); /* text_take has emptied it */
    check(&text, "new");
}

static void test_wipe(void **state)
{
    struct text text = {.limit = 6};
    text_wipe(&text);
    text_add_string(&text, "secret");
    text_wipe(&text);
    assert_null(text.bytes);
    assert_int_equal(text.length, 0);
    assert_int_equal(text.limit, 6);
}

static void test_without_memory(void **state)
{
    static char much[5000];
    memset(much, 'x', sizeof(much) - 1);
    for (unsigned nth = 1; nth <= 2; nth++) {
        struct text text = {0};
        size_t length;
        failing_alloc_arm(nth);
        text_add_string(&text, "begin");
        text_add_format(&text, "%s", much);
        text_add_string(&text, "end");
        assert_true(failing_alloc_disarm());
        assert_true(text.failed);
        assert_null(text_take(&text, &length));
        text_free(&text);
    }
}

static void test_huge_sizes(void **state)
{
    struct text text = {0};
    assert_null(text_reserve(&text, SIZE_MAX));
    assert_true(text.failed);
    text_free(&text);
    text = (struct text){0};
    assert_null(text_reserve(&text, SIZE_MAX / 2));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_join),    cmocka_unit_test(test_nul_at_every_length),
        cmocka_unit_test(test_reserve),        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_without_memory), cmocka_unit_test(test_huge_sizes),
        cmocka_unit_test(test_wipe),           cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
