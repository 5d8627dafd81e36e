#include "core/access/limiter.h"

#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_SECOND (1000 * NS_PER_MS)
#define CAPACITY_MAX  (1u << 24)

/* Entries are referred to by their number, from 1 on: zeroed memory is an empty table. */
struct entry {
    struct limiter_key key;
    uint64_t full_at; /* in ns: when no token will be missing */
    uint32_t active;
    uint32_t next_in_bucket;
    uint32_t idle_next, idle_previous; /* entry 0 is the head of that list */
};

struct limiter {
    struct siphash_seed seed;
    uint32_t capacity, used;
    uint32_t bucket_mask;
    uint32_t *buckets;
    struct entry *entries; /* capacity + 1 */
    struct limiter_stats stats;
};

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t size = 1;
    while (size < at_least)
        size *= 2;
    return size;
}

struct limiter *limiter_create(uint32_t capacity, const struct siphash_seed *seed)
{
    wsl_assert(capacity >= 1 && capacity <= CAPACITY_MAX);
    struct limiter *limiter = calloc(1, sizeof(*limiter));
    if (!limiter)
        return NULL;
    uint32_t buckets = power_of_two(capacity);
    limiter->seed = *seed;
    limiter->capacity = capacity;
    limiter->bucket_mask = buckets - 1;
    limiter->buckets = calloc(buckets, sizeof(*limiter->buckets));
    limiter->entries = calloc((size_t)capacity + 1, sizeof(*limiter->entries));
    if (limiter->buckets && limiter->entries)
        return limiter;
    limiter_destroy(limiter);
    return NULL;
}

void limiter_destroy(struct limiter *limiter)
{
    if (!limiter)
        return;
    free(limiter->buckets);
    free(limiter->entries);
    free(limiter);
}

struct limiter_key limiter_key_of(const uint8_t address[static IP_BYTES])
{
    struct limiter_key key = {0};
    memcpy(&key, address, ip_is_v4(address) ? IP_BYTES : IP_BYTES / 2);
    return key;
}

/* ---- the list of idle entries ---- */

static void idle_append(struct limiter *limiter, uint32_t slot)
{
    struct entry *entries = limiter->entries;
    uint32_t last = entries[0].idle_previous;
    entries[slot].idle_previous = last;
    entries[slot].idle_next = 0;
    entries[last].idle_next = slot;
    entries[0].idle_previous = slot;
}

static void idle_remove(struct limiter *limiter, uint32_t slot)
{
    struct entry *entries = limiter->entries;
    entries[entries[slot].idle_previous].idle_next = entries[slot].idle_next;
    entries[entries[slot].idle_next].idle_previous = entries[slot].idle_previous;
}

/* ---- the buckets ---- */

static uint32_t *bucket_of(struct limiter *limiter, const struct limiter_key *key)
{
    uint64_t hash = siphash_of(&limiter->seed, key, sizeof(*key));
    return &limiter->buckets[hash & limiter->bucket_mask];
}

static uint32_t find(const struct limiter *limiter, uint32_t slot, const struct limiter_key *key)
{
    while (slot != 0 && memcmp(&limiter->entries[slot].key, key, sizeof(*key)) != 0)
        slot = limiter->entries[slot].next_in_bucket;
    return slot;
}

static void unlink_entry(struct limiter *limiter, uint32_t slot)
{
    const struct entry *entry = &limiter->entries[slot];
    uint32_t *link = bucket_of(limiter, &entry->key);
    while (*link != slot)
        link = &limiter->entries[*link].next_in_bucket;
    *link = entry->next_in_bucket;
}

/* An unused or idle entry; 0: all have connections. */
static uint32_t take_entry(struct limiter *limiter, uint64_t now)
{
    if (limiter->used < limiter->capacity)
        return ++limiter->used;
    uint32_t slot = limiter->entries[0].idle_next;
    if (slot == 0) {
        limiter->stats.not_counted++;
        return 0;
    }
    if (limiter->entries[slot].full_at > now)
        limiter->stats.forgotten++;
    idle_remove(limiter, slot);
    unlink_entry(limiter, slot);
    return slot;
}

/* ---- connections ---- */

/*
 * Takes a token if there is one. A token is an interval of time, and `burst` intervals are a full
 * bucket: there is a token if the bucket will be full in less than that time.
 */
static bool take_token(uint64_t *full_at, const struct limiter_limits *limits, uint64_t now)
{
    if (limits->per_second == 0)
        return true;
    uint64_t interval = NS_PER_SECOND / limits->per_second;
    uint64_t whole = interval * (limits->burst > 0 ? limits->burst : 1);
    uint64_t full = *full_at > now ? *full_at : now;
    if (full > now + whole) /* the limits have changed, or that worker's clock was ahead */
        full = now + whole;
    if (full + interval > now + whole) {
        *full_at = full;
        return false;
    }
    *full_at = full + interval;
    return true;
}

enum limiter_verdict limiter_enter(struct limiter *limiter, const struct limiter_key *key,
                                   const struct limiter_limits *limits, uint64_t now_ms,
                                   uint32_t *slot)
{
    uint64_t now = now_ms * NS_PER_MS;
    uint32_t *bucket = bucket_of(limiter, key);
    uint32_t found = find(limiter, *bucket, key);
    if (found == 0) {
        found = take_entry(limiter, now);
        if (found == 0) {
            *slot = LIMITER_NOT_COUNTED;
            return LIMITER_ADMITTED;
        }
        limiter->entries[found] = (struct entry){.key = *key, .next_in_bucket = *bucket};
        *bucket = found;
        idle_append(limiter, found);
    }
    struct entry *entry = &limiter->entries[found];
    if (limits->connections > 0 && entry->active >= limits->connections)
        return LIMITER_TOO_MANY;
    if (!take_token(&entry->full_at, limits, now))
        return LIMITER_TOO_FAST;
    if (entry->active++ == 0)
        idle_remove(limiter, found);
    *slot = found;
    return LIMITER_ADMITTED;
}

void limiter_leave(struct limiter *limiter, uint32_t slot)
{
    if (slot == LIMITER_NOT_COUNTED)
        return;
    wsl_assert(slot >= 1 && slot <= limiter->used && limiter->entries[slot].active > 0);
    if (--limiter->entries[slot].active == 0)
        idle_append(limiter, slot);
}

struct limiter_stats limiter_stats(const struct limiter *limiter)
{
    return limiter->stats;
}
