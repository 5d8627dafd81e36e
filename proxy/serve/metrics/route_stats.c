#include "serve/metrics/route_stats.h"

#include <uv.h>

#include "base/hash_map.h"

struct route_stats {
    struct list link; /* of the set: live or retired */
    struct hash_map_link by_name;
    struct route_stats_set *set;
    char *name;
    struct target_stats targets;
    size_t references;                             /* 0: retired */
    _Atomic(struct target_stats_counts *) slots[]; /* one per worker */
};

struct route_stats_set {
    uv_mutex_t mutex; /* of everything but the slots */
    unsigned workers;
    struct list live, retired; /* retired: the longest retired first */
    size_t live_count, retired_count;
    struct hash_map by_name; /* live and retired */
};

/* ---- the set ---- */

static struct slice name_of(const struct hash_map_link *link)
{
    return slice_of(WSL_CONST_CONTAINER(link, struct route_stats, by_name)->name);
}

struct route_stats_set *route_stats_set_create(unsigned workers)
{
    struct route_stats_set *set = calloc(1, sizeof(*set));
    if (!set)
        return NULL;
    set->workers = workers;
    hash_map_init(&set->by_name, name_of, NULL);
    list_init(&set->live);
    list_init(&set->retired);
    if (uv_mutex_init(&set->mutex) == 0)
        return set;
    free(set);
    return NULL;
}

static void free_stats(struct route_stats *stats)
{
    for (unsigned i = 0; i < stats->set->workers; i++)
        free(atomic_load_explicit(&stats->slots[i], memory_order_relaxed));
    target_stats_free(&stats->targets);
    free(stats->name);
    free(stats);
}

void route_stats_set_free(struct route_stats_set *set)
{
    if (!set)
        return;
    wsl_assert(set->live_count == 0);
    while (!list_empty(&set->retired)) {
        struct route_stats *stats = WSL_CONTAINER(set->retired.next, struct route_stats, link);
        list_remove(&stats->link);
        free_stats(stats);
    }
    uv_mutex_destroy(&set->mutex);
    hash_map_free(&set->by_name);
    free(set);
}

static struct route_stats *find(const struct route_stats_set *set, const char *name)
{
    struct hash_map_link *link = hash_map_find(&set->by_name, slice_of(name));
    return link ? WSL_CONTAINER(link, struct route_stats, by_name) : NULL;
}

static struct route_stats *add(struct route_stats_set *set, const char *name)
{
    struct route_stats *stats = calloc(1, sizeof(*stats) + set->workers * sizeof(stats->slots[0]));
    if (!stats)
        return NULL;
    stats->name = strdup(name);
    if (!stats->name) {
        free(stats);
        return NULL;
    }
    stats->set = set;
    hash_map_add(&set->by_name, &stats->by_name);
    list_append(&set->live, &stats->link);
    set->live_count++;
    return stats;
}

static void revive(struct route_stats *stats)
{
    struct route_stats_set *set = stats->set;
    list_remove(&stats->link);
    list_append(&set->live, &stats->link);
    set->retired_count--;
    set->live_count++;
}

struct route_stats *route_stats_get(struct route_stats_set *set, const char *name)
{
    uv_mutex_lock(&set->mutex);
    struct route_stats *stats = find(set, name);
    if (!stats)
        stats = add(set, name);
    else if (stats->references == 0)
        revive(stats);
    if (stats)
        stats->references++;
    uv_mutex_unlock(&set->mutex);
    return stats;
}

/* Returns the oldest retired statistics if they are dropped instead, to be freed; else NULL. */
static struct route_stats *retire(struct route_stats *stats)
{
    struct route_stats_set *set = stats->set;
    list_remove(&stats->link);
    list_append(&set->retired, &stats->link);
    set->live_count--;
    if (set->retired_count < ROUTE_STATS_RETIRED_MAX) {
        set->retired_count++;
        return NULL;
    }
    struct route_stats *oldest = WSL_CONTAINER(set->retired.next, struct route_stats, link);
    list_remove(&oldest->link);
    hash_map_remove(&set->by_name, &oldest->by_name);
    return oldest;
}

void route_stats_release(struct route_stats *stats)
{
    if (!stats)
        return;
    struct route_stats_set *set = stats->set;
    struct route_stats *dropped = NULL;
    uv_mutex_lock(&set->mutex);
    wsl_assert(stats->references > 0);
    if (--stats->references == 0)
        dropped = retire(stats);
    uv_mutex_unlock(&set->mutex);
    if (dropped)
        free_stats(dropped);
}

/* ---- a client ---- */

/* Only its own worker writes a slot's address. Release: a reader sees it zeroed. */
static struct target_stats_counts *slot_of(struct route_stats *stats, unsigned worker)
{
    struct target_stats_counts *slot =
        atomic_load_explicit(&stats->slots[worker], memory_order_relaxed);
    if (WSL_LIKELY(slot != NULL))
        return slot;
    slot = calloc(1, sizeof(*slot));
    atomic_store_explicit(&stats->slots[worker], slot, memory_order_release);
    return slot;
}

void route_stats_enter(struct route_stats_use *use, struct route_stats *stats, unsigned worker,
                       struct metrics *metrics)
{
    wsl_assert(!use->metrics && worker < stats->set->workers);
    *use = (struct route_stats_use){.metrics = metrics, .slot = slot_of(stats, worker)};
}

void route_stats_enter_target(struct route_stats_use *use, struct route_stats *stats,
                              const char *target)
{
    wsl_assert(use->metrics && !use->open);
    use->target = target_stats_find(&stats->targets, target);
}

/* Several workers count sessions of one target. */
static void add_shared(atomic_uint_fast64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static void open_target(struct target_stats_counts *target)
{
    if (!target)
        return;
    add_shared(&target->sessions, 1);
    add_shared(&target->open, 1);
}

static void end_target(struct target_stats_counts *target, enum reason reason, bool open)
{
    if (!target)
        return;
    add_shared(&target->ended[reason], 1);
    add_shared(&target->open, open ? (uint64_t)-1 : 0);
}

void route_stats_open(struct route_stats_use *use, uint64_t connect_ms)
{
    wsl_assert(use->metrics && !use->open);
    use->open = true;
    metrics_add(&use->metrics->counter[METRICS_sessions], 1);
    metrics_add(&use->metrics->open_sessions, 1);
    metrics_observe(use->metrics, METRICS_HISTOGRAM_connect, connect_ms);
    open_target(use->target);
    if (!use->slot)
        return;
    metrics_add(&use->slot->sessions, 1);
    metrics_add(&use->slot->open, 1);
}

void route_stats_bytes(struct route_stats_use *use, uint64_t bytes_up, uint64_t bytes_down)
{
    if (!use->metrics)
        return;
    uint64_t up = bytes_up - use->bytes_up, down = bytes_down - use->bytes_down;
    use->bytes_up = bytes_up;
    use->bytes_down = bytes_down;
    metrics_add(&use->metrics->counter[METRICS_bytes_up], up);
    metrics_add(&use->metrics->counter[METRICS_bytes_down], down);
    if (use->target && up > 0)
        add_shared(&use->target->bytes_up, up);
    if (use->target && down > 0)
        add_shared(&use->target->bytes_down, down);
    if (!use->slot)
        return;
    metrics_add(&use->slot->bytes_up, up);
    metrics_add(&use->slot->bytes_down, down);
}

void route_stats_end(struct route_stats_use *use, enum reason reason, uint64_t duration_ms)
{
    wsl_assert((unsigned)reason < REASON_COUNT);
    if (!use->metrics)
        return;
    if (use->open) {
        metrics_add(&use->metrics->open_sessions, (uint64_t)-1);
        metrics_observe(use->metrics, METRICS_HISTOGRAM_duration, duration_ms);
    }
    end_target(use->target, reason, use->open);
    if (use->slot) {
        metrics_add(&use->slot->ended[reason], 1);
        metrics_add(&use->slot->open, use->open ? (uint64_t)-1 : 0);
    }
    *use = (struct route_stats_use){0};
}

/* ---- reading ---- */

static void add_to(struct route_stats_sums *sums, const struct target_stats_counts *counts)
{
    sums->open += metrics_read(&counts->open);
    sums->sessions += metrics_read(&counts->sessions);
    sums->bytes_up += metrics_read(&counts->bytes_up);
    sums->bytes_down += metrics_read(&counts->bytes_down);
    for (int reason = 0; reason < REASON_COUNT; reason++)
        sums->ended[reason] += metrics_read(&counts->ended[reason]);
}

void route_stats_read(const struct route_stats *stats, struct route_stats_sums *sums)
{
    *sums = (struct route_stats_sums){0};
    for (unsigned i = 0; i < stats->set->workers; i++) {
        const struct target_stats_counts *slot =
            atomic_load_explicit(&stats->slots[i], memory_order_acquire);
        if (slot)
            add_to(sums, slot);
    }
}

struct reading {
    const struct route_stats_reader *reader;
    const char *name;
};

static void read_target(void *owner, const char *target, const struct target_stats_counts *counts)
{
    const struct reading *reading = owner;
    struct route_stats_sums sums = {0};
    add_to(&sums, counts);
    reading->reader->target(reading->reader->owner, reading->name, target, &sums);
}

static void read_list(const struct list *head, const struct route_stats_reader *reader)
{
    for (struct list *link = head->next; link != head; link = link->next) {
        const struct route_stats *stats = WSL_CONTAINER(link, struct route_stats, link);
        struct reading reading = {reader, stats->name};
        struct route_stats_sums sums;
        route_stats_read(stats, &sums);
        reader->route(reader->owner, stats->name, &sums);
        if (reader->target)
            target_stats_each(&stats->targets, read_target, &reading);
    }
}

void route_stats_each(struct route_stats_set *set, const struct route_stats_reader *reader)
{
    uv_mutex_lock(&set->mutex);
    read_list(&set->live, reader);
    read_list(&set->retired, reader);
    uv_mutex_unlock(&set->mutex);
}
