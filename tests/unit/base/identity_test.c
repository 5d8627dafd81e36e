#include "base/identity.h"

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <unistd.h>

static char error[256];

/* Every machine has root and its group. */
static void test_root(void **state)
{
    static const char *const names[] = {"root", "0"};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        uid_t uid = 1;
        gid_t gid = 1;
        assert_true(identity_user(names[i], &uid, &gid, error, sizeof(error)));
        assert_int_equal(uid, 0);
        assert_int_equal(gid, 0);
        gid = 1;
        assert_true(identity_group(names[i], &gid, error, sizeof(error)));
        assert_int_equal(gid, 0);
    }
}

/* As getpwent and getgrent list them. */
static void test_every_account(void **state)
{
    const struct passwd *user;
    setpwent();
    for (unsigned count = 0; count < 20 && (user = getpwent()); count++) {
        char name[256];
        uid_t uid = user->pw_uid, found_uid;
        gid_t gid = user->pw_gid, found_gid;
        snprintf(name, sizeof(name), "%s", user->pw_name);
        assert_true(identity_user(name, &found_uid, &found_gid, error, sizeof(error)));
        assert_int_equal(found_uid, uid);
        assert_int_equal(found_gid, gid);
    }
    endpwent();
}

static void test_names(void **state)
{
    char name[8];
    identity_name(0, name, sizeof(name));
    assert_string_equal(name, "root");
    identity_name(0, name, 4);
    assert_string_equal(name, "");
    identity_name(4294967294, name, sizeof(name));
    assert_string_equal(name, "");
}

static void test_group_by_number(void **state)
{
    gid_t gid;
    assert_true(identity_group("4294967294", &gid, error, sizeof(error)));
    assert_int_equal(gid, 4294967294);
}

static void test_unknown_names(void **state)
{
    static const char *const users[] = {"no such user", "", "4294967295", "-1", "0x0", "0 "};
    uid_t uid;
    gid_t gid;
    for (size_t i = 0; i < WSL_COUNT(users); i++) {
        assert_false(identity_user(users[i], &uid, &gid, error, sizeof(error)));
        assert_non_null(strstr(error, "no user '"));
        assert_non_null(strstr(error, users[i]));
        assert_false(identity_group(users[i], &gid, error, sizeof(error)));
        assert_non_null(strstr(error, "no group '"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),          cmocka_unit_test(test_every_account),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_group_by_number),
        cmocka_unit_test(test_unknown_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
