#include "serve/metrics/target_stats.h"

struct entry {
    struct target_stats_counts counts;
    char name[];
};

/* Entries are filled from the first on; all behind a NULL are NULL. */
struct target_stats_table {
    _Atomic(struct entry *) entries[TARGET_STATS_MAX];
    atomic_bool other_used;
    struct target_stats_counts other;
};

/* NULL: out of memory. */
static struct target_stats_table *table_of(struct target_stats *stats)
{
    struct target_stats_table *found = atomic_load_explicit(&stats->table, memory_order_acquire);
    if (found)
        return found;
    struct target_stats_table *fresh = calloc(1, sizeof(*fresh));
    if (!fresh || atomic_compare_exchange_strong_explicit(
                      &stats->table, &found, fresh, memory_order_acq_rel, memory_order_acquire))
        return fresh;
    free(fresh); /* another thread was faster */
    return found;
}

static struct entry *create(const char *name)
{
    size_t size = strlen(name) + 1;
    struct entry *entry = calloc(1, sizeof(*entry) + size);
    if (entry)
        memcpy(entry->name, name, size);
    return entry;
}

struct target_stats_counts *target_stats_find(struct target_stats *stats, const char *name)
{
    struct target_stats_table *table = table_of(stats);
    struct entry *fresh = NULL;
    for (size_t i = 0; table && i < TARGET_STATS_MAX; i++) {
        struct entry *found = atomic_load_explicit(&table->entries[i], memory_order_acquire);
        if (!found && !fresh && !(fresh = create(name)))
            return NULL;
        if (!found &&
            atomic_compare_exchange_strong_explicit(&table->entries[i], &found, fresh,
                                                    memory_order_acq_rel, memory_order_acquire))
            return &fresh->counts;
        if (strcmp(found->name, name) == 0) {
            free(fresh);
            return &found->counts;
        }
    }
    free(fresh);
    if (!table)
        return NULL;
    atomic_store_explicit(&table->other_used, true, memory_order_relaxed);
    return &table->other;
}

void target_stats_each(const struct target_stats *stats, target_stats_fn *read, void *owner)
{
    const struct target_stats_table *table =
        atomic_load_explicit(&stats->table, memory_order_acquire);
    if (!table)
        return;
    for (size_t i = 0; i < TARGET_STATS_MAX; i++) {
        const struct entry *entry = atomic_load_explicit(&table->entries[i], memory_order_acquire);
        if (entry)
            read(owner, entry->name, &entry->counts);
    }
    if (atomic_load_explicit(&table->other_used, memory_order_relaxed))
        read(owner, TARGET_STATS_OTHER, &table->other);
}

void target_stats_free(struct target_stats *stats)
{
    struct target_stats_table *table = atomic_load_explicit(&stats->table, memory_order_relaxed);
    for (size_t i = 0; table && i < TARGET_STATS_MAX; i++)
        free(atomic_load_explicit(&table->entries[i], memory_order_relaxed));
    free(table);
    atomic_store_explicit(&stats->table, NULL, memory_order_relaxed);
}
