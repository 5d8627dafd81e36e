#include "serve/auth/users/auth_shared.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/auth/password.h"
#include "lib/users_lab.h"
#include "serve/auth/users/users_store.h"

static struct auth_shared *shared;
static char error[256];

static int set_up(void **state)
{
    users_lab_enter();
    users_lab_write("ann:" USERS_LAB_HASH "\n");
    shared = auth_shared_create();
    return shared ? 0 : -1;
}

static int tear_down(void **state)
{
    auth_shared_destroy(shared); /* asserts that all files are released */
    users_lab_leave();
    return 0;
}

static void test_a_file_is_shared_by_its_path(void **state)
{
    if (!password_supports(USERS_HASH_sha256))
        skip();
    struct users_store *one = auth_shared_users(shared, "users", error, sizeof(error));
    struct users_store *two = auth_shared_users(shared, "users", error, sizeof(error));
    struct users_store *other = auth_shared_users(shared, "./users", error, sizeof(error));
    assert_non_null(one);
    assert_ptr_equal(one, two);
    assert_true(other && other != one);
    assert_ptr_equal(auth_shared_retain(shared, one), one);
    auth_shared_release(shared, one);
    auth_shared_release(shared, two);
    assert_string_equal(users_store_path(one), "users");
    auth_shared_release(shared, one);
    auth_shared_release(shared, other);
    auth_shared_release(shared, NULL);
}

/* A reload with a broken file fails; the file in use stays held, and lets nobody in. */
static void test_a_broken_file_is_refused(void **state)
{
    if (!password_supports(USERS_HASH_sha256))
        skip();
    struct users_store *store = auth_shared_users(shared, "users", error, sizeof(error));
    assert_non_null(store);
    users_lab_write("ann:sesame\n");
    assert_null(auth_shared_users(shared, "users", error, sizeof(error)));
    assert_non_null(strstr(error, "users:1: no password hash"));
    assert_false(users_store_describe(store, error, sizeof(error)));
    auth_shared_release(shared, store);
    assert_null(auth_shared_users(shared, "missing", error, sizeof(error)));
    assert_non_null(strstr(error, "missing: No such file"));
}

static void test_counts_failures(void **state)
{
    static const uint8_t address[IP_BYTES] = {0x20, 1};
    struct backoff_subject who = auth_shared_subject(shared, address, SLICE("users"), SLICE("ann"));
    bool is_known;
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(auth_shared_wait(shared, &who, 1000, &is_known), 0);
        assert_false(is_known);
        auth_shared_note(shared, &who, false, 1000);
    }
    assert_int_equal(auth_shared_wait(shared, &who, 1000, &is_known), 1000);
    auth_shared_note(shared, &who, true, 2000);
    assert_int_equal(auth_shared_wait(shared, &who, 2000, &is_known), 0);
    assert_true(is_known);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_file_is_shared_by_its_path),
        IN_FOLDER(test_a_broken_file_is_refused),
        IN_FOLDER(test_counts_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
