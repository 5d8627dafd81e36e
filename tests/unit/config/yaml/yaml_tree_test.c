#include "config/yaml/yaml_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    static const size_t sizes[] = {1, 7, 64, 65 << 10, 3, 200 << 10, 5};
    struct yaml_tree *tree = yaml_tree_new("f");
    for (size_t i = 0; i < WSL_COUNT(sizes); i++) {
        char *memory = yaml_tree_alloc(tree, sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(memory[j], 0);
        memset(memory, 'x', sizes[i]);
    }
    yaml_tree_free(tree);
}

static void has_a_root_and_a_source(void **state)
{
    static const struct yaml_tree_node node = {.kind = YAML_TREE_SCALAR, .text = ""};
    struct yaml_tree *tree = yaml_tree_new("f");
    assert_string_equal(yaml_tree_source(tree), "f");
    assert_null(yaml_tree_root(tree));
    yaml_tree_set_root(tree, &node);
    assert_ptr_equal(yaml_tree_root(tree), &node);
    yaml_tree_free(tree);
    yaml_tree_free(NULL);
}

static void finds_the_first_pair_of_a_key(void **state)
{
    const struct yaml_tree_node a = {.text = "a"}, b = {.text = "b"};
    const struct yaml_tree_pair pairs[] = {{&a, &b, NULL}, {&b, &b, NULL}, {&a, &a, &a}};
    const struct yaml_tree_node mapping = {.kind = YAML_TREE_MAPPING, .count = 3, .pairs = pairs};
    assert_ptr_equal(yaml_tree_find(&mapping, "a"), &pairs[0]);
    assert_ptr_equal(yaml_tree_find(&mapping, "b"), &pairs[1]);
    assert_null(yaml_tree_find(&mapping, "c"));
    assert_null(yaml_tree_find(&a, "a"));
    assert_null(yaml_tree_find(NULL, "a"));
}

static void no_tree_without_memory(void **state)
{
    failing_alloc_arm(1);
    assert_null(yaml_tree_new("f"));
    assert_true(failing_alloc_disarm());
    struct yaml_tree *tree = yaml_tree_new("f");
    failing_alloc_arm(1);
    assert_null(yaml_tree_alloc(tree, 1));
    assert_true(failing_alloc_disarm());
    assert_non_null(yaml_tree_alloc(tree, 1));
    yaml_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(has_a_root_and_a_source),
        cmocka_unit_test(finds_the_first_pair_of_a_key),
        cmocka_unit_test(no_tree_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
