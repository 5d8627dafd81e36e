#include "base/text/writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_fills_the_buffer(void **state)
{
    char out[6] = "....#";
    struct writer w = writer_to(out, 4);
    assert_int_equal(writer_length(&w), 0);
    writer_add(&w, "ab", 2);
    writer_add(&w, NULL, 0);
    writer_add_slice(&w, SLICE("cd"));
    assert_int_equal(writer_length(&w), 4);
    assert_string_equal(out, "abcd#");
}

static void test_writes_nothing_after_an_overflow(void **state)
{
    char out[6] = "....#";
    struct writer w = writer_to(out, 4);
    writer_add_slice(&w, SLICE("ab"));
    writer_add_slice(&w, SLICE("cde"));
    assert_true(w.overflow);
    assert_int_equal(writer_length(&w), 0);
    writer_add_slice(&w, SLICE("x")); /* would fit */
    writer_add(&w, NULL, 0);
    assert_true(w.overflow);
    assert_string_equal(out, "ab..#");
}

static void test_ends_a_string(void **state)
{
    char out[6] = ".....";
    struct writer w = writer_to(out, 5);
    writer_add_slice(&w, SLICE("abcd"));
    assert_int_equal(writer_end_string(&w), 4);
    assert_string_equal(out, "abcd");
    w = writer_to(out, 4);
    writer_add_slice(&w, SLICE("abcd"));
    assert_int_equal(writer_end_string(&w), 0);
    assert_true(w.overflow);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills_the_buffer),
        cmocka_unit_test(test_writes_nothing_after_an_overflow),
        cmocka_unit_test(test_ends_a_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
