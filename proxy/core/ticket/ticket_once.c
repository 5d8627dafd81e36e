#include "core/ticket/ticket_once.h"

#include "base/hash_map.h"

struct entry {
    struct hash_map_link link;
    struct ticket_use use;
};

/* The heap has the entry that expires first at 0, and below i those at 2i+1 and 2i+2. */
struct ticket_once {
    struct hash_map map; /* of the entries, by bytes */
    struct siphash_seed seed;
    struct entry **heap;
    size_t room, capacity;
};

static struct slice bytes_of(const struct hash_map_link *link)
{
    const struct entry *entry = WSL_CONST_CONTAINER(link, struct entry, link);
    return (struct slice){(const char *)entry->use.bytes, sizeof(entry->use.bytes)};
}

struct ticket_once *ticket_once_create(size_t capacity)
{
    struct ticket_once *once = calloc(1, sizeof(*once));
    if (!once || !siphash_seed(&once->seed)) {
        free(once);
        return NULL;
    }
    once->capacity = capacity;
    hash_map_init(&once->map, bytes_of, &once->seed);
    return once;
}

void ticket_once_free(struct ticket_once *once)
{
    if (!once)
        return;
    for (size_t i = 0; i < once->map.count; i++)
        free(once->heap[i]);
    hash_map_free(&once->map);
    free(once->heap);
    free(once);
}

size_t ticket_once_count(const struct ticket_once *once)
{
    return once->map.count;
}

/* ---- heap ---- */

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->use.until_ms < b->use.until_ms;
}

/* Puts `entry` at `hole` or above it. */
static void rise(struct ticket_once *once, size_t hole, struct entry *entry)
{
    while (hole > 0 && is_before(entry, once->heap[(hole - 1) / 2])) {
        once->heap[hole] = once->heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    once->heap[hole] = entry;
}

/* Puts `entry` at the top or below it, into a heap of `count`. */
static void sink(struct ticket_once *once, size_t count, struct entry *entry)
{
    size_t hole = 0, child;
    while ((child = 2 * hole + 1) < count) {
        child += child + 1 < count && is_before(once->heap[child + 1], once->heap[child]);
        if (!is_before(once->heap[child], entry))
            break;
        once->heap[hole] = once->heap[child];
        hole = child;
    }
    once->heap[hole] = entry;
}

/* Forgets the one that expires first, if it has expired. */
static void forget(struct ticket_once *once, int64_t now_ms)
{
    size_t count = once->map.count;
    if (count == 0 || once->heap[0]->use.until_ms > now_ms)
        return;
    struct entry *first = once->heap[0];
    hash_map_remove(&once->map, &first->link);
    if (count > 1)
        sink(once, count - 1, once->heap[count - 1]);
    free(first);
}

/* ---- use ---- */

static bool make_room(struct ticket_once *once)
{
    if (once->map.count < once->room)
        return true;
    size_t room = once->room ? 2 * once->room : 64;
    struct entry **heap = realloc(once->heap, room * sizeof(struct entry *));
    if (!heap)
        return false;
    once->heap = heap;
    once->room = room;
    return true;
}

enum ticket_verdict ticket_once_use(struct ticket_once *once, const struct ticket_use *use,
                                    int64_t now_ms)
{
    struct slice bytes = {(const char *)use->bytes, sizeof(use->bytes)};
    forget(once, now_ms);
    forget(once, now_ms);
    if (hash_map_find(&once->map, bytes))
        return TICKET_USED;
    if (once->map.count >= once->capacity)
        return TICKET_FULL;
    struct entry *entry = make_room(once) ? calloc(1, sizeof(*entry)) : NULL;
    if (!entry)
        return TICKET_MEMORY;
    entry->use = *use;
    size_t last = once->map.count;
    hash_map_add(&once->map, &entry->link);
    rise(once, last, entry);
    return TICKET_VALID;
}
