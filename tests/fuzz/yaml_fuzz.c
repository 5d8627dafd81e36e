/* Any bytes yield a tree or one finding, with a position inside the text, at a bounded cost. */
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"
#include "config/yaml/yaml_parse.h"

enum { VISITS_MAX = 20000, DEPTH_MAX = 1000 };

struct visit {
    unsigned lines;
    unsigned left; /* nodes to check: aliases unfold to many */
};

static void check_place(const struct visit *visit, struct config_place where)
{
    wsl_assert(where.line >= 1 && where.line <= visit->lines && where.column >= 1);
}

static void check_node(struct visit *visit, const struct yaml_tree_node *node, unsigned depth)
{
    size_t weight = 1;
    if (visit->left == 0 || depth == DEPTH_MAX)
        return;
    visit->left--;
    check_place(visit, node->where);
    wsl_assert(node->end.line >= node->where.line);
    wsl_assert(node->weight >= 1 && node->weight <= YAML_PARSE_VALUES_MAX);
    wsl_assert(node->kind == YAML_TREE_SCALAR || !node->is_null);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == YAML_TREE_SEQUENCE) {
            weight += node->items[i]->weight;
            check_node(visit, node->items[i], depth + 1);
            continue;
        }
        const struct yaml_tree_pair *pair = &node->pairs[i];
        wsl_assert(pair->key->kind == YAML_TREE_SCALAR && pair->value);
        wsl_assert((yaml_tree_find(node, pair->key->text) == pair) == (pair->first == NULL));
        check_node(visit, pair->value, depth + 1);
    }
    if (node->kind == YAML_TREE_SEQUENCE)
        wsl_assert(node->weight == weight);
}

static void check_findings(const struct visit *visit, struct diag *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        char line[300];
        struct text excerpt = {0};
        check_place(visit, diag->findings[i].where);
        wsl_assert(diag_format(&diag->findings[i], line, sizeof(line)) > 0);
        diag_excerpt(diag, &diag->findings[i], &excerpt);
        wsl_assert(!excerpt.failed && excerpt.length < 2000);
        text_free(&excerpt);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag diag;
    struct visit visit = {.lines = 2,
                          .left = VISITS_MAX}; /* libyaml reports the end one line late */
    for (size_t i = 0; i < size; i++)
        visit.lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
    diag_init(&diag);
    struct yaml_tree *tree = yaml_parse_text("fuzz", (const char *)data, size, &diag);
    wsl_assert((tree == NULL) == (diag.errors > 0));
    wsl_assert(diag.count <= 1 && !diag.starved);
    if (tree && yaml_tree_root(tree))
        check_node(&visit, yaml_tree_root(tree), 0);
    check_findings(&visit, &diag);
    yaml_tree_free(tree);
    diag_free(&diag);
    return 0;
}
