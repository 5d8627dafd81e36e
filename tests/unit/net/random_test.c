#include "net/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_bytes_are_filled_and_differ(void **unused)
{
    static const uint8_t none[32];
    uint8_t a[33] = {0}, b[33] = {0};
    random_fill(a, 32);
    random_fill(b, 32);
    assert_memory_not_equal(a, none, 32);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(a[32], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes_are_filled_and_differ)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
