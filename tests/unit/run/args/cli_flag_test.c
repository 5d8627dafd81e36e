#include "run/args/cli_flag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static const struct options_flag rows[] = {
    {.name = "sort", .argument = "KEY", .help = "by rate_up"},
    {.name = "socket", .argument = "FILE", .help = "the socket"},
    {.name = "json", .letter = 'j', .help = "print JSON"},
};

static const struct cli_command command = {
    .name = "status", .operands = "", .flags = rows, .flag_count = WSL_COUNT(rows)};

static enum cli_flag_match find(const struct cli_command *owner, const char *name,
                                struct cli_flag *flag, char names[static 512])
{
    return cli_flag_by_name(owner, name, strlen(name), flag, names, 512);
}

static void a_command_has_its_own_flags_and_help(void **state)
{
    static const char *const expected[] = {"sort", "socket", "json", "help"};
    struct cli_flag flag;
    size_t count = 0;
    for (size_t cursor = 0; cli_flag_next(&command, &cursor, &flag); count++)
        assert_string_equal(flag.flag->name, expected[count]);
    assert_int_equal(count, WSL_COUNT(expected));
    assert_int_equal(flag.meaning, CLI_FLAG_HELP);
    assert_true(cli_flag_by_letter(&command, 'j', &flag));
    assert_int_equal(flag.meaning, CLI_FLAG_COMMAND);
    assert_true(cli_flag_by_letter(&command, 'h', &flag));
    assert_int_equal(flag.meaning, CLI_FLAG_HELP);
    assert_false(cli_flag_by_letter(&command, 'v', &flag));
}

static void names_may_be_abbreviated(void **state)
{
    struct cli_flag flag;
    char names[512];
    assert_int_equal(find(&command, "so", &flag, names), CLI_FLAG_AMBIGUOUS);
    assert_string_equal(names, "--sort, --socket");
    assert_int_equal(find(&command, "soc", &flag, names), CLI_FLAG_FOUND);
    assert_string_equal(flag.flag->name, "socket");
    assert_int_equal(find(&command, "sockte", &flag, names), CLI_FLAG_UNKNOWN);
    assert_string_equal(names, "--socket");
    assert_int_equal(find(&command, "cert", &flag, names), CLI_FLAG_UNKNOWN);
    assert_int_equal(find(&command, "", &flag, names), CLI_FLAG_UNKNOWN);
}

/* "--log" is --log-file, although --log-level and --log-format begin alike. */
static void abbreviations_of_websockify_keep_their_meaning(void **state)
{
    struct cli_flag flag;
    char names[512];
    assert_int_equal(find(NULL, "log", &flag, names), CLI_FLAG_FOUND);
    assert_string_equal(flag.flag->name, "log-file");
    assert_int_equal(find(NULL, "ssl", &flag, names), CLI_FLAG_AMBIGUOUS);
}

static void help_has_defaults_and_dashes(void **state)
{
    struct cli_flag flag;
    char text[400], names[512];
    assert_int_equal(find(NULL, "heartbeat", &flag, names), CLI_FLAG_FOUND);
    cli_flag_help(&flag, text, sizeof(text));
    assert_non_null(strstr(text, " [30s]"));
    assert_int_equal(find(NULL, "connect", &flag, names), CLI_FLAG_FOUND);
    cli_flag_help(&flag, text, sizeof(text));
    assert_non_null(strstr(text, " [after-upgrade]"));
    assert_int_equal(find(&command, "sort", &flag, names), CLI_FLAG_FOUND);
    cli_flag_help(&flag, text, sizeof(text));
    assert_string_equal(text, "by rate_up");
}

static void every_flag_has_a_group(void **state)
{
    struct cli_flag flag;
    for (size_t cursor = 0; cli_flag_next(NULL, &cursor, &flag);) {
        enum options_section section;
        bool found = false;
        for (size_t i = 0; cli_flag_group(i, &section); i++)
            found |= section == cli_flag_section(&flag);
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_has_its_own_flags_and_help),
        cmocka_unit_test(names_may_be_abbreviated),
        cmocka_unit_test(abbreviations_of_websockify_keep_their_meaning),
        cmocka_unit_test(help_has_defaults_and_dashes),
        cmocka_unit_test(every_flag_has_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
