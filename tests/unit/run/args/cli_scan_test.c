#include "run/args/cli_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "lib/failing_alloc.h"

static const struct options_flag rows[] = {
    {.name = "sort", .argument = "KEY"},
    {.name = "limit", .argument = "N"},
    {.name = "json", .letter = 'j'},
    {.name = "watch", .letter = 'w'},
    {.name = "mark", .letter = 'm', .argument = "TEXT"},
};

static const struct cli_command command = {
    .name = "status", .operands = "", .flags = rows, .flag_count = WSL_COUNT(rows)};

struct line {
    struct diag diag;
    struct cli_scan scan;
    char text[256];
    char *argv[20];
};

/* Scans a line that is split at blanks. */
static void scan_line(struct line *line, const struct cli_command *owner, const char *text)
{
    int argc = 0;
    char *rest;
    *line = (struct line){.scan = {.command = owner}};
    line->scan.diag = &line->diag;
    diag_init(&line->diag);
    snprintf(line->text, sizeof(line->text), "%s", text);
    for (char *word = strtok_r(line->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        line->argv[argc++] = word;
    assert_true(cli_scan_words(&line->scan, argc, line->argv));
}

static void done(struct line *line)
{
    cli_scan_free(&line->scan);
    diag_free(&line->diag);
}

static void letters_take_arguments(void **state)
{
    struct line line;
    scan_line(&line, &command, "-m one -mtwo -jm -x -wm three a");
    assert_int_equal(line.diag.errors, 0);
    assert_int_equal(line.scan.operand_count, 1);
    assert_int_equal(line.scan.assignment_count, 6);
    static const char *const arguments[] = {"one", "two", NULL, "-x", NULL, "three"};
    for (size_t i = 0; i < WSL_COUNT(arguments); i++) {
        const char *argument = line.scan.assignments[i].argument;
        assert_true(!argument == !arguments[i]);
        if (argument)
            assert_string_equal(argument, arguments[i]);
    }
    done(&line);
    static const char *const faults[] = {"-m", "a -jm", "-m --json"};
    for (size_t i = 0; i < WSL_COUNT(faults); i++) {
        scan_line(&line, &command, faults[i]);
        assert_true(line.scan.usage_error);
        assert_string_equal(line.diag.findings[0].option, "-m");
        assert_string_equal(line.diag.findings[0].message, "needs an argument");
        done(&line);
    }
}

static void every_form_of_an_option_is_known(void **state)
{
    static const char *const lines[] = {
        "--sort=age --json a b --watch",
        "a --sort age b -jw",
        "-w a b --js --so age",
        "-wj --sort=id --sort=age a -- b",
    };
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct line line;
        scan_line(&line, &command, lines[i]);
        assert_int_equal(line.diag.errors, 0);
        assert_string_equal(cli_scan_value(&line.scan, "sort"), "age");
        assert_true(cli_scan_has(&line.scan, "json"));
        assert_true(cli_scan_has(&line.scan, "watch"));
        assert_null(cli_scan_value(&line.scan, "limit"));
        assert_int_equal(line.scan.operand_count, 2);
        assert_string_equal(line.scan.operands[0], "a");
        assert_string_equal(line.scan.operands[1], "b");
        done(&line);
    }
}

static void words_behind_two_dashes_are_no_options(void **state)
{
    struct line line;
    scan_line(&line, &command, "- -- --json --help -x");
    assert_int_equal(line.scan.operand_count, 4);
    assert_string_equal(line.scan.operands[0], "-");
    assert_string_equal(line.scan.operands[1], "--json");
    assert_false(line.scan.help);
    assert_null(line.scan.rest);
    done(&line);
    scan_line(&line, NULL, "6080 -- Xvnc --help");
    assert_int_equal(line.scan.operand_count, 1);
    assert_int_equal(line.scan.rest_count, 2);
    assert_string_equal(line.scan.rest[1], "--help");
    assert_false(line.scan.help);
    done(&line);
}

static void help_ends_the_scan(void **state)
{
    struct line line;
    scan_line(&line, &command, "a --help --nonsense");
    assert_true(line.scan.help);
    assert_int_equal(line.diag.errors, 0);
    done(&line);
    scan_line(&line, &command, "--version");
    assert_false(line.scan.version);
    assert_true(line.scan.unknown_flag && line.scan.usage_error);
    done(&line);
}

static void every_mistake_is_a_finding(void **state)
{
    struct line line;
    scan_line(&line, &command, "--zzz -x --json=1 --limit --sort");
    assert_int_equal(line.diag.errors, 5);
    assert_true(line.scan.usage_error);
    assert_string_equal(line.diag.findings[0].remedy, "see wsluice status --help");
    assert_string_equal(line.diag.findings[3].option, "--limit");
    assert_string_equal(line.diag.findings[3].message, "needs an argument");
    assert_string_equal(line.diag.findings[4].remedy, "write --sort=KEY");
    done(&line);
    scan_line(&line, &command, "-json -wj -watch -limit=3");
    assert_int_equal(line.diag.errors, 3); /* not one for each letter */
    assert_string_equal(line.diag.findings[0].option, "-json");
    assert_string_equal(line.diag.findings[0].remedy, "did you mean --json?");
    assert_string_equal(line.diag.findings[2].remedy, "did you mean --limit=3?");
    assert_true(cli_scan_has(&line.scan, "watch"));
    done(&line);
    scan_line(&line, NULL, "--zzz");
    assert_string_equal(line.diag.findings[0].remedy, "see wsluice --help");
    done(&line);
}

static void an_argument_may_begin_with_dashes(void **state)
{
    struct line line;
    scan_line(&line, &command, "--sort --odd --limit=--json");
    assert_int_equal(line.diag.errors, 0);
    assert_string_equal(cli_scan_value(&line.scan, "sort"), "--odd");
    assert_string_equal(cli_scan_value(&line.scan, "limit"), "--json");
    assert_false(cli_scan_has(&line.scan, "json"));
    done(&line);
}

static void out_of_memory_is_a_finding(void **state)
{
    for (unsigned long n = 1; n <= 2; n++) {
        char *argv[] = {(char[]){"-j"}};
        struct diag diag;
        diag_init(&diag);
        struct cli_scan scan = {.diag = &diag, .command = &command};
        failing_alloc_arm(n);
        bool scanned = cli_scan_words(&scan, 1, argv);
        failing_alloc_disarm();
        assert_false(scanned);
        assert_true(diag.errors == 1 && !scan.usage_error);
        cli_scan_free(&scan);
        diag_free(&diag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_take_arguments),
        cmocka_unit_test(every_form_of_an_option_is_known),
        cmocka_unit_test(words_behind_two_dashes_are_no_options),
        cmocka_unit_test(help_ends_the_scan),
        cmocka_unit_test(every_mistake_is_a_finding),
        cmocka_unit_test(an_argument_may_begin_with_dashes),
        cmocka_unit_test(out_of_memory_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
