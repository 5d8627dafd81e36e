#include "serve/site/limits.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash_map.h"
#include "config/model/config.h"
#include "core/access/limiter.h"

#define SHARD_BITS 4
#define SHARDS     (1u << SHARD_BITS)

struct limits_counter {
    struct hash_map_link link; /* by name, among counters of its kind */
    enum limits_kind kind;
    unsigned references; /* under counter_mutex */
    atomic_uint count;
    char name[];
};

struct shard {
    pthread_mutex_t mutex;
    struct limiter *limiter;
};

enum single { SINGLE_OFF, SINGLE_FREE, SINGLE_TAKEN, SINGLE_BEGAN };

struct limits {
    atomic_uint count;
    atomic_uint descriptors; /* reserved for clients */
    atomic_uint over_limit;
    atomic_int single; /* enum single */
    struct siphash_seed seed;
    uint32_t per_shard; /* addresses per shard */
    struct shard shards[SHARDS];
    pthread_mutex_t counter_mutex;
    struct hash_map counters[LIMITS_KINDS];
};

static struct slice name_of(const struct hash_map_link *link)
{
    return slice_of(WSL_CONST_CONTAINER(link, struct limits_counter, link)->name);
}

struct limits *limits_create(uint32_t addresses)
{
    struct limits *limits = calloc(1, sizeof(*limits));
    if (!limits)
        return NULL;
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&limits->shards[i].mutex, NULL); /* cannot fail on Linux */
    pthread_mutex_init(&limits->counter_mutex, NULL);
    limits->per_shard = addresses / SHARDS > 0 ? addresses / SHARDS : 1;
    bool seeded = siphash_seed(&limits->seed);
    for (unsigned i = 0; i < LIMITS_KINDS; i++)
        hash_map_init(&limits->counters[i], name_of, &limits->seed);
    if (seeded)
        return limits;
    limits_destroy(limits);
    return NULL;
}

void limits_destroy(struct limits *limits)
{
    if (!limits)
        return;
    for (unsigned i = 0; i < LIMITS_KINDS; i++) {
        wsl_assert(limits->counters[i].count == 0);
        hash_map_free(&limits->counters[i]);
    }
    for (unsigned i = 0; i < SHARDS; i++) {
        limiter_destroy(limits->shards[i].limiter);
        pthread_mutex_destroy(&limits->shards[i].mutex);
    }
    pthread_mutex_destroy(&limits->counter_mutex);
    free(limits);
}

/* ---- counters ---- */

static struct limits_counter *find_locked(struct limits *limits, enum limits_kind kind,
                                          const char *name)
{
    struct hash_map_link *link = hash_map_find(&limits->counters[kind], slice_of(name));
    return link ? WSL_CONTAINER(link, struct limits_counter, link) : NULL;
}

static struct limits_counter *add_locked(struct limits *limits, enum limits_kind kind,
                                         const char *name)
{
    size_t size = strlen(name) + 1;
    struct limits_counter *counter = calloc(1, sizeof(*counter) + size);
    if (!counter)
        return NULL;
    counter->kind = kind;
    memcpy(counter->name, name, size);
    hash_map_add(&limits->counters[kind], &counter->link);
    return counter;
}

struct limits_counter *limits_counter_get(struct limits *limits, enum limits_kind kind,
                                          const char *name)
{
    pthread_mutex_lock(&limits->counter_mutex);
    struct limits_counter *counter = find_locked(limits, kind, name);
    if (!counter)
        counter = add_locked(limits, kind, name);
    if (counter)
        counter->references++;
    pthread_mutex_unlock(&limits->counter_mutex);
    return counter;
}

void limits_counter_release(struct limits *limits, struct limits_counter *counter)
{
    if (!counter)
        return;
    pthread_mutex_lock(&limits->counter_mutex);
    if (--counter->references == 0) {
        wsl_assert(limits_counter_count(counter) == 0);
        hash_map_remove(&limits->counters[counter->kind], &counter->link);
        free(counter);
    }
    pthread_mutex_unlock(&limits->counter_mutex);
}

/* ---- counts ---- */

/* Relaxed: a count publishes no other memory. False: over the limit, not added; 0: no limit. */
static bool add(atomic_uint *count, uint32_t amount, uint64_t limit)
{
    unsigned seen = atomic_load_explicit(count, memory_order_relaxed);
    do {
        if (limit > 0 && (uint64_t)seen + amount > limit)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(count, &seen, seen + amount,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static bool increment(atomic_uint *count, uint64_t limit)
{
    return add(count, 1, limit);
}

static void subtract(atomic_uint *count, uint32_t amount)
{
    unsigned before = atomic_fetch_sub_explicit(count, amount, memory_order_relaxed);
    wsl_assert(before >= amount);
}

static void decrement(atomic_uint *count)
{
    subtract(count, 1);
}

unsigned limits_counter_count(const struct limits_counter *counter)
{
    return atomic_load_explicit(&counter->count, memory_order_relaxed);
}

unsigned limits_count(const struct limits *limits)
{
    return atomic_load_explicit(&limits->count, memory_order_relaxed);
}

/* ---- a connection, from accept to its end ---- */

bool limits_reserve(struct limits *limits, struct limits_usage *usage, uint32_t descriptors,
                    uint64_t most)
{
    *usage = (struct limits_usage){0};
    if (!add(&limits->descriptors, descriptors, most))
        return false;
    usage->limits = limits;
    usage->descriptors = descriptors;
    return true;
}

bool limits_enter_operators(struct limits *limits, struct limits_usage *usage,
                            struct limits_counter *listener, uint64_t most)
{
    *usage = (struct limits_usage){0};
    if (!increment(&listener->count, most))
        return false;
    usage->limits = limits;
    usage->listener = listener;
    return true;
}

bool limits_enter_over_limit(struct limits *limits, struct limits_usage *usage, uint64_t most)
{
    wsl_assert(!usage->over_limit);
    usage->over_limit = most > 0 && increment(&limits->over_limit, most);
    if (usage->over_limit)
        usage->limits = limits;
    return usage->over_limit;
}

void limits_detach_descriptor(struct limits_usage *usage)
{
    wsl_assert(usage->descriptors > 0);
    usage->descriptors--;
}

void limits_release_descriptor(struct limits *limits)
{
    decrement(&limits->descriptors);
}

enum reason limits_enter(struct limits_usage *usage, uint32_t process_limit,
                         struct limits_counter *listener, uint32_t listener_limit)
{
    wsl_assert(usage->limits && !usage->in_process && !usage->listener);
    if (!increment(&usage->limits->count, process_limit))
        return REASON_too_many_process;
    usage->in_process = true;
    if (!increment(&listener->count, listener_limit))
        return REASON_too_many_listener;
    usage->listener = listener;
    return REASON_none;
}

/*
 * A table takes megabytes, so it is made when it is first needed. Without memory for it addresses
 * are admitted uncounted, as if the table was full.
 */
static enum limiter_verdict enter_locked(struct limits *limits, struct shard *shard,
                                         const struct limiter_key *key,
                                         const struct limiter_limits *by_address, uint64_t now_ms,
                                         uint32_t *slot)
{
    if (!shard->limiter)
        shard->limiter = limiter_create(limits->per_shard, &limits->seed);
    *slot = LIMITER_NOT_COUNTED;
    return shard->limiter ? limiter_enter(shard->limiter, key, by_address, now_ms, slot)
                          : LIMITER_ADMITTED;
}

enum reason limits_enter_address(struct limits_usage *usage, const uint8_t address[static IP_BYTES],
                                 const struct config_limits *limits, uint64_t now_ms)
{
    struct limiter_limits by_address = {
        .connections = limits->max_connections_per_address,
        .per_second = limits->handshakes_per_second,
        .burst = limits->handshake_burst,
    };
    wsl_assert(usage->limits && !usage->in_address);
    if (by_address.connections == 0 && by_address.per_second == 0)
        return REASON_none;

    /* The high bits of the hash: the limiter uses the low ones. */
    struct limiter_key key = limiter_key_of(address);
    usage->shard =
        (uint32_t)(siphash_of(&usage->limits->seed, &key, sizeof(key)) >> (64 - SHARD_BITS));
    struct shard *shard = &usage->limits->shards[usage->shard];
    pthread_mutex_lock(&shard->mutex);
    enum limiter_verdict verdict =
        enter_locked(usage->limits, shard, &key, &by_address, now_ms, &usage->slot);
    pthread_mutex_unlock(&shard->mutex);

    usage->in_address = verdict == LIMITER_ADMITTED;
    if (verdict == LIMITER_ADMITTED)
        return REASON_none;
    return verdict == LIMITER_TOO_MANY ? REASON_too_many_address : REASON_rate_limited;
}

void limits_allow_one_session(struct limits *limits)
{
    atomic_store(&limits->single, SINGLE_FREE);
}

static bool take_single(struct limits_usage *usage)
{
    int expected = SINGLE_FREE;
    if (atomic_load_explicit(&usage->limits->single, memory_order_relaxed) == SINGLE_OFF)
        return true;
    usage->single = atomic_compare_exchange_strong(&usage->limits->single, &expected, SINGLE_TAKEN);
    return usage->single;
}

static void release_single(struct limits_usage *usage)
{
    if (usage->single)
        atomic_store(&usage->limits->single, SINGLE_FREE);
    usage->single = false;
}

void limits_note_session(struct limits_usage *usage)
{
    if (usage->single)
        atomic_store(&usage->limits->single, SINGLE_BEGAN);
    usage->single = false;
}

bool limits_has_had_session(const struct limits *limits)
{
    return atomic_load(&limits->single) == SINGLE_BEGAN;
}

enum reason limits_enter_route(struct limits_usage *usage, struct limits_counter *route,
                               uint32_t route_limit)
{
    wsl_assert(usage->limits && !usage->route);
    if (!take_single(usage))
        return REASON_shutdown;
    if (!increment(&route->count, route_limit)) {
        release_single(usage);
        return REASON_too_many_route;
    }
    usage->route = route;
    return REASON_none;
}

/* The length keeps "a" + "bc" and "ab" + "c" apart. NULL: out of memory. */
static struct limits_counter *get_user(struct limits *limits, const char *route, const char *user)
{
    size_t size = strlen(route) + strlen(user) + 24;
    char *name = malloc(size);
    if (!name)
        return NULL;
    snprintf(name, size, "%zu:%s%s", strlen(route), route, user);
    struct limits_counter *counter = limits_counter_get(limits, LIMITS_USER, name);
    free(name);
    return counter;
}

enum reason limits_enter_user(struct limits_usage *usage, const char *route, const char *user,
                              uint32_t limit)
{
    wsl_assert(usage->route && !usage->user);
    struct limits_counter *counter = get_user(usage->limits, route, user);
    if (!counter)
        return REASON_out_of_memory;
    if (!increment(&counter->count, limit)) {
        limits_counter_release(usage->limits, counter);
        return REASON_too_many_user;
    }
    usage->user = counter;
    return REASON_none;
}

static void leave_user(struct limits_usage *usage)
{
    if (!usage->user)
        return;
    decrement(&usage->user->count);
    limits_counter_release(usage->limits, usage->user);
    usage->user = NULL;
}

void limits_leave_route(struct limits_usage *usage)
{
    leave_user(usage);
    if (usage->route)
        decrement(&usage->route->count);
    usage->route = NULL;
    release_single(usage);
}

void limits_leave_address(struct limits_usage *usage)
{
    if (!usage->in_address)
        return;
    struct shard *shard = &usage->limits->shards[usage->shard];
    pthread_mutex_lock(&shard->mutex);
    if (usage->slot != LIMITER_NOT_COUNTED)
        limiter_leave(shard->limiter, usage->slot);
    pthread_mutex_unlock(&shard->mutex);
    usage->in_address = false;
}

void limits_leave(struct limits_usage *usage)
{
    limits_leave_address(usage);
    limits_leave_route(usage);
    if (usage->listener)
        decrement(&usage->listener->count);
    if (usage->in_process)
        decrement(&usage->limits->count);
    if (usage->over_limit)
        decrement(&usage->limits->over_limit);
    if (usage->descriptors > 0)
        subtract(&usage->limits->descriptors, usage->descriptors);
    *usage = (struct limits_usage){0};
}
