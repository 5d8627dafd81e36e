#include "run/cli/cli_about.h"

#include "lib/cli_run.h"

/* tests/box runs man on a terminal. */

static void same(const char *line, const char *other)
{
    struct run a, b;
    parse(&a, line);
    parse(&b, other);
    assert_int_equal(a.result.exit_status, 0);
    assert_string_equal(a.out, b.out);
    assert_string_equal(a.err, "");
    done(&a);
    done(&b);
}

static void help_explains_everything_or_a_command(void **state)
{
    same("help", "--help");
    same("help check", "check --help");
    same("help help", "help --help");
    same("help demo", "demo --help");
    says("help chekc", 2, "", "chekc: unknown command; did you mean 'wsluice help check'?");
    says("help target_refused", 0, "target_refused (warn)\n    what happened:  Target refused the",
         "");
    says("help target_refused", 0,
         "get:    HTTP status 502 before the upgrade, Close code 1011 after it\n", "");
    says("help origin_refused", 0, "what to do:     add origin to origins, or", "");
    says("help origin_refused", 0, "clients get:    HTTP status 403\n", "");
    says("help ws_rsv", 0, "clients get:    Close code 1002\n", "");
    says("help client_closed", 0, "what to do:     nothing", "");
    says("help ws_masked", 2, "", "neither a command nor a reason");
    says("help routes", 2, "", "for an option of the configuration file, see wsluice help-config");
    says("help a b", 2, "", "b: too many arguments");
}

static void version_is_that_of_the_option(void **state)
{
    same("version", "--version");
    says("version x", 2, "", "takes no arguments");
}

static void man_prints_the_page(void **state)
{
    says("man", 0, ".TH WSLUICE 1", "");
    says("man", 0, "\\fBcompletion\\fR bash|zsh|fish", "");
}

static void completion_knows_three_shells(void **state)
{
    says("completion bash", 0, "complete -F _wsluice wsluice", "");
    says("completion zsh", 0, "#compdef wsluice", "");
    says("completion fish", 0, "complete -c wsluice", "");
    says("completion tcsh", 2, "", "tcsh: unknown shell; write bash, zsh or fish");
    says("completion", 2, "", "is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(help_explains_everything_or_a_command),
        IN_DIRECTORY(version_is_that_of_the_option),
        IN_DIRECTORY(man_prints_the_page),
        IN_DIRECTORY(completion_knows_three_shells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
