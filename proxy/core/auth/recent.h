/*
 * A table of fixed size that remembers what was noted last, by keyed digests.
 *
 *      sets (by the digest)      8 entries each
 *      +---+     +-------------------+     +-------------------+
 *      | 0 |---->| digest, at, count |     | ...               |
 *      | 1 |     +-------------------+     +-------------------+
 *      +---+
 *
 * A set that is full forgets its oldest entry. Nobody without the key of the digests can aim at a
 * set, so the table forgets evenly. Memory is touched as entries are used, and never freed or
 * allocated by what clients do.
 *
 * Every operation takes constant time. Pure except for calloc: time is a parameter, and may go back
 * a little, as the clocks of workers differ.
 *
 * Owns: its entries. Thread: one at a time. Errors: NULL without memory. Lifetime: until
 * recent_destroy; an entry until the next recent_add or recent_clear.
 */
#ifndef WSLUICE_CORE_AUTH_RECENT_H
#define WSLUICE_CORE_AUTH_RECENT_H

#include "base/base.h"

struct recent_digest {
    uint64_t high, low; /* evenly distributed, of a keyed hash */
};

struct recent_entry {
    struct recent_digest digest;
    uint64_t at; /* ms: when it was noted last */
    uint32_t count;
    bool used;
};

struct recent;

/* `capacity` entries, a power of two from 8 on. */
WSL_MUST_CHECK struct recent *recent_create(uint32_t capacity);
void recent_destroy(struct recent *recent); /* wipes; NULL: nothing happens */
void recent_clear(struct recent *recent);   /* wipes */

/* NULL: not there. */
struct recent_entry *recent_find(struct recent *recent, const struct recent_digest *digest);

/* The entry, or a new one with `count` 0; its `at` becomes `now`. */
struct recent_entry *recent_add(struct recent *recent, const struct recent_digest *digest,
                                uint64_t now);

/* How long ago it was noted. */
static inline uint64_t recent_age(const struct recent_entry *entry, uint64_t now)
{
    return now > entry->at ? now - entry->at : 0;
}

#endif
