#include "core/tokens/token_destination.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/base.h"

static void test_takes_a_host_or_a_path(void **state)
{
    char name[] = "desk.example.com", path[] = "/run/desk";
    struct token_destination destination = {.shown = "x", .no_link = true};
    token_destination_set(&destination, false, slice_of(name), 5900);
    memset(name, 'x', strlen(name));
    assert_int_equal(destination.address.kind, CONFIG_ADDRESS_TCP);
    assert_string_equal(destination.address.host, "desk.example.com");
    assert_null(destination.address.path);
    assert_int_equal(destination.address.port, 5900);
    assert_null(destination.shown);
    assert_false(destination.no_link);
    token_destination_set(&destination, true, slice_of(path), 0);
    assert_int_equal(destination.address.kind, CONFIG_ADDRESS_UNIX);
    assert_string_equal(destination.address.path, "/run/desk");
    assert_null(destination.address.host);
    assert_ptr_equal(destination.address.path, destination.text);
}

static void test_takes_the_longest(void **state)
{
    static char longest[TOKEN_DESTINATION_TEXT];
    struct token_destination destination = {0};
    memset(longest, 'x', sizeof(longest) - 1);
    token_destination_set(&destination, true, slice_of(longest), 0);
    assert_string_equal(destination.address.path, longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_a_host_or_a_path),
        cmocka_unit_test(test_takes_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
