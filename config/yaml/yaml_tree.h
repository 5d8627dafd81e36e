/*
 * A YAML text as a tree with the place of every value. Aliases share the tree of their anchor and
 * merge keys ("<<") are resolved, so readers see neither.
 *
 *     tree = yaml_tree_parse("gateway.yaml", text, length, &diag);
 *
 * What the text may cost is bounded: its size, its depth, and its values with every alias counted
 * as all that it stands for. A text of ten nested aliases is refused, not unfolded.
 *
 * Owns: its nodes and their texts, wiped when freed. Thread: one. Errors: NULL, with a finding;
 * only what is no YAML is a finding here, all else is the reader's to judge.
 * Lifetime: until yaml_tree_free; places name their source as long as the diag lives.
 */
#ifndef WSLUICE_CONFIG_YAML_YAML_TREE_H
#define WSLUICE_CONFIG_YAML_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/model/diag.h"

enum {
    YAML_TREE_SIZE_MAX = 16 << 20, /* bytes of a text */
    YAML_TREE_DEPTH_MAX = 32,
    YAML_TREE_VALUES_MAX = 2000000,
};

enum yaml_tree_kind { YAML_TREE_SCALAR, YAML_TREE_SEQUENCE, YAML_TREE_MAPPING };

struct yaml_tree_pair {
    const struct yaml_tree_node *key; /* always a scalar */
    const struct yaml_tree_node *value;
    const struct yaml_tree_node
        *first; /* the same key, earlier in the mapping; NULL: there is none */
};

struct yaml_tree_node {
    enum yaml_tree_kind kind;
    bool is_null; /* a plain scalar that says nothing: empty, "~" or "null" */
    struct diag_where where, end;
    size_t weight; /* values in it, itself included, aliases unfolded */
    size_t count;
    union {
        const char *text;                          /* SCALAR: NUL-terminated, holds no NUL */
        const struct yaml_tree_node *const *items; /* SEQUENCE: count of them */
        const struct yaml_tree_pair *pairs;        /* MAPPING: count of them */
    };
};

struct yaml_tree;

struct yaml_tree *yaml_tree_parse(const char *name, const char *text, size_t length,
                                  struct diag *diag);
void yaml_tree_free(struct yaml_tree *tree);

/* NULL: the text says nothing. */
const struct yaml_tree_node *yaml_tree_root(const struct yaml_tree *tree);

/* The name of the text, as places have it. */
const char *yaml_tree_source(const struct yaml_tree *tree);

/* The pair of a key of a mapping. NULL: it has none, or the node is NULL or no mapping. */
const struct yaml_tree_pair *yaml_tree_find(const struct yaml_tree_node *mapping, const char *key);

#endif
