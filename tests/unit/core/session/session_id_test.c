/* Ids are printed and parsed; other texts are refused. */
#include "core/session/session_id.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_ids(void **unused)
{
    static const struct {
        unsigned generation, worker;
        uint64_t number;
        const char *text;
    } cases[] = {{0, 0, 1, "0-1"},
                 {0, 3, 1042, "3-1042"},
                 {1, 0, 17, "1.0-17"},
                 {4095, 4095, SESSION_ID_NUMBER_MAX, "4095.4095-1099511627775"}};
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        uint64_t id = session_id(cases[i].generation, cases[i].worker, cases[i].number), parsed;
        char text[SESSION_ID_TEXT];
        assert_string_equal(session_id_print(id, text), cases[i].text);
        assert_true(session_id_parse(slice_of(text), &parsed));
        assert_true(parsed == id);
        assert_int_equal(session_id_worker(id), cases[i].worker);
        assert_int_equal(session_id_generation(id), cases[i].generation);
    }
    static const char *const wrong[] = {"",
                                        "-",
                                        "1-",
                                        "-1",
                                        "0-0",
                                        "1",
                                        "4096-1",
                                        "a-1",
                                        "0.0-1",
                                        "4096.0-1",
                                        ".0-1",
                                        "1.-1",
                                        "1.1",
                                        "1.2.0-1",
                                        "0-1 ",
                                        "0--1",
                                        "0-1099511627776",
                                        "0-99999999999999999999999"};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        uint64_t id;
        assert_false(session_id_parse(slice_of(wrong[i]), &id));
    }
}

static void test_generations_do_not_end(void **unused)
{
    assert_int_equal(session_id_next_generation(0), 1);
    assert_int_equal(session_id_next_generation(4094), 4095);
    assert_int_equal(session_id_next_generation(4095), 1);
    assert_true(session_id(1, 0, 1) > session_id(0, 4095, SESSION_ID_NUMBER_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_generations_do_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
