#include "config/rules/route/route_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct config_place locate(const void *owner, struct option_ref option)
{
    return (struct config_place){"f", 3, (unsigned)option.inner + 1};
}

static void names_the_option_and_its_place(void **state)
{
    const struct option_locator names = {.locate = locate};
    struct diag diag;
    char line[100];
    diag_init(&diag);
    const struct route_check check = {.names = &names, .diag = &diag, .index = 2};
    route_check_report(&check, route_check_option(&check, "path"), "do %s", "is %d", 7);
    route_check_report(&check, route_check_target(&check, 1, "ca"), NULL, "%s", "bad");
    assert_int_equal(diag.errors, 2);
    diag_format(&diag.findings[0], line, sizeof(line));
    assert_string_equal(line, "f:3:1: routes[2].path: is 7; do %s");
    diag_format(&diag.findings[1], line, sizeof(line));
    assert_string_equal(line, "f:3:2: routes[2].targets[1].ca: bad");
    diag_free(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_option_and_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
