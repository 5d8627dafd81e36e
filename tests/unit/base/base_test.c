#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static void test_slice_take(void **state)
{
    struct slice text = SLICE("unix:/path");
    assert_false(slice_cut_prefix(&text, SLICE("tcp:")));
    assert_false(slice_cut_prefix(&text, SLICE("unix:/path/")));
    assert_int_equal(text.len, 10);
    assert_true(slice_cut_prefix(&text, SLICE("")));
    assert_true(slice_cut_prefix(&text, SLICE("unix:")));
    assert_true(slice_equal(text, SLICE("/path")));
}

static void test_text_equal(void **state)
{
    assert_true(string_equal(NULL, NULL));
    assert_false(string_equal("", NULL));
    assert_false(string_equal(NULL, ""));
    assert_true(string_equal("a", "a"));
    assert_false(string_equal("a", "b"));
}

static void test_slices(void **state)
{
    assert_int_equal(SLICE("abc").len, 3);
    assert_int_equal(slice_of("abc").len, 3);
    assert_int_equal(slice_of(NULL).len, 0);
    assert_null(slice_of(NULL).ptr);
    assert_true(slice_equal(slice_from(SLICE("abc"), 1), SLICE("bc")));
    assert_int_equal(slice_from(SLICE("abc"), 3).len, 0);
    assert_true(slice_equal(slice_of(NULL), SLICE("")));
    assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
    assert_false(slice_equal(SLICE("abc"), SLICE("abd")));
}

/* ASCII letters only: '@' and '`', '[' and '{' differ by the same bit as letters do. */
static void test_slices_without_case(void **state)
{
    assert_true(slice_equal_nocase(SLICE("Content-Length"), SLICE("cONTENT-lENGTH")));
    assert_false(slice_equal_nocase(SLICE("a"), SLICE("ab")));
    assert_false(slice_equal_nocase(SLICE("@"), SLICE("`")));
    assert_false(slice_equal_nocase(SLICE("["), SLICE("{")));
    assert_false(slice_equal_nocase(SLICE("\xC4"), SLICE("\xE4")));
}

static void test_slice_copy(void **state)
{
    char *copy = slice_copy((struct slice){"ab\0cd", 4});
    assert_memory_equal(copy, "ab\0c", 5);
    free(copy);
    copy = slice_copy((struct slice){NULL, 0});
    assert_string_equal(copy, "");
    free(copy);
    failing_alloc_arm(1);
    assert_null(slice_copy(SLICE("abc")));
    assert_true(failing_alloc_disarm());
}

struct item {
    int number;
    struct list link;
};

static void assert_list(const struct list *head, const int *numbers, size_t count)
{
    const struct list *at = head->next;
    for (size_t i = 0; i < count; i++, at = at->next) {
        assert_int_equal(WSL_CONST_CONTAINER(at, struct item, link)->number, numbers[i]);
        assert_ptr_equal(at->next->prev, at);
    }
    assert_ptr_equal(at, head);
}

static void test_lists(void **state)
{
    struct list head;
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    list_init(&head);
    assert_true(list_empty(&head));
    for (size_t i = 0; i < 3; i++)
        list_append(&head, &items[i].link);
    assert_list(&head, (const int[]){0, 1, 2}, 3);
    list_remove(&items[1].link);
    list_remove(&items[1].link); /* a removed item is a list of its own */
    assert_list(&head, (const int[]){0, 2}, 2);
    list_append(&head, &items[1].link);
    assert_list(&head, (const int[]){0, 2, 1}, 3);
    for (size_t i = 0; i < 3; i++)
        list_remove(&items[i].link);
    assert_true(list_empty(&head));
}

static void test_without_const(void **state)
{
    const char *text = "text";
    assert_ptr_equal(without_const(text), text);
    assert_null(without_const(NULL));
}

static void test_size_min(void **state)
{
    assert_int_equal(size_min(3, 4), 3);
    assert_int_equal(size_min(4, 3), 3);
    assert_int_equal(size_min(5, 5), 5);
    assert_int_equal(size_min(UINT64_MAX, 6), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice_take), cmocka_unit_test(test_text_equal),
        cmocka_unit_test(test_slices),     cmocka_unit_test(test_slices_without_case),
        cmocka_unit_test(test_slice_copy), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_size_min),   cmocka_unit_test(test_without_const),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
