#include "base/text/printable.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_words_follow_a_blank(void **unused)
{
    char text[32] = "HTTP 403";
    printable_append(text, sizeof(text), SLICE("Forbidden"));
    assert_string_equal(text, "HTTP 403 Forbidden");
    printable_append(text, sizeof(text), SLICE(""));
    assert_string_equal(text, "HTTP 403 Forbidden");
}

static void test_what_a_terminal_would_act_on(void **unused)
{
    char text[32] = "a";
    printable_append(text, sizeof(text), SLICE("\033[1m\x7f\xC3\xA9~"));
    assert_string_equal(text, "a ?[1m???~");
}

static void test_every_size(void **unused)
{
    for (size_t size = 3; size < 16; size++) {
        char text[16] = "ab", whole[] = "ab cdefgh";
        memset(text + 3, 'x', sizeof(text) - 3);
        printable_append(text, size, SLICE("cdefgh"));
        if (size < sizeof(whole))
            whole[size - 1] = '\0';
        if (size > 4) /* there is room for the blank and for a letter behind it */
            assert_string_equal(text, whole);
        assert_true(strlen(text) < size);
        for (size_t i = size; i < sizeof(text); i++)
            assert_int_equal(text[i], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_follow_a_blank),
        cmocka_unit_test(test_what_a_terminal_would_act_on),
        cmocka_unit_test(test_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
