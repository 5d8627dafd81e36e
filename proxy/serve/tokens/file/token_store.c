#include "serve/tokens/file/token_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log/log.h"
#include "base/monotonic.h"
#include "core/files/file_seen.h"
#include "serve/tokens/file/token_inotify.h"
#include "serve/tokens/file/token_table.h"

/* How old a scan may be while watches report nothing. */
#define WATCHED_MS 2000
/* How old a scan may be if links lead further than watches follow them. */
#define UNWATCHED_MS 250

struct token_store {
    atomic_uint references;
    char *file;
    struct siphash_seed seed;
    pthread_mutex_t lock;      /* of what follows */
    struct token_table *table; /* NULL: the source cannot be read */
    char problem[256];
    uint64_t scans;
    bool stale; /* something has changed since the last refresh began */
    /* Waiters: for the next refresh, and for the one that runs. */
    struct list waiting, served;
    bool pending, refreshing;
    struct work_task task;
    /* While `refreshing`, of the refresh alone; else of the lock as well. */
    struct file_seen seen;
    struct token_inotify watch; /* of a folder */
    bool watchable;
    uint64_t scanned_at;
};

/* ---- refresh ---- */

static void swap_table(struct token_store *store, struct token_table *table, const char *problem)
{
    pthread_mutex_lock(&store->lock);
    struct token_table *before = store->table;
    store->table = table;
    snprintf(store->problem, sizeof(store->problem), "%s", problem);
    pthread_mutex_unlock(&store->lock);
    token_table_free(before);
}

/* Fails closed. Logs a problem once, until another one replaces it. */
static void drop_table(struct token_store *store, const char *problem)
{
    if (strcmp(store->problem, problem) != 0)
        log_message(REASON_WARN, "tokens: %s: no token is known until it can be read", problem);
    swap_table(store, NULL, problem);
    file_seen_forget(&store->seen);
}

static void replace_table(struct token_store *store, struct token_text *text)
{
    if (store->table && token_files_is_same(token_table_text(store->table), text)) {
        token_files_free(text);
        return;
    }
    struct token_table *table = token_table_create(store->file, text, &store->seed);
    if (!table) {
        drop_table(store, "out of memory");
        return;
    }
    swap_table(store, table, "");
    log_message(REASON_DEBUG, "tokens: %s: %zu read", store->file, token_table_count(table));
}

/* False: the source is unchanged, or it is gone. */
static bool needs_reading(struct token_store *store, uint64_t now)
{
    char problem[256];
    struct token_scan scan;
    token_inotify_follow(&store->watch, store->file);
    bool found = token_files_scan(store->file, &store->seed, &scan, problem, sizeof(problem));
    bool all_watched = token_inotify_follow_links(&store->watch, &scan);
    store->scanned_at = now;
    store->watchable = scan.watchable && all_watched;
    uint64_t fingerprint = scan.fingerprint;
    token_files_scan_free(&scan);
    if (!found) {
        drop_table(store, problem);
        return false;
    }
    return file_seen_look(&store->seen, fingerprint, now);
}

static void refresh(struct token_store *store)
{
    char problem[256];
    struct token_text text;
    uint64_t now = monotonic_ms();
    if (!needs_reading(store, now))
        return;
    if (!token_files_read(store->file, &text, problem, sizeof(problem))) {
        drop_table(store, problem);
        return;
    }
    replace_table(store, &text);
    if (store->table)
        file_seen_read(&store->seen, now);
}

void token_store_refresh(struct token_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->refreshing = true;
    store->stale = false;
    store->scans++;
    pthread_mutex_unlock(&store->lock);
    refresh(store);
    pthread_mutex_lock(&store->lock);
    store->refreshing = false;
    pthread_mutex_unlock(&store->lock);
}

uint64_t token_store_scans(struct token_store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t scans = store->scans;
    pthread_mutex_unlock(&store->lock);
    return scans;
}

/* For a source that is one file. */
static bool is_same_file(const struct token_store *store)
{
    struct stat info;
    return stat(store->file, &info) == 0 && !S_ISDIR(info.st_mode) &&
           file_seen_is_same(&store->seen, token_files_fingerprint(&store->seed, &info));
}

static bool is_current(struct token_store *store)
{
    if (store->pending || store->refreshing || store->stale || !store->table)
        return false;
    if (!token_inotify_is_active(&store->watch))
        return is_same_file(store);
    store->stale = !token_inotify_is_quiet(&store->watch, store->file);
    uint64_t trust = store->watchable ? WATCHED_MS : UNWATCHED_MS;
    return !store->stale && monotonic_ms() - store->scanned_at < trust;
}

bool token_store_is_current(struct token_store *store)
{
    pthread_mutex_lock(&store->lock);
    bool current = is_current(store);
    pthread_mutex_unlock(&store->lock);
    return current;
}

/* ---- waiting for the pool ---- */

static void ask_pool(struct token_store *store, const struct work_lane *lane);

static void work_cb(struct work_task *task)
{
    token_store_refresh(WSL_CONTAINER(task, struct token_store, task));
}

static void refreshed_cb(void *owner, void *argument)
{
    struct token_waiter *waiter = argument;
    (void)owner;
    waiter->callback(waiter);
}

static void done_cb(struct work_task *task)
{
    struct token_store *store = WSL_CONTAINER(task, struct token_store, task);
    pthread_mutex_lock(&store->lock);
    store->pending = false;
    while (!list_empty(&store->served)) {
        struct token_waiter *waiter = WSL_CONTAINER(store->served.next, struct token_waiter, link);
        list_remove(&waiter->link);
        mailbox_post(waiter->lane->mailbox, &waiter->post, refreshed_cb, waiter);
    }
    if (!list_empty(&store->waiting))
        ask_pool(store, task->job.lane);
    pthread_mutex_unlock(&store->lock);
    token_store_release(store);
}

/* Under the lock. A later waiter may have seen a change that this refresh misses. */
static void serve_arrived(struct token_store *store)
{
    while (!list_empty(&store->waiting)) {
        struct list *link = store->waiting.next;
        list_remove(link);
        list_append(&store->served, link);
    }
}

static void begun_cb(struct work_task *task)
{
    struct token_store *store = WSL_CONTAINER(task, struct token_store, task);
    pthread_mutex_lock(&store->lock);
    serve_arrived(store);
    pthread_mutex_unlock(&store->lock);
}

/* Under the lock, for which the refresh waits. */
static void ask_pool(struct token_store *store, const struct work_lane *lane)
{
    store->pending = true;
    store->task = (struct work_task){.work = work_cb, .done = done_cb, .begun = begun_cb};
    atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
    if (work_queue(lane, &store->task, WORK_tokens, 0))
        serve_arrived(store);
}

void token_store_wait(struct token_store *store, const struct work_lane *lane,
                      struct token_waiter *waiter, void (*callback)(struct token_waiter *waiter))
{
    *waiter = (struct token_waiter){.lane = lane, .callback = callback};
    pthread_mutex_lock(&store->lock);
    list_append(&store->waiting, &waiter->link);
    if (!store->pending)
        ask_pool(store, lane);
    pthread_mutex_unlock(&store->lock);
}

/* Only if it has not begun and has no waiters. */
static bool cancel_refresh(struct token_store *store)
{
    if (!store->pending || !list_empty(&store->waiting) || !work_cancel(&store->task.job))
        return false;
    store->pending = false;
    return true;
}

void token_store_leave(struct token_store *store, struct token_waiter *waiter)
{
    pthread_mutex_lock(&store->lock);
    if (list_empty(&waiter->link))
        (void)mailbox_withdraw(waiter->lane->mailbox, &waiter->post);
    list_remove(&waiter->link);
    bool cancelled = cancel_refresh(store);
    pthread_mutex_unlock(&store->lock);
    if (cancelled)
        token_store_release(store);
}

/* ---- looking up ---- */

static enum reason find_line(struct token_store *store, struct slice token,
                             struct token_destination *destination)
{
    if (!store->table) {
        snprintf(destination->detail, sizeof(destination->detail), "%s", store->problem);
        return REASON_token_source;
    }
    const struct token_entry *entry = token_table_find(store->table, token);
    if (!entry)
        return REASON_token_unknown;
    token_destination_set(destination, entry->is_unix, entry->host, entry->port);
    return REASON_none;
}

enum reason token_store_find(struct token_store *store, struct slice token,
                             struct token_destination *destination)
{
    destination->detail[0] = '\0';
    pthread_mutex_lock(&store->lock);
    enum reason reason = find_line(store, token, destination);
    pthread_mutex_unlock(&store->lock);
    return reason;
}

static bool describe_lines(struct token_store *store, char *text, size_t size)
{
    if (store->table)
        snprintf(text, size, "tokens %s: %zu known", store->file, token_table_count(store->table));
    else
        snprintf(text, size, "tokens %s", store->problem);
    return store->table != NULL;
}

bool token_store_describe(struct token_store *store, char *text, size_t size)
{
    if (!token_store_is_current(store))
        token_store_refresh(store);
    pthread_mutex_lock(&store->lock);
    bool readable = describe_lines(store, text, size);
    pthread_mutex_unlock(&store->lock);
    return readable;
}

/* ---- creation ---- */

struct token_store *token_store_create(const char *path, char *error, size_t error_size)
{
    struct token_store *store = calloc(1, sizeof(*store));
    char *file = strdup(path);
    if (!store || !file || !siphash_seed(&store->seed)) {
        snprintf(error, error_size, store && file ? "no random numbers" : "out of memory");
        free(store);
        free(file);
        return NULL;
    }
    store->file = file;
    atomic_init(&store->references, 1);
    list_init(&store->waiting);
    list_init(&store->served);
    pthread_mutex_init(&store->lock, NULL);
    token_inotify_init(&store->watch);
    token_store_refresh(store);
    return store;
}

void token_store_release(struct token_store *store)
{
    if (!store || atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) != 1)
        return;
    token_table_free(store->table);
    token_inotify_close(&store->watch);
    pthread_mutex_destroy(&store->lock);
    free(store->file);
    free(store);
}
