#include "core/tokens/answer_cache.h"

struct entry {
    struct hash_map_link link;
    struct list used;
    uint64_t until;
    unsigned verdict;
    size_t key, answer; /* their lengths */
    char bytes[];
};

static struct slice key_of(const struct hash_map_link *link)
{
    const struct entry *entry = WSL_CONST_CONTAINER(link, struct entry, link);
    return (struct slice){entry->bytes, entry->key};
}

static size_t size_of(const struct entry *entry)
{
    return sizeof(*entry) + entry->key + entry->answer;
}

static void drop(struct answer_cache *cache, struct entry *entry)
{
    hash_map_remove(&cache->map, &entry->link);
    list_remove(&entry->used);
    cache->bytes -= size_of(entry);
    explicit_bzero(entry->bytes, entry->key + entry->answer);
    free(entry);
}

static struct entry *find(const struct answer_cache *cache, struct slice key)
{
    struct hash_map_link *link = hash_map_find(&cache->map, key);
    return link ? WSL_CONTAINER(link, struct entry, link) : NULL;
}

bool answer_cache_open(struct answer_cache *cache)
{
    struct siphash_seed seed;
    memset(cache, 0, sizeof(*cache));
    list_init(&cache->used);
    if (!siphash_seed(&seed))
        return false;
    hash_map_init(&cache->map, key_of, &seed);
    return true;
}

static void drop_oldest(struct answer_cache *cache)
{
    drop(cache, WSL_CONTAINER(cache->used.next, struct entry, used));
}

void answer_cache_close(struct answer_cache *cache)
{
    while (!list_empty(&cache->used))
        drop_oldest(cache);
    hash_map_free(&cache->map);
}

void answer_cache_put(struct answer_cache *cache, struct slice key, unsigned verdict,
                      struct slice answer, uint64_t until)
{
    struct entry *old = find(cache, key);
    if (old)
        drop(cache, old);
    struct entry *entry = malloc(sizeof(*entry) + key.len + answer.len);
    if (!entry)
        return;
    entry->until = until;
    entry->verdict = verdict;
    entry->key = key.len;
    entry->answer = answer.len;
    memcpy(entry->bytes, key.ptr, key.len);
    if (answer.len > 0)
        memcpy(entry->bytes + key.len, answer.ptr, answer.len);
    hash_map_add(&cache->map, &entry->link);
    list_append(&cache->used, &entry->used);
    cache->bytes += size_of(entry);
    while (cache->map.count > ANSWER_CACHE_MOST || cache->bytes > ANSWER_CACHE_BYTES)
        drop_oldest(cache);
}

bool answer_cache_get(struct answer_cache *cache, struct slice key, uint64_t now, unsigned *verdict,
                      struct slice *answer)
{
    struct entry *entry = find(cache, key);
    if (entry && now >= entry->until) {
        drop(cache, entry);
        entry = NULL;
    }
    if (!entry)
        return false;
    list_remove(&entry->used);
    list_append(&cache->used, &entry->used);
    *verdict = entry->verdict;
    *answer = (struct slice){entry->bytes + entry->key, entry->answer};
    return true;
}
