/*
 * A YAML text to a tree.
 *
 *     tree = yaml_parse_text("gateway.yaml", text, length, &diag);
 *
 * The cost of a text is bounded: its size, its depth, and the number of its values, where an alias
 * counts as all values that it stands for. So a text of ten nested aliases is refused.
 *
 * Owns: nothing. Thread: one. Errors: NULL, with a finding, if the text is not YAML; the reader of
 * the tree checks the rest. Lifetime: the caller frees the tree.
 */
#ifndef WSLUICE_CONFIG_YAML_YAML_PARSE_H
#define WSLUICE_CONFIG_YAML_YAML_PARSE_H

#include "config/yaml/yaml_tree.h"

enum {
    YAML_PARSE_SIZE_MAX = 16 << 20, /* bytes of a text */
    YAML_PARSE_DEPTH_MAX = 32,
    YAML_PARSE_VALUES_MAX = 2000000,
};

/* `name` is what findings call the text. */
struct yaml_tree *yaml_parse_text(const char *name, const char *text, size_t length,
                                  struct diag *diag);

#endif
