#include "core/auth/users_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define DIGITS43 "ErG1rn0GpODYQsD0nq3v3MbXT2boicTUhjw4zQRk1//"
#define ANN      "$5$ann$" DIGITS43
#define BOB      "$5$bob$" DIGITS43
#define CAROL    "$y$j75$$" DIGITS43

static const struct siphash_seed seed = {1, 2};
static char error[256];
static unsigned asked;

static bool all(enum users_hash kind)
{
    return true;
}

static bool no_yescrypt(enum users_hash kind)
{
    asked++;
    return kind != USERS_HASH_yescrypt;
}

static struct users_table *create(const char *text)
{
    error[0] = '\0';
    return users_table_create("users", slice_of(text), &seed, all, error, sizeof(error));
}

static void test_finds_users(void **state)
{
    struct users_table *table = create("ann:" ANN "\nbob:" BOB "\ncarol:" CAROL "\n");
    assert_non_null(table);
    assert_int_equal(users_table_count(table), 3);
    assert_true(
        slice_equal(users_table_text(table), SLICE("ann:" ANN "\nbob:" BOB "\ncarol:" CAROL "\n")));
    assert_true(slice_equal(users_table_find(table, SLICE("ann")), SLICE(ANN)));
    assert_true(slice_equal(users_table_find(table, SLICE("carol")), SLICE(CAROL)));
    assert_int_equal(users_table_find(table, SLICE("Ann")).len, 0);
    assert_int_equal(users_table_find(table, SLICE("an")).len, 0);
    assert_int_equal(users_table_find(table, SLICE("")).len, 0);
    users_table_free(table);
}

static void test_decoys_are_hashes_of_the_file(void **state)
{
    struct users_table *table = create("ann:" ANN "\nbob:" BOB "\ncarol:" CAROL "\n");
    assert_non_null(table);
    unsigned seen[3] = {0};
    for (unsigned i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof(name), "nobody%u", i);
        struct slice decoy = users_table_decoy(table, slice_of(name));
        assert_ptr_equal(decoy.ptr, users_table_decoy(table, slice_of(name)).ptr);
        seen[0] += slice_equal(decoy, SLICE(ANN));
        seen[1] += slice_equal(decoy, SLICE(BOB));
        seen[2] += slice_equal(decoy, SLICE(CAROL));
    }
    assert_int_equal(seen[0] + seen[1] + seen[2], 300);
    assert_true(seen[0] > 50 && seen[1] > 50 && seen[2] > 50);
    users_table_free(table);
}

static void test_a_file_without_users(void **state)
{
    struct users_table *table = create("# none yet\n");
    assert_non_null(table);
    assert_int_equal(users_table_count(table), 0);
    assert_int_equal(users_table_find(table, SLICE("ann")).len, 0);
    assert_int_equal(users_table_decoy(table, SLICE("ann")).len, 0);
    users_table_free(table);
}

static void assert_fault(const char *text, const char *wanted)
{
    struct users_table *table = create(text);
    if (table || strncmp(error, wanted, strlen(wanted)) != 0)
        fail_msg("%s: %s", wanted, table ? "accepted" : error);
}

static void test_refuses_a_file_with_a_fault(void **state)
{
    assert_fault("ann:" ANN "\n\nbob:sesame\n", "users:3: no password hash, perhaps");
    assert_fault("ann:" ANN "\nbob:" BOB "\nann:" BOB "\n",
                 "users:3: this user is in line 1, too: delete one of the lines");
    assert_null(create("ann:sesame\nbob:sesame\n"));
    assert_non_null(strstr(error, "(and 1 more line)"));
    assert_null(create("ann\nbob\ncarol\n"));
    assert_non_null(strstr(error, "(and 2 more lines)"));
}

static void test_refuses_kinds_that_cannot_be_verified(void **state)
{
    static const char text[] = "ann:" ANN "\nbob:" BOB "\ncarol:" CAROL "\ndave:" CAROL "\n";
    assert_null(users_table_create("users", SLICE(text), &seed, no_yescrypt, error, sizeof(error)));
    assert_non_null(strstr(error, "users:3: yescrypt hashes are unknown to this build"));
    assert_int_equal(asked, 2); /* once for each kind */
}

static void test_without_memory(void **state)
{
    for (unsigned nth = 1; nth <= 3; nth++) {
        failing_alloc_arm(nth);
        assert_null(create("ann:" ANN "\n"));
        failing_alloc_disarm();
        assert_string_equal(error, "users: out of memory");
    }
    users_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_users),
        cmocka_unit_test(test_decoys_are_hashes_of_the_file),
        cmocka_unit_test(test_a_file_without_users),
        cmocka_unit_test(test_refuses_a_file_with_a_fault),
        cmocka_unit_test(test_refuses_kinds_that_cannot_be_verified),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
