#include "serve/tokens/token_folder.h"

#include "lib/token_folder.h"

static void test_wants_a_folder_or_nothing_yet(void **state)
{
    char error[256] = "";
    token_folder_write("file", "");
    assert_true(token_folder_check(token_folder_root(), "sockets", error, sizeof(error)));
    assert_true(token_folder_check(token_folder_path("none"), "sockets", error, sizeof(error)));
    assert_string_equal(error, "");
    assert_false(token_folder_check(token_folder_path("file"), "sockets", error, sizeof(error)));
    assert_non_null(strstr(error, "/file: not a folder with sockets"));
}

static void test_describes_it(void **state)
{
    char text[256];
    assert_true(token_folder_describe(token_folder_root(), "sockets", text, sizeof(text)));
    assert_non_null(strstr(text, ": sockets"));
    assert_false(token_folder_describe(token_folder_path("none"), "sockets", text, sizeof(text)));
    assert_non_null(strstr(text, "none: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wants_a_folder_or_nothing_yet, token_folder_open,
                                        token_folder_close),
        cmocka_unit_test_setup_teardown(test_describes_it, token_folder_open, token_folder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
