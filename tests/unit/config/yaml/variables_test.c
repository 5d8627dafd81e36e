#include "config/yaml/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *lookup(void *owner, const char *name)
{
    if (strcmp(name, "DESK") == 0)
        return "desk.example";
    if (strcmp(name, "MONEY") == 0)
        return "${DESK}$$";
    if (strcmp(name, "LONG") == 0)
        return owner;
    return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static char *expand(const char *text, char *why, const char **remedy)
{
    static char long_value[VARIABLES_TEXT_MAX / 2 + 1];
    memset(long_value, 'x', sizeof(long_value) - 1);
    return variables_expand(text, lookup, long_value, why, 160, remedy);
}

static void gives(const char *text, const char *expected)
{
    char why[160];
    const char *remedy;
    char *result = expand(text, why, &remedy);
    assert_non_null(result);
    assert_string_equal(result, expected);
    free(result);
}

static void refuses(const char *text, const char *expected)
{
    char why[160] = "";
    const char *remedy;
    assert_null(expand(text, why, &remedy));
    assert_string_equal(why, expected);
}

static void replaces_variables(void **state)
{
    gives("", "");
    gives("plain", "plain");
    gives("${DESK}", "desk.example");
    gives("tcp://${DESK}:${PORT:-5900}/", "tcp://desk.example:5900/");
    gives("${EMPTY}", "");
    gives("${EMPTY:-x}", "x");
    gives("${NONE:-}", "");
    gives("${DESK:-other}", "desk.example");
    gives("${NONE:-a:-b}", "a:-b");
}

static void escapes_dollars(void **state)
{
    gives("$", "$");
    gives("$$", "$");
    gives("[a-z]+$", "[a-z]+$");
    gives("[a-z]$|^$x", "[a-z]$|^$x");
    gives("$${DESK}", "${DESK}");
    gives("$$$${", "$${");
    gives("$$${DESK}", "$desk.example");
    gives("${MONEY}", "${DESK}$$"); /* what is put in is not looked at again */
}

static void explains_errors(void **state)
{
    const char *form = "a variable is written ${NAME} or ${NAME:-default}";
    refuses("${NONE}", "the environment has no NONE");
    refuses("a${NONE}b", "the environment has no NONE");
    refuses("${", form);
    refuses("${}", form);
    refuses("${1}", form);
    refuses("${DESK", form);
    refuses("${DESK-x}", form);
    refuses("${DESK:x}", form);
    refuses("${ DESK }", form);
    refuses("${LONG}${LONG}${DESK}", "longer than 64 KiB");
}

static void recognises_a_single_variable(void **state)
{
    assert_true(variables_is_one("${DESK}"));
    assert_false(variables_is_one("${DESK}x"));
    assert_false(variables_is_one("${DESK:-x}"));
    assert_false(variables_is_one("x${DESK}"));
    assert_false(variables_is_one("$DESK"));
    assert_false(variables_is_one("${}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_variables),
        cmocka_unit_test(escapes_dollars),
        cmocka_unit_test(explains_errors),
        cmocka_unit_test(recognises_a_single_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
