#include "run/help/cli_help.h"

#include "core/auth/password.h"
#include "lib/cli_run.h"
#include "run/cli/cli_commands.h"

static void answers_help_and_version(void **state)
{
    const char *helps[] = {"-h", "--help", "-vh", "--hel", "6080 --help --nonsense"};
    refuses("--he", 2, "it could be --heartbeat, --help");
    for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
        struct run run;
        parse(&run, helps[i]);
        assert_int_equal(run.result.action, CLI_EXIT);
        assert_int_equal(run.result.exit_status, 0);
        assert_string_equal(run.err, "");
        assert_int_equal(strncmp(run.out, "usage: ", 7), 0);
        for (char *line = run.out, *end; (end = strchr(line, '\n')); line = end + 1) {
            assert_true(end - line <= 80);
            assert_true(end == line || end[-1] != ' ');
        }
        assert_non_null(strstr(run.out, "  -D, --daemon "));
        assert_non_null(strstr(run.out, "--heartbeat=TIME"));
        done(&run);
    }
    struct run run;
    parse(&run, "--version");
    const char *version = "wsluice " WSLUICE_VERSION "\n";
    assert_int_equal(strncmp(run.out, version, strlen(version)), 0);
    assert_non_null(strstr(run.out, WSLUICE_JANSSON ? "\nwith: jansson" : "\nwithout: jansson"));
    const char *without = strstr(run.out, "\nwithout:"), *hiredis = strstr(run.out, " hiredis");
    assert_non_null(hiredis);
    assert_int_equal(!without || hiredis < without, WSLUICE_HIREDIS);
    assert_non_null(
        strstr(password_supports(USERS_HASH_sha512) ? WSLUICE_WITH : WSLUICE_WITHOUT, " libcrypt"));
    assert_non_null(strstr(WSLUICE_SECCOMP ? WSLUICE_WITH : WSLUICE_WITHOUT, " libseccomp"));
    assert_non_null(strstr(run.out, " libseccomp"));
    assert_int_equal(run.result.exit_status, 0);
    done(&run);
}

static void the_page_has_the_name_it_was_called_by(void **state)
{
    struct run run;
    parse_as(&run, "/opt/websockify/run", "--help");
    assert_non_null(strstr(run.out, "\n  websockify 6080 localhost:5900\n"));
    assert_null(strstr(run.out, "  wsluice 6080"));
    done(&run);
}

static void the_page_lists_every_command(void **state)
{
    const struct cli_command_list *list = cli_commands_list();
    struct run run;
    parse(&run, "--help");
    for (size_t i = 0; i < list->count; i++) {
        char left[80];
        snprintf(left, sizeof(left), "\n  %s ", list->commands[i]->name);
        assert_non_null(strstr(run.out, left));
    }
    done(&run);
}

static void demo_has_a_page_of_its_own(void **state)
{
    const char *const lines[] = {"demo --help", "demo 7000 -h", "--cert=x demo --help",
                                 "help demo"};
    const char begin[] = "usage: wsluice demo [options] [[HOST:]PORT [SSHD_HOST:PORT]]\n";
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct run run;
        parse(&run, lines[i]);
        assert_int_equal(strncmp(run.out, begin, strlen(begin)), 0);
        assert_non_null(strstr(run.out, "http://localhost:6080"));
        done(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(answers_help_and_version),
        IN_DIRECTORY(the_page_has_the_name_it_was_called_by),
        IN_DIRECTORY(demo_has_a_page_of_its_own),
        IN_DIRECTORY(the_page_lists_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
