/* Each test drops privileges in a process of its own. */
#include "run/process/privilege.h"

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ERROR_MAX 256

/* True when `check` holds in a process that has dropped to this user and group. */
static bool dropped(const char *user, const char *group,
                    bool (*check)(bool done, const char *error))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        char error[ERROR_MAX] = "";
        bool done = privilege_drop(user, group, error, sizeof(error));
        _exit(check(done, error) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool became_nobody(bool done, const char *error)
{
    const struct passwd *nobody = getpwnam("nobody");
    uid_t uid[3];
    gid_t gid[3], groups[32];
    int count = getgroups(32, groups);
    if (!done || *error || !nobody || getresuid(&uid[0], &uid[1], &uid[2]) != 0 ||
        getresgid(&gid[0], &gid[1], &gid[2]) != 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (uid[i] != nobody->pw_uid || gid[i] != nobody->pw_gid)
            return false;
    for (int i = 0; i < count; i++)
        if (groups[i] == 0)
            return false;
    return setuid(0) != 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool kept_user_without_new_privileges(bool done, const char *error)
{
    return done && *error == '\0' && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool names_the_unknown_one(bool done, const char *error)
{
    return !done && strstr(error, "nosuchname");
}

static void test_user(void **unused)
{
    if (getuid() != 0)
        skip();
    assert_true(dropped("nobody", NULL, became_nobody));
}

static void test_neither_user_nor_group(void **unused)
{
    assert_true(dropped(NULL, NULL, kept_user_without_new_privileges));
}

static void test_unknown(void **unused)
{
    assert_true(dropped("nosuchname", NULL, names_the_unknown_one));
    assert_true(dropped(NULL, "nosuchname", names_the_unknown_one));
}

static bool twice(bool done, const char *error)
{
    char again[ERROR_MAX];
    return done && *error == '\0' && privilege_drop("nobody", NULL, again, sizeof(again)) &&
           !privilege_drop("daemon", NULL, again, sizeof(again)) && strstr(again, "start as root");
}

/* A successor is the user already, and cannot become another one. */
static void test_again(void **unused)
{
    if (getuid() != 0)
        skip();
    assert_true(dropped("nobody", NULL, twice));
}

static void test_borrowing(void **unused)
{
    struct privilege_own own;
    gid_t before[PRIVILEGE_GROUPS], after[PRIVILEGE_GROUPS];
    char error[ERROR_MAX] = "";
    if (getuid() != 0)
        skip();
    int count = getgroups(PRIVILEGE_GROUPS, before);
    assert_false(privilege_borrow(&own, "nosuchname", NULL, error, sizeof(error)));
    assert_false(own.borrowed);
    assert_true(privilege_borrow(&own, NULL, NULL, error, sizeof(error)));
    assert_false(own.borrowed);
    assert_true(privilege_borrow(&own, "nobody", NULL, error, sizeof(error)));
    assert_int_not_equal(geteuid(), 0);
    assert_int_not_equal(getegid(), 0);
    int lent = getgroups(PRIVILEGE_GROUPS, after);
    for (int i = 0; i < lent; i++)
        assert_int_not_equal(after[i], 0);
    privilege_return(&own);
    assert_int_equal(geteuid(), 0);
    assert_int_equal(getegid(), 0);
    assert_int_equal(getgroups(PRIVILEGE_GROUPS, after), count);
    assert_true(count == 0 || memcmp(before, after, (size_t)count * sizeof(gid_t)) == 0);
    privilege_return(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user),      cmocka_unit_test(test_neither_user_nor_group),
        cmocka_unit_test(test_unknown),   cmocka_unit_test(test_again),
        cmocka_unit_test(test_borrowing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
