#include "core/auth/recent.h"

#define WAYS 8

struct recent {
    uint32_t capacity;
    bool touched; /* false: all entries are as calloc made them */
    struct recent_entry *entries;
};

struct recent *recent_create(uint32_t capacity)
{
    wsl_assert(capacity >= WAYS && (capacity & (capacity - 1)) == 0);
    struct recent *recent = calloc(1, sizeof(*recent));
    if (!recent)
        return NULL;
    recent->capacity = capacity;
    recent->entries = calloc(capacity, sizeof(*recent->entries));
    if (recent->entries)
        return recent;
    free(recent);
    return NULL;
}

void recent_clear(struct recent *recent)
{
    if (recent->touched)
        explicit_bzero(recent->entries, recent->capacity * sizeof(*recent->entries));
    recent->touched = false;
}

void recent_destroy(struct recent *recent)
{
    if (!recent)
        return;
    recent_clear(recent);
    free(recent->entries);
    free(recent);
}

static struct recent_entry *set_of(const struct recent *recent, const struct recent_digest *digest)
{
    return &recent->entries[digest->low & (recent->capacity - WAYS)];
}

struct recent_entry *recent_find(struct recent *recent, const struct recent_digest *digest)
{
    struct recent_entry *set = set_of(recent, digest);
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].used && set[i].digest.high == digest->high && set[i].digest.low == digest->low)
            return &set[i];
    return NULL;
}

static struct recent_entry *oldest_of(struct recent_entry *set)
{
    struct recent_entry *oldest = set;
    for (unsigned i = 0; i < WAYS; i++) {
        if (!set[i].used)
            return &set[i];
        if (set[i].at < oldest->at)
            oldest = &set[i];
    }
    return oldest;
}

struct recent_entry *recent_add(struct recent *recent, const struct recent_digest *digest,
                                uint64_t now)
{
    struct recent_entry *entry = recent_find(recent, digest);
    if (!entry) {
        entry = oldest_of(set_of(recent, digest));
        *entry = (struct recent_entry){.digest = *digest, .used = true};
        recent->touched = true;
    }
    entry->at = now;
    return entry;
}
