#include "serve/auth/users/password_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "lib/users_lab.h"

static void test_says_what_the_hash_says(void **state)
{
    int before = getpriority(PRIO_PROCESS, 0);
    if (!password_supports(USERS_HASH_sha256))
        skip();
    assert_int_equal(password_thread_verify(SLICE("sesame"), SLICE(USERS_LAB_HASH)),
                     PASSWORD_RIGHT);
    assert_int_equal(password_thread_verify(SLICE("other"), SLICE(USERS_LAB_HASH)), PASSWORD_WRONG);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before); /* of this thread */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_the_hash_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
