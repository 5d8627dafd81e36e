/* Names whose look-ups hung: which ones are kept, and for how long. */
#include "core/resources/name_hangs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BEGAN 1000

static void test_only_names_that_hung_are_kept(void **unused)
{
    struct name_hangs hangs = {0};
    name_hangs_note(&hangs, 1, BEGAN, BEGAN + NAME_HANGS_AFTER_MS - 1);
    assert_false(name_hangs_has(&hangs, 1, BEGAN + NAME_HANGS_AFTER_MS));
    name_hangs_note(&hangs, 2, BEGAN, BEGAN + NAME_HANGS_AFTER_MS);
    assert_true(name_hangs_has(&hangs, 2, BEGAN + NAME_HANGS_AFTER_MS));
    assert_false(name_hangs_has(&hangs, 1, BEGAN + NAME_HANGS_AFTER_MS));
    assert_false(name_hangs_has(&hangs, 0, BEGAN + NAME_HANGS_AFTER_MS));
}

static void test_a_name_is_kept_for_a_while(void **unused)
{
    struct name_hangs hangs = {0};
    uint64_t failed = BEGAN + NAME_HANGS_AFTER_MS;
    name_hangs_note(&hangs, 2, BEGAN, failed);
    assert_true(name_hangs_has(&hangs, 2, failed + NAME_HANGS_KEPT_MS - 1));
    assert_false(name_hangs_has(&hangs, 2, failed + NAME_HANGS_KEPT_MS));
}

static void test_the_oldest_name_is_overwritten(void **unused)
{
    struct name_hangs hangs = {0};
    uint64_t failed = BEGAN + NAME_HANGS_AFTER_MS;
    for (uint64_t name = 1; name <= NAME_HANGS_MAX + 1; name++)
        name_hangs_note(&hangs, name, BEGAN, failed);
    assert_false(name_hangs_has(&hangs, 1, failed));
    for (uint64_t name = 2; name <= NAME_HANGS_MAX + 1; name++)
        assert_true(name_hangs_has(&hangs, name, failed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_names_that_hung_are_kept),
        cmocka_unit_test(test_a_name_is_kept_for_a_while),
        cmocka_unit_test(test_the_oldest_name_is_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
