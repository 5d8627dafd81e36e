/*
 * Trees to a snapshot, by the option table: every key is looked up in it, every value goes through
 * it, and all that is wrong is a finding at its place. One schema takes the main file and then
 * whatever that includes:
 *
 *     schema_begin(&schema, config, &world, diag);
 *     schema_read(&schema, main_tree, folder);
 *     while (next < schema.include_count) ... schema_read(&schema, tree, folder);
 *     schema_settle(&schema);
 *     rules_check(config, &schema.names, diag);
 *     schema_end(&schema);
 *
 * Owns: its lists; the trees stay the caller's and outlive it, as `names` looks into them.
 * Thread: one. Errors: findings; without memory one that says so. Lifetime: schema_begin to
 * schema_end.
 */
#ifndef WSLUICE_CONFIG_SCHEMA_H
#define WSLUICE_CONFIG_SCHEMA_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"
#include "config/scalar.h"
#include "config/yaml/yaml_tree.h"

/* An `include` that waits to be read. */
struct schema_include {
    char *pattern; /* absolute */
    struct diag_where where;
};

/* Where the elements of a list at the top were written. */
struct schema_element {
    const struct yaml_tree_node *node;
    bool faulty; /* has findings: what follows from them needs none of its own */
};

struct schema_nodes {
    struct schema_element *items;
    size_t count, capacity;
};

struct schema {
    struct config *config;
    const struct scalar_world *world;
    struct diag *diag;
    const struct yaml_tree_node *root; /* of the main file; NULL: it says nothing */
    struct diag_where top;             /* of the main file */
    struct schema_nodes listeners, routes;
    struct schema_include *includes;
    size_t include_count, include_capacity;
    struct option_ref_names names; /* for findings of later */
};

void schema_begin(struct schema *schema, struct config *config, const struct scalar_world *world,
                  struct diag *diag);
void schema_end(struct schema *schema);

/*
 * Takes one file. Its relative paths begin at `folder`, which is absolute and ends with '/'. The
 * first one is the main file; the others may have listeners, routes and includes only.
 */
void schema_read(struct schema *schema, const struct yaml_tree *tree, const char *folder);

/* Defaults that depend on other options, once all files are read. */
void schema_settle(struct schema *schema);

#endif
