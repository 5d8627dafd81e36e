/*
 * An intrusive hash map: links are members of the caller's structs, and so are the keys.
 *
 *     struct item { struct hash_map_link link; struct slice name; };
 *
 *     buckets
 *       [0] ----> link ----> link
 *       [1]
 *       [2] ----> link
 *
 * Buckets are doubled when there are more links than buckets, so that a look-up visits about one
 * link. Adding never fails: without memory for more buckets the chains get longer. Keys that a peer
 * chooses need a random seed; keys from the configuration do not.
 *
 * Pure. Owns: the buckets, not the links. Thread: one at a time. Errors: hash_map_reserve returns
 * false without memory. Lifetime: hash_map_init to hash_map_free; a link must not move while it is
 * in the map.
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

/* Removes all links, which stay the caller's. */
void hash_map_free(struct hash_map *map);

/* Makes buckets for `count` links; false: out of memory, the map is unchanged. */
WSL_MUST_CHECK bool hash_map_reserve(struct hash_map *map, size_t count);

/* The link that was added last under that key; NULL: none. */
struct hash_map_link *hash_map_find(const struct hash_map *map, struct slice key);

/* The link that was added before `link` under the same key; NULL: none. */
struct hash_map_link *hash_map_find_next(const struct hash_map *map,
                                         const struct hash_map_link *link);

/* In front of all links with the same key. */
void hash_map_add(struct hash_map *map, struct hash_map_link *link);

/* `link` is in the map. */
void hash_map_remove(struct hash_map *map, struct hash_map_link *link);

/*
 * Iterates over all links in no particular order, from NULL to NULL. Ask for the next link before
 * you remove one.
 */
struct hash_map_link *hash_map_next(const struct hash_map *map, const struct hash_map_link *link);

#endif
