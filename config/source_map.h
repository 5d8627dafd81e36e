/*
 * Where the options of a configuration were written in its files: findings of the rules get their
 * line, their column and the option's name from here.
 *
 * Owns: its lists; it borrows the nodes of the trees. Thread: one. Errors: false: memory is out.
 * Lifetime: source_map_begin to source_map_end; it must not move in between, as `names` points to
 * it, and the trees outlive it.
 */
#ifndef WSLUICE_CONFIG_SOURCE_MAP_H
#define WSLUICE_CONFIG_SOURCE_MAP_H

#include "config/options/option_ref.h"
#include "config/yaml/yaml_tree.h"

struct source_map_element {
    const struct yaml_tree_node *node;
    bool faulty; /* has findings: rules that depend on it are not checked */
};

struct source_map_list {
    struct source_map_element *items;
    size_t count, capacity;
};

struct source_map {
    const struct yaml_tree_node *root; /* of the main file; NULL: it is empty */
    struct config_place top;           /* of the main file; file NULL: none was read yet */
    struct source_map_list listeners, routes;
    struct option_locator names; /* for rules_check */
};

void source_map_begin(struct source_map *map);
void source_map_end(struct source_map *map);

/* The next listener or route; elements of other sections are found in the tree. */
WSL_MUST_CHECK bool source_map_add(struct source_map *map, enum options_section section,
                                   const struct yaml_tree_node *node);

/* The listener or route that was added last has findings. */
void source_map_mark_faulty(struct source_map *map, enum options_section section);

#endif
