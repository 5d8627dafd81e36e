#include "config/unknown_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void suggests(enum options_section section, const char *key, const char *expected)
{
    char remedy[200];
    unknown_key_remedy(section, key, remedy, sizeof(remedy));
    assert_string_equal(remedy, expected);
}

static void suggests_the_nearest_name(void **state)
{
    suggests(OPTIONS_LISTENER, "adress", "did you mean address?");
    suggests(OPTIONS_PROCESS, "inlcude", "did you mean include?");
    suggests(OPTIONS_ROUTE, "targte", "did you mean target?");
    suggests(OPTIONS_ROUTE, "entirely_different", "see wsluice help-config");
}

static void suggests_the_section_of_a_name(void **state)
{
    suggests(OPTIONS_PROCESS, "drain_timeout", "move it to limits");
    suggests(OPTIONS_LISTENER, "certificates", "move it to listeners[].tls");
    suggests(OPTIONS_ROUTE, "workers", "move it to the top level");
    suggests(OPTIONS_PROCESS, "target", "move it to routes[]");
    suggests(OPTIONS_PROCESS, "auth", "move it to routes[]");
    suggests(OPTIONS_LISTENER_AUTH, "logn", "did you mean login?");
    suggests(OPTIONS_PROCESS, "drain_timout", "did you mean limits.drain_timeout?");
}

static void recognises_secrets(void **state)
{
    assert_true(unknown_key_may_be_secret("key_pasword"));
    assert_false(unknown_key_may_be_secret("address"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggests_the_nearest_name),
        cmocka_unit_test(suggests_the_section_of_a_name),
        cmocka_unit_test(recognises_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
