/* Ids are printed and parsed; other texts are refused. */
#include "core/session/session_id.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_ids(void **unused)
{
    static const struct {
        unsigned worker;
        uint64_t number;
        const char *text;
    } cases[] = {
        {0, 1, "0-1"}, {3, 1042, "3-1042"}, {1023, 0xFFFFFFFFFFFF, "1023-281474976710655"}};
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        uint64_t id = session_id(cases[i].worker, cases[i].number), parsed;
        char text[SESSION_ID_TEXT];
        assert_string_equal(session_id_print(id, text), cases[i].text);
        assert_true(session_id_parse(slice_of(text), &parsed));
        assert_true(parsed == id);
        assert_int_equal(session_id_worker(id), cases[i].worker);
    }
    static const char *const wrong[] = {"",
                                        "-",
                                        "1-",
                                        "-1",
                                        "0-0",
                                        "1",
                                        "65536-1",
                                        "a-1",
                                        "0-1 ",
                                        "0--1",
                                        "0-281474976710656",
                                        "0-99999999999999999999999"};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        uint64_t id;
        assert_false(session_id_parse(slice_of(wrong[i]), &id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
