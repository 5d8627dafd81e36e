#include "core/sandbox/sandbox_grants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static void add(struct sandbox_grants *grants, const char *path, unsigned rights, bool is_file)
{
    char copy[64];
    snprintf(copy, sizeof(copy), "%s", path);
    sandbox_grants_add(grants, &(struct sandbox_grant){copy, rights, is_file, 1, 2});
    memset(copy, 'x', sizeof(copy));
}

static bool covers(const struct sandbox_grants *grants, const char *path, unsigned rights)
{
    char copy[64];
    snprintf(copy, sizeof(copy), "%s", path);
    return sandbox_grants_cover(grants, &(struct sandbox_grant){copy, rights, false, 1, 2});
}

static void nothing_covers_nothing_only(void **state)
{
    struct sandbox_grants grants = {0};
    assert_false(covers(&grants, "/", SANDBOX_READ));
    assert_true(covers(&grants, "/", 0));
}

static void a_folder_covers_what_is_below(void **state)
{
    struct sandbox_grants grants = {0};
    add(&grants, "/etc/wsluice", SANDBOX_READ, false);
    assert_true(covers(&grants, "/etc/wsluice", SANDBOX_READ));
    assert_true(covers(&grants, "/etc/wsluice/tls/a.pem", SANDBOX_READ));
    assert_false(covers(&grants, "/etc/wsluice2", SANDBOX_READ));
    assert_false(covers(&grants, "/etc", SANDBOX_READ));
    assert_false(covers(&grants, "/etc/wsluice/x", SANDBOX_READ | SANDBOX_WRITE));
    sandbox_grants_free(&grants);
    add(&grants, "/", SANDBOX_READ, false);
    assert_true(covers(&grants, "/etc", SANDBOX_READ));
    sandbox_grants_free(&grants);
}

static void rights_of_several_grants_add_up(void **state)
{
    struct sandbox_grants grants = {0};
    add(&grants, "/a", SANDBOX_READ, false);
    add(&grants, "/a/b", SANDBOX_WRITE, false);
    add(&grants, "/a/b", SANDBOX_MAKE_FILE, false);
    assert_int_equal(grants.count, 2);
    assert_true(covers(&grants, "/a/b/c", SANDBOX_READ | SANDBOX_WRITE | SANDBOX_MAKE_FILE));
    assert_false(covers(&grants, "/a/c", SANDBOX_READ | SANDBOX_WRITE));
    sandbox_grants_free(&grants);
}

static void a_file_covers_itself_until_it_is_replaced(void **state)
{
    struct sandbox_grants grants = {0};
    struct sandbox_grant wanted = {(char[]){"/etc/key.pem"}, SANDBOX_READ, true, 1, 2};
    add(&grants, "/etc/key.pem", SANDBOX_READ, true);
    assert_true(sandbox_grants_cover(&grants, &wanted));
    assert_false(covers(&grants, "/etc/key.pem/x", SANDBOX_READ));
    wanted.inode = 3;
    assert_false(sandbox_grants_cover(&grants, &wanted));
    wanted.inode = 2, wanted.device = 9;
    assert_false(sandbox_grants_cover(&grants, &wanted));
    sandbox_grants_free(&grants);
}

static void another_folder_at_the_path_is_not_covered(void **state)
{
    struct sandbox_grants grants = {0};
    struct sandbox_grant wanted = {(char[]){"/srv/www"}, SANDBOX_READ, false, 1, 3};
    add(&grants, "/srv/www", SANDBOX_READ, false);
    assert_false(sandbox_grants_cover(&grants, &wanted));
    add(&grants, "/srv", SANDBOX_READ, false);
    assert_true(sandbox_grants_cover(&grants, &wanted));
    sandbox_grants_free(&grants);
}

static void knows_wide_folders(void **state)
{
    static const char *const wide[] = {"/", "/etc", "/home", "/home/ann", "/tmp", "/data/ann"};
    static const char *const narrow[] = {"/etc/wsluice", "/home/ann/desk", "/tmp/x", "/srv/www",
                                         "/data"};
    for (size_t i = 0; i < WSL_COUNT(wide); i++)
        assert_true(sandbox_grants_is_wide(wide[i], "/data/ann"));
    for (size_t i = 0; i < WSL_COUNT(narrow); i++)
        assert_false(sandbox_grants_is_wide(narrow[i], "/data/ann"));
    assert_false(sandbox_grants_is_wide("/data/ann", NULL));
}

static void survives_without_memory(void **state)
{
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        struct sandbox_grants grants = {0};
        failing_alloc_arm(n);
        for (int i = 0; i < 5; i++)
            add(&grants, (const char *const[]){"/a", "/b", "/c", "/d", "/e"}[i], SANDBOX_READ,
                false);
        failed = failing_alloc_disarm();
        assert_int_equal(grants.failed, failed);
        assert_int_equal(grants.count, failed ? grants.count : 5);
        sandbox_grants_free(&grants);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_covers_nothing_only),
        cmocka_unit_test(a_folder_covers_what_is_below),
        cmocka_unit_test(rights_of_several_grants_add_up),
        cmocka_unit_test(a_file_covers_itself_until_it_is_replaced),
        cmocka_unit_test(another_folder_at_the_path_is_not_covered),
        cmocka_unit_test(knows_wide_folders),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
