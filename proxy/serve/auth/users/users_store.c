#include "serve/auth/users/users_store.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/log/log.h"
#include "base/monotonic.h"
#include "core/auth/password.h"
#include "core/auth/users_table.h"
#include "core/files/file_seen.h"
#include "serve/tokens/file/token_files.h"

struct users_store {
    char *path;
    struct siphash_seed seed;
    bool in_use;   /* false: its creator reports problems */
    bool is_fixed; /* it is no file */
    pthread_mutex_t refresh_lock;
    pthread_mutex_t lock;      /* of what follows */
    struct users_table *table; /* NULL: the file cannot be read */
    char problem[256];
    struct verdicts *verdicts;
    uint64_t generation;
    struct file_seen seen;
};

/* ---- refresh ---- */

/* Under the lock. */
static void swap(struct users_store *store, struct users_table *table, const char *problem)
{
    users_table_free(store->table);
    store->table = table;
    store->generation++;
    verdicts_clear(store->verdicts);
    snprintf(store->problem, sizeof(store->problem), "%s", problem);
}

/* Fails closed. Logs a problem once, until another one replaces it. */
static void drop(struct users_store *store, const char *problem)
{
    pthread_mutex_lock(&store->lock);
    bool is_new = strcmp(store->problem, problem) != 0;
    if (is_new || store->table)
        swap(store, NULL, problem);
    file_seen_forget(&store->seen);
    pthread_mutex_unlock(&store->lock);
    if (is_new && store->in_use)
        log_message(REASON_WARN, "users: %s; nobody is let in until the file can be read", problem);
}

static void take_text(struct users_store *store, struct slice text)
{
    char problem[sizeof(store->problem)];
    struct users_table *table = users_table_create(store->path, text, &store->seed,
                                                   password_supports, problem, sizeof(problem));
    if (!table) {
        drop(store, problem);
        return;
    }
    size_t count = users_table_count(table);
    pthread_mutex_lock(&store->lock);
    swap(store, table, "");
    pthread_mutex_unlock(&store->lock);
    log_message(REASON_DEBUG, "users: %s: %zu read", store->path, count);
}

/* Only refreshes replace the table, and they take turns. */
static bool is_same_text(const struct users_store *store, struct slice text)
{
    return store->table && slice_equal(users_table_text(store->table), text);
}

/* False: it is unchanged, or it is gone. */
static bool needs_reading(struct users_store *store, uint64_t now)
{
    struct stat info;
    bool found = stat(store->path, &info) == 0;
    if (!found || !S_ISREG(info.st_mode)) {
        char problem[sizeof(store->problem)];
        snprintf(problem, sizeof(problem), "%s: %s", store->path,
                 found ? "not a regular file" : strerror(errno));
        drop(store, problem);
        return false;
    }
    uint64_t fingerprint = token_files_fingerprint(&store->seed, &info);
    pthread_mutex_lock(&store->lock);
    bool needs = file_seen_look(&store->seen, fingerprint, now);
    pthread_mutex_unlock(&store->lock);
    return needs;
}

static void refresh(struct users_store *store)
{
    char problem[sizeof(store->problem)];
    struct token_text text;
    uint64_t now = monotonic_ms();
    if (!needs_reading(store, now))
        return;
    if (!token_files_read(store->path, &text, problem, sizeof(problem))) {
        drop(store, problem);
        return;
    }
    struct slice bytes = {text.bytes, text.length};
    if (!is_same_text(store, bytes))
        take_text(store, bytes);
    token_files_free(&text);
    pthread_mutex_lock(&store->lock);
    if (store->table)
        file_seen_read(&store->seen, now);
    pthread_mutex_unlock(&store->lock);
}

void users_store_refresh(struct users_store *store)
{
    pthread_mutex_lock(&store->refresh_lock);
    if (!store->is_fixed)
        refresh(store);
    pthread_mutex_unlock(&store->refresh_lock);
}

bool users_store_is_current(struct users_store *store)
{
    struct stat info;
    if (store->is_fixed)
        return true;
    bool found = stat(store->path, &info) == 0;
    uint64_t fingerprint = found ? token_files_fingerprint(&store->seed, &info) : 0;
    pthread_mutex_lock(&store->lock);
    bool current = found && file_seen_is_same(&store->seen, fingerprint);
    pthread_mutex_unlock(&store->lock);
    return current;
}

/* ---- look-ups ---- */

const char *users_store_path(const struct users_store *store)
{
    return store->path;
}

bool users_store_is_fixed(const struct users_store *store)
{
    return store->is_fixed;
}

bool users_store_describe(struct users_store *store, char *text, size_t size)
{
    pthread_mutex_lock(&store->lock);
    bool readable = store->table != NULL;
    size_t count = readable ? users_table_count(store->table) : 0;
    if (readable)
        snprintf(text, size, "users %s: %zu known", store->path, count);
    else
        snprintf(text, size, "users: %s", store->problem);
    pthread_mutex_unlock(&store->lock);
    return readable;
}

/* Under the lock, with a table. */
static void copy_hash(const struct users_store *store, struct slice user, struct users_trial *trial)
{
    struct slice hash = users_table_find(store->table, user);
    trial->is_user = hash.len > 0;
    if (!trial->is_user)
        hash = users_table_decoy(store->table, user);
    if (hash.len > 0)
        memcpy(trial->hash, hash.ptr, hash.len);
    trial->generation = store->generation;
}

bool users_store_try(struct users_store *store, struct slice user, struct users_trial *trial,
                     char *problem, size_t problem_size)
{
    *trial = (struct users_trial){0};
    pthread_mutex_lock(&store->lock);
    bool readable = store->table != NULL;
    if (readable)
        copy_hash(store, user, trial);
    else
        snprintf(problem, problem_size, "users: %s", store->problem);
    pthread_mutex_unlock(&store->lock);
    return readable;
}

bool users_store_digest(const struct users_store *store, struct slice user, struct slice password,
                        struct recent_digest *digest)
{
    return verdicts_digest(store->verdicts, user, password, digest); /* its key never changes */
}

enum verdict_kept users_store_recall(struct users_store *store, const struct recent_digest *digest,
                                     uint64_t now)
{
    pthread_mutex_lock(&store->lock);
    enum verdict_kept kept =
        store->table ? verdicts_find(store->verdicts, digest, now) : VERDICT_UNKNOWN;
    pthread_mutex_unlock(&store->lock);
    return kept;
}

void users_store_keep(struct users_store *store, const struct users_trial *trial,
                      const struct recent_digest *digest, bool right, uint64_t now)
{
    pthread_mutex_lock(&store->lock);
    if (trial->generation == store->generation)
        verdicts_keep(store->verdicts, digest, right, now);
    pthread_mutex_unlock(&store->lock);
}

/* ---- creation ---- */

static bool prepare(struct users_store *store, const char *path)
{
    store->path = strdup(path);
    store->verdicts = verdicts_create();
    pthread_mutex_init(&store->refresh_lock, NULL);
    pthread_mutex_init(&store->lock, NULL);
    return store->path && store->verdicts && siphash_seed(&store->seed);
}

/* `text` NULL: it is in the file. */
static struct users_store *create(const char *path, const struct slice *text, char *error,
                                  size_t error_size)
{
    snprintf(error, error_size, "out of memory");
    struct users_store *store = calloc(1, sizeof(*store));
    if (!store)
        return NULL;
    if (prepare(store, path)) {
        store->is_fixed = text != NULL;
        if (text)
            take_text(store, *text);
        else
            users_store_refresh(store);
        store->in_use = users_store_describe(store, error, error_size);
        if (store->in_use)
            return store;
    }
    users_store_free(store);
    return NULL;
}

struct users_store *users_store_create(const char *path, char *error, size_t error_size)
{
    return create(path, NULL, error, error_size);
}

struct users_store *users_store_create_fixed(const char *name, struct slice text, char *error,
                                             size_t error_size)
{
    return create(name, &text, error, error_size);
}

void users_store_free(struct users_store *store)
{
    if (!store)
        return;
    users_table_free(store->table);
    verdicts_destroy(store->verdicts);
    pthread_mutex_destroy(&store->refresh_lock);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}
