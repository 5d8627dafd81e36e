/*
 * A YAML text as a tree with the place of every value. Aliases share the tree of their anchor and
 * merge keys are resolved, so readers see neither.
 *
 * Owns: its nodes and their texts, wiped when freed. Thread: one. Errors: NULL: memory is out.
 * Lifetime: yaml_tree_new to yaml_tree_free; places name their source as long as the diag lives.
 */
#ifndef WSLUICE_CONFIG_YAML_YAML_TREE_H
#define WSLUICE_CONFIG_YAML_YAML_TREE_H

#include "config/model/diag.h"

enum yaml_tree_kind { YAML_TREE_SCALAR, YAML_TREE_SEQUENCE, YAML_TREE_MAPPING };

struct yaml_tree_pair {
    const struct yaml_tree_node *key; /* always a scalar */
    const struct yaml_tree_node *value;
    const struct yaml_tree_node *first; /* the same key, earlier in the mapping; NULL: none */
};

struct yaml_tree_node {
    enum yaml_tree_kind kind;
    bool is_null; /* a plain scalar without a value: empty, "~" or "null" */
    struct config_place where, end;
    size_t weight; /* values in it, itself included, aliases unfolded */
    size_t count;
    union {
        const char *text;                          /* SCALAR: NUL-terminated, holds no NUL */
        const struct yaml_tree_node *const *items; /* SEQUENCE: count of them */
        const struct yaml_tree_pair *pairs;        /* MAPPING: count of them */
    };
};

struct yaml_tree;

/* For the parser: an empty tree; zeroed memory in it; its root. `source` is from the diag. */
struct yaml_tree *yaml_tree_new(const char *source);
void *yaml_tree_alloc(struct yaml_tree *tree, size_t size);
void yaml_tree_set_root(struct yaml_tree *tree, const struct yaml_tree_node *root);

void yaml_tree_free(struct yaml_tree *tree);

/* NULL: the text is empty. */
const struct yaml_tree_node *yaml_tree_root(const struct yaml_tree *tree);

/* The name of the text, as places have it. */
const char *yaml_tree_source(const struct yaml_tree *tree);

/* The pair of a key of a mapping. NULL: it has none, or the node is NULL or no mapping. */
const struct yaml_tree_pair *yaml_tree_find(const struct yaml_tree_node *mapping, const char *key);

#endif
