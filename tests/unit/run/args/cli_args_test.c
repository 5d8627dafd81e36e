#include "run/args/cli_args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct line {
    struct diag diag;
    struct cli_args args;
    char text[256];
    char *argv[20];
};

/* Reads a line that is split at blanks. */
static void read_line(struct line *line, bool websockify, const char *text)
{
    int argc = 1;
    char *rest;
    *line = (struct line){.args.scan.websockify = websockify, .argv = {(char[]){"wsluice"}}};
    line->args.scan.diag = &line->diag;
    diag_init(&line->diag);
    snprintf(line->text, sizeof(line->text), "%s", text);
    for (char *word = strtok_r(line->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        line->argv[argc++] = word;
    assert_true(cli_args_read(&line->args, argc, line->argv));
}

static void done(struct line *line)
{
    cli_args_free(&line->args);
    diag_free(&line->diag);
}

static void only_options_of_the_table_stay_in_the_scan(void **state)
{
    struct line line;
    read_line(&line, false,
              "-D --config=f --print-config --heartbeat=5 --libserver --auth-plugin=C "
              "--auth-source=S --web-auth 6080 --config g");
    assert_true(line.args.daemon && line.args.print && line.args.libserver && line.args.web_auth);
    assert_string_equal(line.args.file, "g");
    assert_string_equal(line.args.auth_plugin, "C");
    assert_string_equal(line.args.auth_source, "S");
    assert_int_equal(line.args.scan.assignment_count, 1);
    assert_string_equal(line.args.scan.assignments[0].argument, "5");
    assert_int_equal(line.args.scan.operand_count, 1);
    done(&line);
}

static void demo_is_a_word_in_front_of_the_addresses(void **state)
{
    struct line line;
    read_line(&line, false, "-v demo 7000");
    assert_true(line.args.demo);
    assert_int_equal(line.args.scan.operand_count, 1);
    assert_string_equal(line.args.scan.operands[0], "7000");
    done(&line);
    read_line(&line, false, "7000 demo");
    assert_false(line.args.demo);
    assert_int_equal(line.args.scan.operand_count, 2);
    done(&line);
    read_line(&line, true, "demo");
    assert_false(line.args.demo);
    done(&line);
    read_line(&line, false, "6080 -- demo");
    assert_false(line.args.demo);
    assert_int_equal(line.args.scan.rest_count, 1);
    done(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_options_of_the_table_stay_in_the_scan),
        cmocka_unit_test(demo_is_a_word_in_front_of_the_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
