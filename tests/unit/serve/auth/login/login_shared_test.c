#include "serve/auth/login/login_shared.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct login_cookie cookie_of(const char *user, unsigned char number)
{
    struct login_cookie cookie = {.issued = 1000, .expires = 100000, .user_length = strlen(user)};
    memcpy(cookie.user, user, cookie.user_length);
    memset(cookie.mac, number, sizeof(cookie.mac));
    return cookie;
}

static void test_ends_one_login(void **state)
{
    struct login_shared *shared = login_shared_create();
    assert_non_null(shared);
    struct login_cookie one = cookie_of("ann", 1), other = cookie_of("ann", 2);
    assert_false(login_shared_has_ended(shared, "users", &one));
    assert_true(login_shared_end(shared, "users", &one, 2000));
    assert_true(login_shared_has_ended(shared, "users", &one));
    assert_false(login_shared_has_ended(shared, "users", &other));
    login_shared_destroy(shared);
    login_shared_destroy(NULL);
}

/* The same name in another file is another user. */
static void test_ends_all_logins_of_a_user(void **state)
{
    struct login_shared *shared = login_shared_create();
    assert_non_null(shared);
    struct login_cookie one = cookie_of("ann", 1), other = cookie_of("ann", 2),
                        bob = cookie_of("bob", 1);
    assert_true(login_shared_end_all(shared, "users", &one, 2000, 200000));
    assert_true(login_shared_has_ended(shared, "users", &other));
    assert_false(login_shared_has_ended(shared, "users", &bob));
    assert_false(login_shared_has_ended(shared, "others", &one));
    other.issued = 2001;
    assert_false(login_shared_has_ended(shared, "users", &other));
    login_shared_destroy(shared);
}

static void test_each_process_has_its_key(void **state)
{
    struct login_shared *one = login_shared_create(), *other = login_shared_create();
    assert_true(one && other);
    assert_int_equal(login_shared_keys(one)->count, 1);
    assert_memory_not_equal(login_shared_keys(one)->bytes[0], login_shared_keys(other)->bytes[0],
                            LOGIN_KEYS_BYTES);
    login_shared_destroy(one);
    login_shared_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_one_login),
        cmocka_unit_test(test_ends_all_logins_of_a_user),
        cmocka_unit_test(test_each_process_has_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
