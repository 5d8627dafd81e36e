/*
 * The pairs of a mapping from its keys and values: merge keys ("<<") are resolved, repeated keys
 * are marked.
 *
 * Owns: nothing. Thread: one. Errors: false, with a finding. Lifetime: the pairs are the tree's.
 */
#ifndef WSLUICE_CONFIG_YAML_YAML_MAPPING_H
#define WSLUICE_CONFIG_YAML_YAML_MAPPING_H

#include "config/yaml/yaml_tree.h"

/* `children` are key, value, key, value; `count` is that of both. Sets node->pairs and count. */
WSL_MUST_CHECK bool yaml_mapping_fill(struct yaml_tree *tree, struct yaml_tree_node *node,
                                      const struct yaml_tree_node *const *children, size_t count,
                                      struct diag *diag);

#endif
