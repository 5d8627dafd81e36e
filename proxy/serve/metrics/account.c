#include "serve/metrics/account.h"

#include <uv.h>

#include "base/hash_map.h"

struct account_slot {
    atomic_uint_fast64_t open, sessions, bytes_up, bytes_down;
    atomic_uint_fast64_t ended[REASON_COUNT];
};

struct account {
    struct list link; /* of the set: live or retired */
    struct hash_map_link by_name;
    struct account_set *set;
    char *name;
    size_t references;                      /* 0: retired */
    _Atomic(struct account_slot *) slots[]; /* one per worker */
};

struct account_set {
    uv_mutex_t mutex; /* of everything but the slots */
    unsigned workers;
    struct list live, retired; /* retired: the longest retired first */
    size_t live_count, retired_count;
    struct hash_map by_name; /* live and retired */
};

/* ---- the set --------------------------------------------------------------------------------- */

static struct slice name_of(const struct hash_map_link *link)
{
    return slice_of(WSL_CONST_CONTAINER(link, struct account, by_name)->name);
}

struct account_set *account_set_create(unsigned workers)
{
    struct account_set *set = calloc(1, sizeof(*set));
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

static void free_account(struct account *account)
{
    for (unsigned i = 0; i < account->set->workers; i++)
        free(atomic_load_explicit(&account->slots[i], memory_order_relaxed));
    free(account->name);
    free(account);
}

void account_set_free(struct account_set *set)
{
    if (!set)
        return;
    wsl_assert(set->live_count == 0);
    while (!list_empty(&set->retired)) {
        struct account *account = WSL_CONTAINER(set->retired.next, struct account, link);
        list_remove(&account->link);
        free_account(account);
    }
    uv_mutex_destroy(&set->mutex);
    hash_map_free(&set->by_name);
    free(set);
}

static struct account *find(const struct account_set *set, const char *name)
{
    struct hash_map_link *link = hash_map_find(&set->by_name, slice_of(name));
    return link ? WSL_CONTAINER(link, struct account, by_name) : NULL;
}

static struct account *add(struct account_set *set, const char *name)
{
    struct account *account =
        calloc(1, sizeof(*account) + set->workers * sizeof(account->slots[0]));
    if (!account)
        return NULL;
    account->name = strdup(name);
    if (!account->name) {
        free(account);
        return NULL;
    }
    account->set = set;
    hash_map_add(&set->by_name, &account->by_name);
    list_append(&set->live, &account->link);
    set->live_count++;
    return account;
}

static void revive(struct account *account)
{
    struct account_set *set = account->set;
    list_remove(&account->link);
    list_append(&set->live, &account->link);
    set->retired_count--;
    set->live_count++;
}

struct account *account_get(struct account_set *set, const char *name)
{
    uv_mutex_lock(&set->mutex);
    struct account *account = find(set, name);
    if (!account)
        account = add(set, name);
    else if (account->references == 0)
        revive(account);
    if (account)
        account->references++;
    uv_mutex_unlock(&set->mutex);
    return account;
}

/* Returns the one that was forgotten instead, or NULL. */
static struct account *retire(struct account *account)
{
    struct account_set *set = account->set;
    list_remove(&account->link);
    list_append(&set->retired, &account->link);
    set->live_count--;
    if (set->retired_count < ACCOUNT_RETIRED_MAX) {
        set->retired_count++;
        return NULL;
    }
    struct account *oldest = WSL_CONTAINER(set->retired.next, struct account, link);
    list_remove(&oldest->link);
    hash_map_remove(&set->by_name, &oldest->by_name);
    return oldest;
}

void account_release(struct account *account)
{
    if (!account)
        return;
    struct account_set *set = account->set;
    struct account *forgotten = NULL;
    uv_mutex_lock(&set->mutex);
    wsl_assert(account->references > 0);
    if (--account->references == 0)
        forgotten = retire(account);
    uv_mutex_unlock(&set->mutex);
    if (forgotten)
        free_account(forgotten);
}

/* ---- a client -------------------------------------------------------------------------------- */

/* Only its own worker writes a slot's address; release, so that a reader sees it zeroed. */
static struct account_slot *slot_of(struct account *account, unsigned worker)
{
    struct account_slot *slot = atomic_load_explicit(&account->slots[worker], memory_order_relaxed);
    if (WSL_LIKELY(slot != NULL))
        return slot;
    slot = calloc(1, sizeof(*slot));
    atomic_store_explicit(&account->slots[worker], slot, memory_order_release);
    return slot;
}

void account_enter(struct account_use *use, struct account *account, unsigned worker,
                   struct metrics *metrics)
{
    wsl_assert(!use->metrics && worker < account->set->workers);
    *use = (struct account_use){.metrics = metrics, .slot = slot_of(account, worker)};
}

void account_open(struct account_use *use, uint64_t connect_ms)
{
    wsl_assert(use->metrics && !use->open);
    use->open = true;
    metrics_add(&use->metrics->counter[METRICS_sessions], 1);
    metrics_add(&use->metrics->open_sessions, 1);
    metrics_observe(use->metrics, METRICS_HISTOGRAM_connect, connect_ms);
    if (!use->slot)
        return;
    metrics_add(&use->slot->sessions, 1);
    metrics_add(&use->slot->open, 1);
}

void account_bytes(struct account_use *use, uint64_t bytes_up, uint64_t bytes_down)
{
    if (!use->metrics)
        return;
    uint64_t up = bytes_up - use->bytes_up, down = bytes_down - use->bytes_down;
    use->bytes_up = bytes_up;
    use->bytes_down = bytes_down;
    metrics_add(&use->metrics->counter[METRICS_bytes_up], up);
    metrics_add(&use->metrics->counter[METRICS_bytes_down], down);
    if (!use->slot)
        return;
    metrics_add(&use->slot->bytes_up, up);
    metrics_add(&use->slot->bytes_down, down);
}

void account_end(struct account_use *use, enum reason reason, uint64_t duration_ms)
{
    wsl_assert((unsigned)reason < REASON_COUNT);
    if (!use->metrics)
        return;
    if (use->open) {
        metrics_add(&use->metrics->open_sessions, (uint64_t)-1);
        metrics_observe(use->metrics, METRICS_HISTOGRAM_duration, duration_ms);
    }
    if (use->slot) {
        metrics_add(&use->slot->ended[reason], 1);
        metrics_add(&use->slot->open, use->open ? (uint64_t)-1 : 0);
    }
    *use = (struct account_use){0};
}

/* ---- reading --------------------------------------------------------------------------------- */

void account_read(const struct account *account, struct account_sums *sums)
{
    *sums = (struct account_sums){0};
    for (unsigned i = 0; i < account->set->workers; i++) {
        const struct account_slot *slot =
            atomic_load_explicit(&account->slots[i], memory_order_acquire);
        if (!slot)
            continue;
        sums->open += metrics_read(&slot->open);
        sums->sessions += metrics_read(&slot->sessions);
        sums->bytes_up += metrics_read(&slot->bytes_up);
        sums->bytes_down += metrics_read(&slot->bytes_down);
        for (int reason = 0; reason < REASON_COUNT; reason++)
            sums->ended[reason] += metrics_read(&slot->ended[reason]);
    }
}

static void read_list(const struct list *head, account_fn *read, void *owner)
{
    for (struct list *link = head->next; link != head; link = link->next) {
        const struct account *account = WSL_CONTAINER(link, struct account, link);
        struct account_sums sums;
        account_read(account, &sums);
        read(owner, account->name, &sums);
    }
}

void account_each(struct account_set *set, account_fn *read, void *owner)
{
    uv_mutex_lock(&set->mutex);
    read_list(&set->live, read, owner);
    read_list(&set->retired, read, owner);
    uv_mutex_unlock(&set->mutex);
}
