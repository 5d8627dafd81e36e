#include "config/yaml/yaml_mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

/* How texts become such nodes is in yaml_parse_test.c. */

#define SCALAR(value)                                                                              \
    {                                                                                              \
        .kind = YAML_TREE_SCALAR, .weight = 1, .text = (value)                                     \
    }

static const struct yaml_tree_node a = SCALAR("a"), b = SCALAR("b"), c = SCALAR("c"),
                                   merge_key = SCALAR("<<");
static const struct yaml_tree_pair ab_pairs[] = {{&a, &a, NULL}, {&b, &a, NULL}};
static const struct yaml_tree_pair bc_pairs[] = {{&b, &b, NULL}, {&c, &b, NULL}};
static const struct yaml_tree_node ab = {
    .kind = YAML_TREE_MAPPING, .weight = 5, .count = 2, .pairs = ab_pairs};
static const struct yaml_tree_node bc = {
    .kind = YAML_TREE_MAPPING, .weight = 5, .count = 2, .pairs = bc_pairs};
static const struct yaml_tree_node *const both_items[] = {&ab, &bc};
static const struct yaml_tree_node both = {
    .kind = YAML_TREE_SEQUENCE, .weight = 11, .count = 2, .items = both_items};

/* `expected`: key and value of each pair, '!' before a repeated one. */
static void gives(const struct yaml_tree_node *const *children, size_t count, const char *expected)
{
    struct diag diag;
    diag_init(&diag);
    struct yaml_tree *tree = yaml_tree_new("f");
    struct yaml_tree_node node = {.kind = YAML_TREE_MAPPING};
    assert_true(yaml_mapping_fill(tree, &node, children, count, &diag));
    char text[64] = "";
    for (size_t i = 0; i < node.count; i++) {
        const struct yaml_tree_pair *pair = &node.pairs[i];
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s%s", pair->first ? "!" : "",
                 pair->key->text, pair->value->text);
    }
    assert_string_equal(text, expected);
    yaml_tree_free(tree);
    diag_free(&diag);
}

static void refuses(const struct yaml_tree_node *key, const struct yaml_tree_node *value,
                    const char *message)
{
    struct diag diag;
    diag_init(&diag);
    struct yaml_tree *tree = yaml_tree_new("f");
    struct yaml_tree_node node = {.kind = YAML_TREE_MAPPING};
    const struct yaml_tree_node *children[] = {key, value};
    assert_false(yaml_mapping_fill(tree, &node, children, 2, &diag));
    assert_string_equal(diag.findings[0].message, message);
    yaml_tree_free(tree);
    diag_free(&diag);
}

static void keeps_the_order_and_marks_repeated_keys(void **state)
{
    const struct yaml_tree_node *children[] = {&b, &a, &a, &b, &b, &c};
    gives(children, 0, "");
    gives(children, 4, "baab");
    gives(children, 6, "baab!bc");
}

static void own_keys_override_merged_ones(void **state)
{
    const struct yaml_tree_node *before[] = {&merge_key, &ab, &b, &c};
    const struct yaml_tree_node *behind[] = {&b, &c, &merge_key, &ab};
    const struct yaml_tree_node *list[] = {&merge_key, &both, &c, &c};
    gives(before, 4, "bcaa");
    gives(behind, 4, "bcaa");
    gives(list, 4, "ccaaba"); /* of two merged mappings the first wins */
}

static void refuses_other_keys(void **state)
{
    const struct yaml_tree_node *const items[] = {&ab, &a};
    const struct yaml_tree_node mixed = {
        .kind = YAML_TREE_SEQUENCE, .weight = 7, .count = 2, .items = items};
    refuses(&ab, &a, "a key must be a name");
    refuses(&merge_key, &a, "'<<' can only merge mappings");
    refuses(&merge_key, &mixed, "'<<' can only merge mappings");
}

static void reports_missing_memory(void **state)
{
    const struct yaml_tree_node *children[] = {&merge_key, &ab, &b, &c};
    bool failed = true;
    for (unsigned call = 1; failed; call++) {
        struct diag diag;
        diag_init(&diag);
        struct yaml_tree *tree = yaml_tree_new("f");
        struct yaml_tree_node node = {.kind = YAML_TREE_MAPPING};
        failing_alloc_arm(call);
        bool filled = yaml_mapping_fill(tree, &node, children, 4, &diag);
        failed = failing_alloc_disarm();
        assert_true(filled == !failed);
        assert_true(failed == (diag.errors > 0));
        yaml_tree_free(tree);
        diag_free(&diag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_and_marks_repeated_keys),
        cmocka_unit_test(own_keys_override_merged_ones),
        cmocka_unit_test(refuses_other_keys),
        cmocka_unit_test(reports_missing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
