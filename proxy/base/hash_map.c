#include "base/hash_map.h"

#define BUCKETS_MIN 16

void hash_map_init(struct hash_map *map, hash_map_key_fn *key, const struct siphash_seed *seed)
{
    *map = (struct hash_map){.key = key, .bucket_count = 1};
    if (seed)
        map->seed = *seed;
}

void hash_map_free(struct hash_map *map)
{
    free(map->buckets);
    map->buckets = NULL;
    map->first = NULL;
    map->bucket_count = 1;
    map->count = 0;
}

static struct hash_map_link **bucket_at(struct hash_map *map, uint64_t hash)
{
    return map->buckets ? &map->buckets[hash & (map->bucket_count - 1)] : &map->first;
}

static struct hash_map_link *chain_at(const struct hash_map *map, uint64_t hash)
{
    return map->buckets ? map->buckets[hash & (map->bucket_count - 1)] : map->first;
}

static uint64_t hash_of(const struct hash_map *map, struct slice key)
{
    return siphash_of(&map->seed, key.ptr, key.len);
}

static struct hash_map_link *seek(const struct hash_map *map, struct hash_map_link *link,
                                  uint64_t hash, struct slice key)
{
    while (link && !(link->hash == hash && slice_equal(map->key(link), key)))
        link = link->next;
    return link;
}

struct hash_map_link *hash_map_find(const struct hash_map *map, struct slice key)
{
    if (map->count == 0)
        return NULL;
    uint64_t hash = hash_of(map, key);
    return seek(map, chain_at(map, hash), hash, key);
}

struct hash_map_link *hash_map_find_next(const struct hash_map *map,
                                         const struct hash_map_link *link)
{
    return seek(map, link->next, link->hash, map->key(link));
}

/* Keeps the order of a chain: of two links with one key, the later one stays in front. */
static void move_chain(struct hash_map_link *chain, struct hash_map *to)
{
    for (struct hash_map_link *link = chain, *next; link; link = next) {
        struct hash_map_link **end = bucket_at(to, link->hash);
        next = link->next;
        while (*end)
            end = &(*end)->next;
        link->next = NULL;
        *end = link;
    }
}

static bool make_room(struct hash_map *map, size_t count)
{
    if (count <= map->bucket_count)
        return true;
    struct hash_map grown = *map;
    grown.bucket_count = BUCKETS_MIN;
    while (grown.bucket_count < count)
        grown.bucket_count *= 2;
    grown.buckets = calloc(grown.bucket_count, sizeof(struct hash_map_link *));
    if (!grown.buckets)
        return false;
    grown.first = NULL;
    if (!map->buckets)
        move_chain(map->first, &grown);
    for (size_t i = 0; map->buckets && i < map->bucket_count; i++)
        move_chain(map->buckets[i], &grown);
    free(map->buckets);
    *map = grown;
    return true;
}

bool hash_map_reserve(struct hash_map *map, size_t count)
{
    return make_room(map, count);
}

void hash_map_add(struct hash_map *map, struct hash_map_link *link)
{
    make_room(map, map->count + 1);
    link->hash = hash_of(map, map->key(link));
    struct hash_map_link **bucket = bucket_at(map, link->hash);
    link->next = *bucket;
    *bucket = link;
    map->count++;
}

void hash_map_remove(struct hash_map *map, struct hash_map_link *link)
{
    struct hash_map_link **at = bucket_at(map, link->hash);
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    link->next = NULL;
    map->count--;
}

struct hash_map_link *hash_map_next(const struct hash_map *map, const struct hash_map_link *link)
{
    if (link && link->next)
        return link->next;
    if (!map->buckets)
        return link ? NULL : map->first;
    size_t i = link ? (link->hash & (map->bucket_count - 1)) + 1 : 0;
    while (i < map->bucket_count && !map->buckets[i])
        i++;
    return i < map->bucket_count ? map->buckets[i] : NULL;
}
