#include "run/quick/cli_plugin.h"

#include "lib/cli_run.h"

static void flags_that_need_another_are_refused(void **state)
{
    static const char *const lines[][2] = {
        {"--token-plugin=TokenFile 7", "You must use --token-source to use --token-plugin"},
        {"--token-source=f 7", "You must use --token-plugin to use --token-source"},
        {"--permit=*:22 7 h:1", "You must use --token-plugin to use --permit"},
        {"--host-token 7", "You must use --token-plugin to use --host-token"},
        {"--auth-source=x 7 h:1", "You must use --auth-plugin to use --auth-source"},
        {"--web-auth 7 h:1", "You must use --auth-plugin to use --web-auth"},
        {"--web-auth --auth-plugin=x 7 h:1", "You must use --web to use --web-auth"},
        {"--legacy-syslog 7 h:1", "You must use --syslog to use --legacy-syslog"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        refuses(lines[i][0], 2, lines[i][1]);
}

/* No errors of usage: another status, as with websockify. */
static void classes_that_do_not_exist_are_refused(void **state)
{
    static const char *const lines[][2] = {
        {"--auth-plugin=BasicHTTPAuth 7 h:1", "--auth-plugin: the class needs --auth-source"},
        {"--auth-plugin=Basic --auth-source=a 7 h:1", "there is no such class: 'Basic'"},
        {"--auth-plugin=my.Own --auth-source=a 7 h:1", "Python classes cannot be loaded"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        refuses(lines[i][0], 1, lines[i][1]);
}

static void another_engine_is_a_warning(void **state)
{
    struct run run;
    accepts(&run, "--libserver 7 h:1");
    assert_non_null(strstr(run.err, "wsluice: warning: --libserver: has no effect"));
    done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(flags_that_need_another_are_refused),
        IN_DIRECTORY(classes_that_do_not_exist_are_refused),
        IN_DIRECTORY(another_engine_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
