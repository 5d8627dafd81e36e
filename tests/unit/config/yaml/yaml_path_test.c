#include "config/yaml/yaml_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_finding(const struct yaml_path *at, const char *option)
{
    struct diag diag;
    diag_init(&diag);
    yaml_path_report(at, &diag, (struct config_place){"f", 2, 3}, "remedy", "is %d", 7);
    assert_int_equal(diag.errors, 1);
    if (option)
        assert_string_equal(diag.findings[0].option, option);
    else
        assert_null(diag.findings[0].option);
    assert_string_equal(diag.findings[0].message, "is 7");
    assert_int_equal(diag.findings[0].where.line, 2);
    diag_free(&diag);
}

static void names_keys_and_indexes(void **state)
{
    const struct yaml_path list = {NULL, "listeners", 0}, item = {&list, NULL, 12},
                           tls = {&item, "tls", 0};
    expect_finding(NULL, NULL);
    expect_finding(&list, "listeners");
    expect_finding(&item, "listeners[12]");
    expect_finding(&tls, "listeners[12].tls");
}

static void cuts_long_paths(void **state)
{
    char name[300];
    struct diag diag;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    const struct yaml_path at = {NULL, name, 0}, below = {&at, "a", 0};
    diag_init(&diag);
    yaml_path_report(&below, &diag, (struct config_place){"f", 1, 1}, NULL, "%s", "bad");
    assert_true(strlen(diag.findings[0].option) < 200);
    diag_free(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keys_and_indexes),
        cmocka_unit_test(cuts_long_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
