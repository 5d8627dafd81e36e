#include "core/auth/users_edit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DIGITS43 "ErG1rn0GpODYQsD0nq3v3MbXT2boicTUhjw4zQRk1//"
#define OLD      "$5$old$" DIGITS43
#define NEW      "$5$new$" DIGITS43

static struct users_edit edit;

/* `hash` "": deletes. `wanted` NULL: nothing is written. */
static void assert_edit(const char *text, const char *name, const char *hash,
                        enum users_edit_result result, const char *wanted)
{
    struct text out = {0};
    assert_int_equal(users_edit_apply(slice_of(text), slice_of(name), slice_of(hash), &out, &edit),
                     result);
    assert_true(slice_equal(text_slice(&out), slice_of(wanted ? wanted : "")));
    text_free(&out);
}

static void test_adds(void **state)
{
    assert_edit("", "ann", NEW, USERS_EDIT_ADDED, "ann:" NEW "\n");
    assert_edit("# all\n", "ann", NEW, USERS_EDIT_ADDED, "# all\nann:" NEW "\n");
    assert_edit("bob:" OLD, "ann", NEW, USERS_EDIT_ADDED, "bob:" OLD "\nann:" NEW "\n");
    assert_edit("bob:" OLD "\r\n", "ann", NEW, USERS_EDIT_ADDED, "bob:" OLD "\r\nann:" NEW "\r\n");
    assert_edit("\xEF\xBB\xBF", "ann", NEW, USERS_EDIT_ADDED, "\xEF\xBB\xBF\nann:" NEW "\n");
    assert_int_equal(edit.line, 0);
}

static void test_changes(void **state)
{
    assert_edit("ann:" OLD "\n", "ann", NEW, USERS_EDIT_CHANGED, "ann:" NEW "\n");
    assert_edit("\xEF\xBB\xBF"
                "ann:" OLD "\n",
                "ann", NEW, USERS_EDIT_CHANGED,
                "\xEF\xBB\xBF"
                "ann:" NEW "\n");
    assert_edit("# one\n\nbob:" OLD "\nann:" OLD " \r\n# two", "ann", NEW, USERS_EDIT_CHANGED,
                "# one\n\nbob:" OLD "\nann:" NEW "\r\n# two");
    assert_edit("bob:" OLD "\nann:" OLD, "ann", NEW, USERS_EDIT_CHANGED,
                "bob:" OLD "\nann:" NEW "\n");
    /* All of several lines. */
    assert_edit("ann:" OLD "\nbob:" OLD "\nann:" OLD "\n", "ann", NEW, USERS_EDIT_CHANGED,
                "ann:" NEW "\nbob:" OLD "\n");
    assert_int_equal(edit.line, 0);
}

static void test_deletes(void **state)
{
    assert_edit("ann:" OLD "\nbob:" OLD "\n", "ann", "", USERS_EDIT_CHANGED, "bob:" OLD "\n");
    assert_edit("ann:" OLD "\nbob:" OLD, "bob", "", USERS_EDIT_CHANGED, "ann:" OLD "\n");
    assert_edit("ann:" OLD "\nann:" OLD "\n", "ann", "", USERS_EDIT_CHANGED, "");
    assert_edit("ann:" OLD "\n", "an", "", USERS_EDIT_ABSENT, NULL);
    assert_edit("", "ann", "", USERS_EDIT_ABSENT, NULL);
}

/* As the remedy of a fault says: the user's own line may have had a password. */
static void test_mends_a_faulty_line(void **state)
{
    assert_edit("ann:sesame\n", "ann", NEW, USERS_EDIT_CHANGED, "ann:" NEW "\n");
    assert_int_equal(edit.line, 0);
    assert_edit("bob:other\nann:sesame\n", "ann", NEW, USERS_EDIT_CHANGED,
                "bob:other\nann:" NEW "\n");
    assert_int_equal(edit.line, 1);
    assert_non_null(strstr(edit.fault, "no password hash"));
}

static void test_refuses_files_of_other_programs(void **state)
{
    assert_edit("bob:sesame\n", "ann", NEW, USERS_EDIT_REFUSED, NULL);
    assert_edit("ann:" OLD "\nlisteners: [\":1\"]\nroutes\n", "ann", NEW, USERS_EDIT_REFUSED, NULL);
    assert_int_equal(edit.line, 2);
    assert_edit("ann:" OLD "\nlog: info\n", "bob", NEW, USERS_EDIT_REFUSED, NULL);
    assert_edit("root:x:0:0:root:/root:/bin/sh\n", "root", NEW, USERS_EDIT_REFUSED, NULL);
    assert_int_equal(edit.line, 1);
    assert_edit("root:" OLD ":19000:0:99999:7:::\n", "root", NEW, USERS_EDIT_REFUSED, NULL);
    assert_edit("bob:x\nno colon\n", "bob", NEW, USERS_EDIT_REFUSED, NULL);
    assert_int_equal(edit.line, 2);
}

static void test_finds(void **state)
{
    struct slice hash = users_edit_find(SLICE("bob:" NEW "\nann:" OLD), SLICE("ann"), &edit);
    assert_true(slice_equal(hash, SLICE(OLD)));
    assert_int_equal(edit.line, 0);
    assert_int_equal(users_edit_find(SLICE("bob:" NEW), SLICE("ann"), &edit).len, 0);
    assert_int_equal(edit.line, 0);
    assert_int_equal(users_edit_find(SLICE("bob:x\nann:" OLD), SLICE("ann"), &edit).len, 0);
    assert_int_equal(edit.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adds),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_deletes),
        cmocka_unit_test(test_mends_a_faulty_line),
        cmocka_unit_test(test_refuses_files_of_other_programs),
        cmocka_unit_test(test_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
