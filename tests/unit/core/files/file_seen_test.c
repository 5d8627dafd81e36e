/* A file is read until a read comes three seconds after its last change. */
#include "core/files/file_seen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_reads_until_stable(void **state)
{
    struct file_seen seen = {0};
    (void)state;
    assert_true(file_seen_look(&seen, 7, 1000));
    file_seen_read(&seen, 1000);
    assert_false(file_seen_is_same(&seen, 7));
    assert_true(file_seen_look(&seen, 7, 3999));
    file_seen_read(&seen, 3999);
    assert_true(file_seen_look(&seen, 7, 4000));
    file_seen_read(&seen, 4000);
    assert_true(file_seen_is_same(&seen, 7));
    assert_false(file_seen_is_same(&seen, 8));
    assert_false(file_seen_look(&seen, 7, 90000));
}

static void test_waits_again_after_a_change(void **state)
{
    struct file_seen seen = {.fingerprint = 7, .since = 1000, .is_stable = true};
    (void)state;
    assert_true(file_seen_look(&seen, 8, 5000));
    file_seen_read(&seen, 5000);
    assert_true(file_seen_look(&seen, 8, 7999));
    file_seen_read(&seen, 8000);
    assert_false(file_seen_look(&seen, 8, 8001));
}

static void test_begins_anew_after_forgetting(void **state)
{
    struct file_seen seen = {.fingerprint = 7, .since = 1000, .is_stable = true};
    (void)state;
    file_seen_forget(&seen);
    assert_false(file_seen_is_same(&seen, 7));
    assert_true(file_seen_look(&seen, 7, 5000));
    file_seen_read(&seen, 5000);
    assert_true(file_seen_look(&seen, 7, 5001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_until_stable),
        cmocka_unit_test(test_waits_again_after_a_change),
        cmocka_unit_test(test_begins_anew_after_forgetting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
