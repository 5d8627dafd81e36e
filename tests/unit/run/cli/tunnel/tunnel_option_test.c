#include "run/cli/tunnel/tunnel_option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static void every_flag_is_used(void **state)
{
    static const char *const others[] = {"password-file",   "bearer-file",         "header",
                                         "credentials-env", "credentials-command", "header-file",
                                         "proxy",           "print-config"};
    for (size_t i = 0; i < TUNNEL_OPTIONS; i++) {
        const struct options_flag *flag = &tunnel_option_flags[i];
        const struct tunnel_option *option = tunnel_option_find(flag->name);
        bool other = false;
        for (size_t j = 0; j < WSL_COUNT(others); j++)
            other = other || strcmp(others[j], flag->name) == 0;
        assert_true(other == !option);
        assert_non_null(flag->help);
        if (!option)
            continue;
        assert_non_null(options_find(option->section, option->key));
        assert_true(!option->sets == (flag->argument != NULL));
    }
    assert_null(tunnel_option_find("nothing"));
}

static void names_for_findings(void **state)
{
    const struct option_ref ca = {.section = OPTIONS_TARGET, .key = "ca"};
    const struct option_ref host = {.section = OPTIONS_ROUTE, .key = "host"};
    const struct option_ref whole = {.section = OPTIONS_TARGET};
    assert_string_equal(tunnel_option_name(&ca), "--ca");
    assert_null(tunnel_option_name(&host));
    assert_null(tunnel_option_name(&whole));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flag_is_used),
        cmocka_unit_test(names_for_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
