#include "run/passwd/password_make.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void each_hash_has_a_salt_of_its_own(void **state)
{
    char one[USERS_HASH_MAX + 1], two[USERS_HASH_MAX + 1];
    if (!password_supports(USERS_HASH_sha512))
        skip();
    assert_true(password_make_hash(SLICE("sesame"), USERS_HASH_sha512, one) &&
                password_make_hash(SLICE("sesame"), USERS_HASH_sha512, two));
    assert_string_not_equal(one, two);
    assert_int_equal(password_verify(SLICE("sesame"), slice_of(one)), PASSWORD_RIGHT);
    assert_int_equal(password_verify(SLICE("sesame"), slice_of(two)), PASSWORD_RIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_hash_has_a_salt_of_its_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
