/*
 * Reads trees into a snapshot through the option table: it looks up each key and checks each value,
 * and each error is a finding with its place. One schema takes the main file and then the files
 * that it includes:
 *
 *     schema_begin(&schema, config, &world, diag);
 *     schema_read(&schema, main_tree, folder);
 *     while (next < schema.include_count) ... schema_read(&schema, tree, folder);
 *     implied_apply(config, &schema.map, diag);
 *     rules_check(config, &schema.map.names, diag);
 *     schema_end(&schema);
 *
 * Owns: its lists; the caller owns the trees, which outlive it. Thread: one. Errors: findings, also
 * for want of memory. Lifetime: schema_begin to schema_end.
 */
#ifndef WSLUICE_CONFIG_SCHEMA_H
#define WSLUICE_CONFIG_SCHEMA_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/scalar.h"
#include "config/source_map.h"
#include "config/yaml/yaml_tree.h"

/* An `include` that is still to be read. */
struct schema_include {
    char *pattern; /* absolute */
    struct config_place where;
};

struct schema {
    struct config *config;
    const struct scalar_inputs *world;
    struct diag *diag;
    struct source_map map;
    struct schema_include *includes;
    size_t include_count, include_capacity;
};

void schema_begin(struct schema *schema, struct config *config, const struct scalar_inputs *world,
                  struct diag *diag);
void schema_end(struct schema *schema);

/*
 * Reads one file. Its relative paths begin at `folder`, which is absolute and ends with '/'. The
 * first file is the main one; the others may only have listeners, routes and includes.
 */
void schema_read(struct schema *schema, const struct yaml_tree *tree, const char *folder);

#endif
