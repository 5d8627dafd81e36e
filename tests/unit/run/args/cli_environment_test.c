#include "run/cli/cli.h"

#include "lib/cli_run.h"

static const char *const names[] = {"WSLUICE_TARGET",     "WSLUICE_LISTEN", "WSLUICE_WEB",
                                    "WSLUICE_CERT",       "WSLUICE_KEY",    "WSLUICE_LOG_LEVEL",
                                    "WSLUICE_LOG_FORMAT", "WSLUICE_CONFIG", "WSLUICE_ADMIN_SOCKET"};

static int clear(void **state)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    return 0;
}

static void a_target_is_enough(void **state)
{
    struct run run;
    setenv("WSLUICE_TARGET", "desk:5900", 1);
    accepts(&run, "");
    assert_int_equal(run.listener->address.port, 6080);
    assert_string_equal(run.route->targets[0].address.host, "desk");
    done(&run);
    setenv("WSLUICE_LISTEN", "127.0.0.1:80", 1);
    setenv("WSLUICE_TARGET", "unix:/run/desk.sock", 1);
    accepts(&run, "");
    assert_string_equal(run.listener->address.host, "127.0.0.1");
    assert_string_equal(run.route->targets[0].address.path, "/run/desk.sock");
    done(&run);
}

static void empty_is_as_good_as_unset(void **state)
{
    struct run run;
    setenv("WSLUICE_TARGET", "", 1);
    setenv("WSLUICE_CONFIG", "", 1);
    parse(&run, "");
    assert_int_equal(run.result.exit_status, 2);
    assert_non_null(strstr(run.err, "Too few arguments"));
    done(&run);
}

static void the_command_line_wins(void **state)
{
    struct run run;
    setenv("WSLUICE_TARGET", "desk:5900", 1);
    setenv("WSLUICE_LOG_LEVEL", "error", 1);
    setenv("WSLUICE_CONFIG", "/nowhere.yaml", 1);
    accepts(&run, "7000 other:1");
    assert_string_equal(run.route->targets[0].address.host, "other");
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_ERROR);
    done(&run);
    accepts(&run, "--log-level=debug");
    assert_string_equal(run.route->targets[0].address.host, "desk");
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_DEBUG);
    done(&run);
    accepts(&run, "--unix-target=/run/s");
    assert_string_equal(run.route->targets[0].address.path, "/run/s");
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_ERROR);
    done(&run);
    parse(&run, "demo");
    assert_int_equal(run.result.action, CLI_DEMO);
    done(&run);
}

static void a_variable_is_judged_like_its_flag(void **state)
{
    struct run run;
    setenv("WSLUICE_TARGET", "desk", 1);
    setenv("WSLUICE_LOG_LEVEL", "loud", 1);
    parse(&run, "");
    assert_int_equal(run.result.exit_status, 2);
    assert_non_null(strstr(run.err, "Error parsing target"));
    assert_non_null(strstr(run.err, "not 'loud'"));
    done(&run);
}

static void a_file_is_what_is_left(void **state)
{
    struct run run;
    char path[] = "/tmp/wsluice-environment-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    fputs("listeners: ['127.0.0.1:0']\nroutes: [{path: /, target: tcp://filed:1}]\n", file);
    fclose(file);
    setenv("WSLUICE_CONFIG", path, 1);
    setenv("WSLUICE_WEB", "/srv", 1); /* is in the file or nowhere */
    setenv("WSLUICE_LOG_FORMAT", "json", 1);
    accepts(&run, "--log-level=error");
    assert_string_equal(run.route->targets[0].address.host, "filed");
    assert_int_equal(run.result.config->log.format, CONFIG_LOG_JSON);
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_ERROR);
    done(&run);
    accepts(&run, "--unix-listen=/run/l --unix-target=/run/s");
    assert_string_equal(run.route->targets[0].address.path, "/run/s");
    done(&run);
    setenv("WSLUICE_TARGET", "desk:5900", 1);
    unsetenv("WSLUICE_WEB");
    accepts(&run, "");
    assert_string_equal(run.route->targets[0].address.host, "desk");
    done(&run);
    remove(path);
    unsetenv("WSLUICE_TARGET");
    parse(&run, "");
    assert_int_equal(run.result.exit_status, 1);
    assert_non_null(strstr(run.err, "WSLUICE_CONFIG: /tmp/wsluice-environment-"));
    assert_non_null(strstr(run.err, "set WSLUICE_TARGET"));
    done(&run);
}

static void help_names_each(void **state)
{
    struct run run;
    parse(&run, "--help");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_non_null(strstr(run.out, names[i]));
    done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_target_is_enough, clear),
        cmocka_unit_test_setup(empty_is_as_good_as_unset, clear),
        cmocka_unit_test_setup(the_command_line_wins, clear),
        cmocka_unit_test_setup(a_variable_is_judged_like_its_flag, clear),
        cmocka_unit_test_setup(a_file_is_what_is_left, clear),
        cmocka_unit_test_setup(help_names_each, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
