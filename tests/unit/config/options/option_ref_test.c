#include "config/options/option_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct config_place locate(const void *owner, struct option_ref option)
{
    unsigned line = *(const unsigned *)owner;
    return (struct config_place){"f", line, 5};
}

static bool is_single(const void *owner, const struct option_ref *option)
{
    return option->section == OPTIONS_TARGET;
}

static void names(const struct option_locator *names, struct option_ref option,
                  const char *expected)
{
    struct diag diag;
    diag_init(&diag);
    option_ref_report(names, &diag, DIAG_WARNING, option, "remedy", "is %d", 7);
    if (expected)
        assert_string_equal(diag.findings[0].option, expected);
    else
        assert_null(diag.findings[0].option);
    assert_string_equal(diag.findings[0].message, "is 7");
    assert_string_equal(diag.findings[0].remedy, "remedy");
    assert_int_equal(diag.errors, 0);
    diag_free(&diag);
}

static void names_options_of_files_by_path(void **state)
{
    const unsigned line = 3;
    struct option_locator file = {.locate = locate, .owner = &line};
    struct option_ref target = {.section = OPTIONS_TARGET, .key = "ca", .outer = 3, .inner = 1};
    names(&file, (struct option_ref){.section = OPTIONS_PROCESS}, NULL);
    names(&file, (struct option_ref){.section = OPTIONS_PROCESS, .key = "user"}, "user");
    names(&file, (struct option_ref){.section = OPTIONS_LOG, .key = "file"}, "log.file");
    names(&file,
          (struct option_ref){.section = OPTIONS_CERTIFICATE, .key = "key", .outer = 2, .inner = 1},
          "listeners[2].tls.certificates[1].key");
    names(&file, target, "routes[3].targets[1].ca");
    struct option_ref users = {.section = OPTIONS_AUTH_BASIC,
                               .key = "users",
                               .outer = 2,
                               .inner = 1,
                               .within = OPTIONS_LISTENER_AUTH};
    names(&file, users, "listeners[2].auth[1].basic.users");
    users.section = OPTIONS_AUTH;
    users.key = NULL;
    names(&file, users, "listeners[2].auth[1]");
    users.within = OPTIONS_PROCESS;
    names(&file, users, "routes[2].auth[1]");
    file.is_single = is_single;
    names(&file, target, "routes[3].target.ca");
}

static void names_options_of_the_command_line_by_flag(void **state)
{
    const unsigned line = 0;
    const struct option_locator flags = {.locate = locate, .owner = &line, .flags = true};
    names(&flags, (struct option_ref){.section = OPTIONS_CERTIFICATE, .key = "key"}, "--key");
    names(&flags, (struct option_ref){.section = OPTIONS_TARGET, .key = "probe"},
          "routes[0].targets[0].probe");
}

static void prints_a_second_place(void **state)
{
    unsigned line = 12;
    char text[20];
    const struct option_locator file = {.locate = locate, .owner = &line};
    option_ref_print_place(&file, (struct option_ref){0}, text, sizeof(text));
    assert_string_equal(text, " at f:12:5");
    line = 0;
    option_ref_print_place(&file, (struct option_ref){0}, text, sizeof(text));
    assert_string_equal(text, "");
    assert_false(option_ref_is_faulty(&file, OPTIONS_ROUTE, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_options_of_files_by_path),
        cmocka_unit_test(names_options_of_the_command_line_by_flag),
        cmocka_unit_test(prints_a_second_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
