#include "serve/target/target_pool.h"

#include <stdatomic.h>

#include "base/text/secret.h"
#include "config/model/section/config_proxy.h"
#include "net/addr.h"
#include "net/tls/context/tls_ctx.h"
#include "serve/target/target_same.h"

/* The part of a target that outlives its configuration. */
struct target_pool_state {
    atomic_uint references; /* pools */
    atomic_uint sessions;
    _Atomic struct balance_health health;
    _Atomic uint64_t probe_due; /* 0: no probe is planned yet */
    atomic_uint failed_probes;  /* in a row */
};

struct target_pool_route {
    uint32_t *targets; /* indices into the pool's, inside its `members` */
    uint32_t count;
    atomic_uint session_number;
};

struct target_pool {
    const struct config *config;
    struct target_pool_route *routes;
    uint32_t *members;
    struct pool_target *targets;
    size_t target_count;
    struct hash_map by_address;
};

/* ---- comparing targets ---- */

/* The administrator chooses the texts, so the map needs no seed. Targets of tokens have none. */
static struct slice address_text(const struct config_target *target)
{
    const struct config_address *address = &target->address;
    return slice_of(address->kind == CONFIG_ADDRESS_UNIX ? address->path : address->host);
}

static struct slice key_of(const struct hash_map_link *link)
{
    return address_text(WSL_CONST_CONTAINER(link, struct pool_target, by_address)->config);
}

/* NULL: not in the pool. What the route expects of it counts as well. */
static struct pool_target *find(const struct target_pool *pool, const struct config_route *route,
                                const struct config_target *target)
{
    struct hash_map_link *link = hash_map_find(&pool->by_address, address_text(target));
    for (; link; link = hash_map_find_next(&pool->by_address, link)) {
        struct pool_target *found = WSL_CONTAINER(link, struct pool_target, by_address);
        if (target_same_options(found->config, target) &&
            string_equal(found->route->expect, route->expect))
            return found;
    }
    return NULL;
}

/* ---- creation ---- */

/* It has no address (tokens), or a part of it comes from the path of the request. */
static bool is_variable(const struct config_target *target)
{
    const struct config_address *address = &target->address;
    if (!address->host && !address->path)
        return true;
    return (address->host && strchr(address->host, '{')) ||
           (target->server_name && strchr(target->server_name, '{')) ||
           (target->ws.path && strchr(target->ws.path, '{'));
}

static struct target_pool_state *get_state(const struct config_route *route,
                                           const struct config_target *target,
                                           const struct target_pool *previous)
{
    const struct pool_target *known = previous ? find(previous, route, target) : NULL;
    if (known) {
        struct target_pool_state *state = known->state;
        atomic_fetch_add_explicit(&state->references, 1, memory_order_relaxed);
        return state;
    }
    struct target_pool_state *state = calloc(1, sizeof(*state));
    if (state)
        atomic_init(&state->references, 1);
    return state;
}

static bool open_tls(struct pool_target *target, struct tls_store *store, char *error,
                     size_t error_size)
{
    char problem[256] = "", where[128];
    const struct tls_error tls_error = {.text = problem, .size = sizeof(problem)};
    target->tls = tls_ctx_client(target->config, store, &tls_error);
    if (target->tls)
        return true;
    (void)target_pool_target_name(target, where, sizeof(where));
    config_place_format(&target->config->place, error, error_size, "target %s: %s", where, problem);
    return false;
}

static void release_state(struct target_pool_state *state)
{
    if (state && atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) == 1)
        free(state);
}

/* A URL that is invalid was a finding of the configuration. False: out of memory. */
static bool parse_proxy(struct pool_target *target)
{
    if (!target->config->proxy)
        return true;
    target->proxy = malloc(sizeof(*target->proxy));
    return target->proxy && !config_proxy_parse(target->config->proxy, target->proxy);
}

static void release_target(struct pool_target *target)
{
    tls_ctx_free(target->tls);
    secret_free(target->proxy, sizeof(*target->proxy));
    release_state(target->state);
}

static bool add_target(struct target_pool *pool, const struct config_route *route,
                       const struct config_target *config, const struct target_pool *previous,
                       struct tls_store *store, char *error, size_t error_size)
{
    struct pool_target *target = &pool->targets[pool->target_count];
    *target = (struct pool_target){
        .config = config,
        .route = route,
        .state = get_state(route, config, previous),
        .varies = is_variable(config),
    };
    if (!target->state || !parse_proxy(target)) {
        release_target(target);
        snprintf(error, error_size, "out of memory");
        return false;
    }
    pool->target_count++;
    hash_map_add(&pool->by_address, &target->by_address);
    bool may_use_tls = config->tls || config->tls_on_demand;
    return !may_use_tls || !store || open_tls(target, store, error, error_size);
}

/* A route with tokens has a single target, which varies. */
static const struct config_target *target_at(const struct config_route *route, size_t index)
{
    return config_route_has_tokens(route) ? &route->tokens.target : &route->targets[index];
}

static size_t count_targets(const struct config_route *route)
{
    if (config_route_has_tokens(route))
        return 1;
    return route->target_count < BALANCE_TARGETS_MAX ? route->target_count : BALANCE_TARGETS_MAX;
}

static bool add_targets(struct target_pool *pool, const struct target_pool *previous,
                        struct tls_store *store, char *error, size_t error_size)
{
    uint32_t *member = pool->members;
    for (size_t i = 0; i < pool->config->route_count; i++) {
        const struct config_route *route = &pool->config->routes[i];
        pool->routes[i].targets = member;
        pool->routes[i].count = (uint32_t)count_targets(route);
        for (size_t j = 0; j < count_targets(route); j++) {
            const struct config_target *config = target_at(route, j);
            const struct pool_target *known = find(pool, route, config);
            *member++ = (uint32_t)(known ? known - pool->targets : (ptrdiff_t)pool->target_count);
            if (!known && !add_target(pool, route, config, previous, store, error, error_size))
                return false;
        }
    }
    return true;
}

struct target_pool *target_pool_create(const struct config *config,
                                       const struct target_pool *previous, struct tls_store *store,
                                       char *error, size_t error_size)
{
    size_t members = 0;
    for (size_t i = 0; i < config->route_count; i++)
        members += count_targets(&config->routes[i]);
    struct target_pool *pool = calloc(1, sizeof(*pool));
    if (pool) {
        pool->config = config;
        pool->routes = calloc(config->route_count + 1, sizeof(*pool->routes));
        pool->members = calloc(members + 1, sizeof(*pool->members));
        pool->targets = calloc(members + 1, sizeof(*pool->targets));
        hash_map_init(&pool->by_address, key_of, NULL);
    }
    if (!pool || !pool->routes || !pool->members || !pool->targets ||
        !hash_map_reserve(&pool->by_address, members))
        snprintf(error, error_size, "out of memory");
    else if (add_targets(pool, previous, store, error, error_size))
        return pool;
    target_pool_free(pool);
    return NULL;
}

void target_pool_free(struct target_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; pool->targets && i < pool->target_count; i++)
        release_target(&pool->targets[i]);
    free(pool->routes);
    free(pool->members);
    free(pool->targets);
    hash_map_free(&pool->by_address);
    free(pool);
}

const char *target_pool_banner(const struct pool_target *target)
{
    const char *own = target->config->probe == CONFIG_PROBE_BANNER ? target->config->banner : NULL;
    return own ? own : target->route->expect;
}

const char *target_pool_target_name(const struct pool_target *target, char *text, size_t size)
{
    const struct config_address *address = &target->config->address;
    if (address->host || address->path)
        return config_address_print(address, text, size);
    snprintf(text, size, "tokens");
    return text;
}

/* ---- state ---- */

static struct target_pool_route *route_of(struct target_pool *pool,
                                          const struct config_route *route)
{
    return &pool->routes[route - pool->config->routes];
}

size_t target_pool_target_count(const struct target_pool *pool, const struct config_route *route)
{
    return pool->routes[route - pool->config->routes].count;
}

struct pool_target *target_pool_target(struct target_pool *pool, const struct config_route *route,
                                       size_t index)
{
    return &pool->targets[route_of(pool, route)->targets[index]];
}

static struct balance_policy policy_of(const struct config_route *route)
{
    return (struct balance_policy){
        .balance = route->balance,
        .fail_after = route->fail_after,
        .retry_down_ms = route->retry_down_ms,
        .trial_ms = route->connect_timeout_ms,
    };
}

struct balance_health target_pool_target_health(const struct pool_target *target)
{
    return atomic_load_explicit(&target->state->health, memory_order_relaxed);
}

/* False: another thread has changed it; `seen` is updated. */
static bool replace_health(struct pool_target *target, struct balance_health *seen,
                           struct balance_health next)
{
    return atomic_compare_exchange_weak_explicit(&target->state->health, seen, next,
                                                 memory_order_relaxed, memory_order_relaxed);
}

void target_pool_begin(struct pool_target *target)
{
    atomic_fetch_add_explicit(&target->state->sessions, 1, memory_order_relaxed);
}

void target_pool_end(struct pool_target *target)
{
    atomic_fetch_sub_explicit(&target->state->sessions, 1, memory_order_relaxed);
}

void target_pool_note(struct pool_target *target, enum balance_event event, uint64_t now)
{
    if (target->varies)
        return;
    struct balance_health seen = target_pool_target_health(target);
    /* The usual case writes nothing: workers do not contend for the cache line. */
    if (event == BALANCE_CONNECTED && seen.fails == 0)
        return;
    struct balance_policy policy = policy_of(target->route);
    while (!replace_health(target, &seen, balance_after(seen, &policy, event, now)))
        ;
}

enum balance_state target_pool_target_state(const struct pool_target *target, uint64_t now)
{
    struct balance_policy policy = policy_of(target->route);
    return balance_state(target_pool_target_health(target), &policy, now);
}

enum balance_probe target_pool_target_probe(const struct pool_target *target)
{
    return (enum balance_probe)target_pool_target_health(target).probe;
}

uint32_t target_pool_count_probe(struct pool_target *target, bool up)
{
    atomic_uint *failed = &target->state->failed_probes;
    if (up)
        atomic_store_explicit(failed, 0, memory_order_relaxed);
    return up ? 0 : atomic_fetch_add_explicit(failed, 1, memory_order_relaxed) + 1;
}

uint32_t target_pool_target_failures(const struct pool_target *target)
{
    return (uint32_t)target_pool_target_health(target).fails +
           atomic_load_explicit(&target->state->failed_probes, memory_order_relaxed);
}

struct target_pool_counts target_pool_count(const struct target_pool *pool, uint64_t now)
{
    struct target_pool_counts counts = {.targets = pool->target_count};
    for (size_t i = 0; i < pool->target_count; i++) {
        enum balance_state state = target_pool_target_state(&pool->targets[i], now);
        counts.down += state == BALANCE_DOWN;
        counts.on_trial += state == BALANCE_DUE;
    }
    return counts;
}

void target_pool_plan_probe(struct pool_target *target, uint64_t due)
{
    atomic_store_explicit(&target->state->probe_due, due, memory_order_relaxed);
}

uint64_t target_pool_probe_due(const struct pool_target *target)
{
    return atomic_load_explicit(&target->state->probe_due, memory_order_relaxed);
}

uint32_t target_pool_target_sessions(const struct pool_target *target)
{
    return atomic_load_explicit(&target->state->sessions, memory_order_relaxed);
}

struct pool_target *target_pool_targets(struct target_pool *pool, size_t *count)
{
    *count = pool->target_count;
    return pool->targets;
}

bool target_pool_has_usable(struct target_pool *pool, const struct config_route *route,
                            uint64_t now)
{
    for (size_t i = 0; i < route_of(pool, route)->count; i++)
        if (target_pool_target_state(target_pool_target(pool, route, i), now) != BALANCE_DOWN)
            return true;
    return false;
}

/* ---- picking candidates ---- */

/* False: another session has taken the trial, so the candidates are out of date. */
static bool try_choose(struct target_pool *pool, const struct config_route *route, uint64_t now,
                       uint32_t session_number, struct target_pool_choice *choice)
{
    struct balance_target seen[BALANCE_TARGETS_MAX];
    size_t count = route_of(pool, route)->count;
    struct balance_policy policy = policy_of(route);
    for (size_t i = 0; i < count; i++) {
        const struct pool_target *target = target_pool_target(pool, route, i);
        seen[i].health = target_pool_target_health(target);
        seen[i].sessions = target_pool_target_sessions(target);
    }
    choice->count =
        (uint16_t)balance_order(&policy, seen, count, now, session_number, choice->order);
    struct balance_health first = seen[choice->order[0]].health;
    if (balance_state(first, &policy, now) != BALANCE_DUE)
        return true;
    choice->trial = true;
    return replace_health(target_pool_target(pool, route, choice->order[0]), &first,
                          balance_after(first, &policy, BALANCE_TRIAL_BEGAN, now));
}

void target_pool_pick(struct target_pool *pool, const struct config_route *route, uint64_t now,
                      struct target_pool_choice *choice)
{
    struct target_pool_route *entry = route_of(pool, route);
    wsl_assert(entry->count > 0);
    *choice = (struct target_pool_choice){.count = 1};
    if (entry->count == 1)
        return;
    uint32_t session_number =
        atomic_fetch_add_explicit(&entry->session_number, 1, memory_order_relaxed);
    while (!try_choose(pool, route, now, session_number, choice))
        choice->trial = false;
}
