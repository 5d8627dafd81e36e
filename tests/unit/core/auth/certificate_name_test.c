#include "core/auth/certificate_name.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_matches(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"Ann Lee", "Ann Lee", true},
        {"ann lee", "Ann Lee", true},
        {"Ann Lee", "Ann Lee2", false},
        {"Ann", "Ann Lee", false},
        {"*", "Ann Lee", true},
        {"*", "", false},
        {"*.lan", "desk.lan", true},
        {"*.lan", "DESK.LAN", true},
        {"*.lan", "a.desk.lan", false},
        {"*.lan", ".lan", false},
        {"*.lan", "lan", false},
        {"*.lan", "desk-lan", false},
        {"*.lan", "desk.lan.example.com", false},
        {"*@example.com", "ops@example.com", true},
        {"*@example.com", "a@b@example.com", false},
        {"*@example.com", "@example.com", false},
        {"*@example.com", "ops@desk.example.com", false},
        {"*@example.com", "ops@example.com.evil.test", false},
        {"desk.lan", "*.lan", false}, /* a wildcard of the certificate is no pattern */
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        if (certificate_name_matches(slice_of(cases[i].pattern), slice_of(cases[i].name)) !=
            cases[i].matches)
            fail_msg("%s, %s", cases[i].pattern, cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
