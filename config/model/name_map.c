#include "config/model/name_map.h"

struct entry {
    struct hash_map_link link;
    struct slice name;
    size_t number;
};

static struct slice name_of(const struct hash_map_link *link)
{
    return WSL_CONST_CONTAINER(link, struct entry, link)->name;
}

static struct entry *find(const struct name_map *map, struct slice name)
{
    struct hash_map_link *link = hash_map_find(&map->map, name);
    return link ? WSL_CONTAINER(link, struct entry, link) : NULL;
}

enum name_map_verdict name_map_add(struct name_map *map, struct slice name, size_t *number)
{
    struct entry *entry = find(map, name);
    if (entry) {
        *number = entry->number;
        return NAME_MAP_FOUND;
    }
    if (!map->map.key)
        hash_map_init(&map->map, name_of, NULL);
    entry = hash_map_reserve(&map->map, map->map.count + 1) ? malloc(sizeof(*entry)) : NULL;
    if (!entry)
        return NAME_MAP_NO_MEMORY;
    *entry = (struct entry){.name = name, .number = *number};
    hash_map_add(&map->map, &entry->link);
    return NAME_MAP_ADDED;
}

bool name_map_find(const struct name_map *map, struct slice name, size_t *number)
{
    const struct entry *entry = find(map, name);
    if (entry)
        *number = entry->number;
    return entry != NULL;
}

void name_map_free(struct name_map *map)
{
    for (struct hash_map_link *link = hash_map_next(&map->map, NULL), *next; link; link = next) {
        next = hash_map_next(&map->map, link);
        free(WSL_CONTAINER(link, struct entry, link));
    }
    hash_map_free(&map->map);
}
