/*
 * A hash map whose links lie in the caller's structs, by a key of bytes that lies there as well.
 *
 *     struct item { struct hash_map_link link; struct slice name; };
 *
 *     buckets   [0] -> link -> link      chains; twice as many buckets whenever there are more
 * links [1]                      than buckets, so that a look-up touches about one [2] -> link
 *
 * Adding never fails: without memory for more buckets the chains get longer. Keys that peers choose
 * need a random seed; those of the administrator may do without.
 *
 * Pure. Owns: the buckets, not the links. Thread: one at a time. Errors: false from
 * hash_map_reserve: out of memory. Lifetime:
 * hash_map_init to hash_map_free; a link must stay where it is while it is in the map.
 */
#ifndef WSLUICE_BASE_HASH_MAP_H
#define WSLUICE_BASE_HASH_MAP_H

#include "base/siphash.h"

struct hash_map_link {
    struct hash_map_link *next;
    uint64_t hash;
};

typedef struct slice hash_map_key_fn(const struct hash_map_link *link);

struct hash_map {
    hash_map_key_fn *key;
    struct siphash_seed seed;
    struct hash_map_link **buckets; /* NULL: only `first` */
    struct hash_map_link *first;
    size_t bucket_count; /* a power of two */
    size_t count;
};

/* `seed` NULL: a constant one. */
void hash_map_init(struct hash_map *map, hash_map_key_fn *key, const struct siphash_seed *seed);

/* Forgets all links, which stay the caller's. */
void hash_map_free(struct hash_map *map);

/* Buckets for so many links; false: the map stays as it is. */
WSL_MUST_CHECK bool hash_map_reserve(struct hash_map *map, size_t count);

/* The link that was added last under that key; NULL: none. */
struct hash_map_link *hash_map_find(const struct hash_map *map, struct slice key);

/* The next link of the same key; NULL: none. */
struct hash_map_link *hash_map_find_next(const struct hash_map *map,
                                         const struct hash_map_link *link);

/* In front of any of the same key. */
void hash_map_add(struct hash_map *map, struct hash_map_link *link);

/* `link` is in the map. */
void hash_map_remove(struct hash_map *map, struct hash_map_link *link);

/*
 * Visits all links in no particular order: NULL begins, NULL ends. Removing the link that was
 * returned last is not allowed before the next one is asked for.
 */
struct hash_map_link *hash_map_next(const struct hash_map *map, const struct hash_map_link *link);

#endif
