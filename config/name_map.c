#include "config/name_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 16 };

/* FNV-1a: whoever writes the configuration has easier ways to slow it down than collisions. */
static size_t hash(const char *name, size_t length)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
    return (size_t)(sum ^ sum >> 32);
}

/* The slot of the name, or the free one where it belongs. */
static struct name_map_slot *locate(const struct name_map *map, const char *name, size_t length)
{
    for (size_t i = hash(name, length);; i++) {
        struct name_map_slot *slot = &map->slots[i & (map->capacity - 1)];
        if (!slot->name || (slot->length == length && memcmp(slot->name, name, length) == 0))
            return slot;
    }
}

static bool grow(struct name_map *map)
{
    struct name_map larger = {.capacity = map->capacity ? 2 * map->capacity : CAPACITY_MIN,
                              .count = map->count};
    larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].name)
            *locate(&larger, map->slots[i].name, map->slots[i].length) = map->slots[i];
    free(map->slots);
    *map = larger;
    return true;
}

enum name_map_verdict name_map_add(struct name_map *map, const char *name, size_t length,
                                   size_t *number)
{
    if (2 * (map->count + 1) > map->capacity && !grow(map))
        return NAME_MAP_NO_MEMORY;
    struct name_map_slot *slot = locate(map, name, length);
    if (slot->name) {
        *number = slot->number;
        return NAME_MAP_FOUND;
    }
    *slot = (struct name_map_slot){name, length, *number};
    map->count++;
    return NAME_MAP_ADDED;
}

bool name_map_find(const struct name_map *map, const char *name, size_t length, size_t *number)
{
    const struct name_map_slot *slot = map->count ? locate(map, name, length) : NULL;
    if (!slot || !slot->name)
        return false;
    *number = slot->number;
    return true;
}

void name_map_free(struct name_map *map)
{
    free(map->slots);
    *map = (struct name_map){0};
}
