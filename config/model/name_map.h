/*
 * A map from names to numbers, such as a route's path to its index.
 *
 * Owns: its entries, not the names. Thread: one. Errors: NAME_MAP_NO_MEMORY; the map is unchanged.
 * Lifetime: a zeroed map is empty; name_map_free ends it.
 */
#ifndef WSLUICE_CONFIG_MODEL_NAME_MAP_H
#define WSLUICE_CONFIG_MODEL_NAME_MAP_H

#include "base/hash_map.h"

struct name_map {
    struct hash_map map;
};

enum name_map_verdict { NAME_MAP_ADDED, NAME_MAP_FOUND, NAME_MAP_NO_MEMORY };

/* ADDED: the name is new and now means *number. FOUND: *number is what it meant before. */
enum name_map_verdict name_map_add(struct name_map *map, struct slice name, size_t *number);

/* False: the name is not there. */
bool name_map_find(const struct name_map *map, struct slice name, size_t *number);

void name_map_free(struct name_map *map);

#endif
