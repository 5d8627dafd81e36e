/* A start that fails says why to the predecessor, and on standard error. */
#include "run/successor.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];

static int set_up(void **unused)
{
    char variable[16];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    snprintf(variable, sizeof(variable), "%d", ends[1]);
    return setenv("WSLUICE_ERROR_FD", variable, 1);
}

static int tear_down(void **unused)
{
    close(ends[0]);
    return 0;
}

/* All that was told; the writing end must be closed by then. */
static const char *told(void)
{
    static char text[4096];
    ssize_t n, length = 0;
    while ((n = read(ends[0], text + length, sizeof(text) - 1 - (size_t)length)) > 0)
        length += n;
    assert_int_equal(n, 0);
    text[length] = '\0';
    return text;
}

static void parse(struct successor *successor, const char *argument, struct cli_result *cli)
{
    char name[] = "wsluice", word[64], *argv[] = {name, word, NULL};
    snprintf(word, sizeof(word), "%s", argument);
    successor_parse(successor, 2, argv, cli);
    assert_null(getenv("WSLUICE_ERROR_FD"));
}

static void test_a_wrong_command_line(void **unused)
{
    struct successor successor;
    struct cli_result cli;
    parse(&successor, "--nosuchoption", &cli);
    assert_int_equal(cli.exit_status, CLI_STATUS_USAGE);
    cli_result_free(&cli);
    successor_serves(&successor);
    assert_non_null(strstr(told(), "nosuchoption"));
}

static void test_a_start_that_fails(void **unused)
{
    struct successor successor;
    struct cli_result cli;
    parse(&successor, "--version", &cli);
    cli_result_free(&cli);
    successor_failed(&successor, "wsluice", "no port");
    assert_string_equal(told(), "wsluice: error: no port\n");
}

/* A number that is no pipe was not given by a predecessor. */
static void test_a_variable_of_somebody_else(void **unused)
{
    static const char *const others[] = {"2", "-1", "x", "99999"};
    struct successor successor;
    struct cli_result cli;
    close(ends[1]);
    for (size_t i = 0; i < WSL_COUNT(others); i++) {
        setenv("WSLUICE_ERROR_FD", others[i], 1);
        parse(&successor, "--version", &cli);
        cli_result_free(&cli);
        assert_int_equal(successor.error_fd, -1);
        successor_failed(&successor, "wsluice", "said on standard error only");
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_wrong_command_line),
        TEST(test_a_start_that_fails),
        TEST(test_a_variable_of_somebody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
