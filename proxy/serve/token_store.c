#include "serve/token_store.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "serve/token_table.h"
#include "serve/token_watch.h"

/* Coarser than any file system's clock; FAT counts in steps of two seconds. */
#define REST_MS 3000
/* How long a watch is believed that there is nothing to look at. */
#define TRUST_MS 2000

struct token_store {
    const struct config_tokens *tokens; /* of the snapshot */
    struct siphash_seed seed;
    pthread_mutex_t lock;      /* of what follows */
    struct token_table *table; /* NULL: the source cannot be read */
    uint64_t fingerprint;
    uint64_t seen_at;         /* since when it looks like this, by our clock */
    bool rested;              /* read when it had looked so for REST_MS */
    struct token_watch watch; /* of a folder */
    bool watchable;
    uint64_t looked_at;
    char problem[256];
};

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* ---- keeping up ------------------------------------------------------------------------------ */

/* Fails closed. Told when it begins, and when it is about something else than before. */
static void lose(struct token_store *store, const char *problem)
{
    if (strcmp(store->problem, problem) != 0)
        log_message(REASON_WARN, "tokens: %s: no token is known until it can be read", problem);
    snprintf(store->problem, sizeof(store->problem), "%s", problem);
    token_table_free(store->table);
    store->table = NULL;
    store->rested = false;
}

static void renew(struct token_store *store, struct token_text *text)
{
    if (store->table && token_source_same(token_table_text(store->table), text)) {
        token_source_free(text);
        return;
    }
    token_table_free(store->table);
    store->table = token_table_create(store->tokens->file, text, &store->seed);
    if (!store->table) {
        lose(store, "out of memory");
        return;
    }
    store->problem[0] = '\0';
    log_message(REASON_DEBUG, "tokens: %s: %zu read", store->tokens->file,
                token_table_count(store->table));
}

/* A look at a folder is a stat for each of its files. */
static bool is_quiet(struct token_store *store, uint64_t now)
{
    bool quiet = token_watch_quiet(&store->watch, store->tokens->file);
    return quiet && store->table && store->watchable && now - store->looked_at < TRUST_MS;
}

/* False: the source is as it was read, or is gone. */
static bool needs_reading(struct token_store *store, uint64_t now)
{
    char problem[256];
    struct token_look look;
    token_watch_follow(&store->watch, store->tokens->file);
    if (!token_source_look(store->tokens->file, &store->seed, &look, problem, sizeof(problem))) {
        lose(store, problem);
        return false;
    }
    store->looked_at = now;
    store->watchable = look.watchable;
    if (!store->table || look.fingerprint != store->fingerprint) {
        store->fingerprint = look.fingerprint;
        store->seen_at = now;
        store->rested = false;
    }
    return !store->rested;
}

static void refresh(struct token_store *store)
{
    char problem[256];
    struct token_text text;
    uint64_t now = now_ms();
    if (is_quiet(store, now) || !needs_reading(store, now))
        return;
    if (!token_source_read(store->tokens->file, &text, problem, sizeof(problem))) {
        lose(store, problem);
        return;
    }
    renew(store, &text);
    store->rested = store->table && now - store->seen_at >= REST_MS;
}

/* ---- looking up ------------------------------------------------------------------------------ */

static void place_at(struct token_place *place, bool is_unix, struct slice host, uint16_t port)
{
    wsl_assert(host.len < sizeof(place->text));
    memcpy(place->text, host.ptr, host.len);
    place->text[host.len] = '\0';
    place->address = (struct config_address){
        .kind = is_unix ? CONFIG_ADDRESS_UNIX : CONFIG_ADDRESS_TCP,
        .host = is_unix ? NULL : place->text,
        .path = is_unix ? place->text : NULL,
        .port = port,
    };
}

static enum reason find_line(struct token_store *store, struct slice token,
                             struct token_place *place)
{
    refresh(store);
    if (!store->table) {
        snprintf(place->detail, sizeof(place->detail), "%s", store->problem);
        return REASON_token_source;
    }
    const struct token_entry *entry = token_table_find(store->table, token);
    if (!entry)
        return REASON_token_unknown;
    place_at(place, entry->is_unix, entry->host, entry->port);
    return REASON_none;
}

static enum reason find_file(const struct token_store *store, struct slice token,
                             struct token_place *place)
{
    char text[1024];
    size_t length;
    struct token_target target;
    if (!token_source_named(store->tokens->file, token, text, sizeof(text), &length, place->detail,
                            sizeof(place->detail)))
        return place->detail[0] ? REASON_token_source : REASON_token_unknown;
    const char *fault = token_file_target((struct slice){text, length}, &target);
    uint16_t port = fault ? 0 : token_table_port(&target);
    if (!fault && !target.is_unix && port == 0)
        fault = "the target's port is no service of this machine";
    if (fault) {
        snprintf(place->detail, sizeof(place->detail), "the file of the token: %s", fault);
        return REASON_token_source;
    }
    place_at(place, target.is_unix, target.host, port);
    return REASON_none;
}

enum reason token_store_find(struct token_store *store, struct slice token,
                             struct token_place *place)
{
    place->detail[0] = '\0';
    if (store->tokens->format == CONFIG_TOKENS_NAMES)
        return find_file(store, token, place);
    pthread_mutex_lock(&store->lock);
    enum reason reason = find_line(store, token, place);
    pthread_mutex_unlock(&store->lock);
    return reason;
}

static bool describe_lines(struct token_store *store, char *text, size_t size)
{
    refresh(store);
    if (store->table)
        snprintf(text, size, "tokens %s: %zu known", store->tokens->file,
                 token_table_count(store->table));
    else
        snprintf(text, size, "tokens %s", store->problem);
    return store->table != NULL;
}

bool token_store_describe(struct token_store *store, char *text, size_t size)
{
    const char *path = store->tokens->file;
    if (store->tokens->format == CONFIG_TOKENS_NAMES) {
        bool readable = access(path, R_OK | X_OK) == 0;
        snprintf(text, size, "tokens %s: %s", path,
                 readable ? "a file for each token" : strerror(errno));
        return readable;
    }
    pthread_mutex_lock(&store->lock);
    bool readable = describe_lines(store, text, size);
    pthread_mutex_unlock(&store->lock);
    return readable;
}

/* ---- making ---------------------------------------------------------------------------------- */

static bool check_folder(const char *path, char *error, size_t error_size)
{
    struct stat info;
    if (stat(path, &info) < 0) {
        log_message(REASON_WARN, "tokens: %s: %s: no token is known until it is there", path,
                    strerror(errno));
        return true;
    }
    if (S_ISDIR(info.st_mode))
        return true;
    snprintf(error, error_size, "tokens: %s: not a folder with a file for each token", path);
    return false;
}

struct token_store *token_store_create(const struct config_tokens *tokens, char *error,
                                       size_t error_size)
{
    if (tokens->format == CONFIG_TOKENS_NAMES && !check_folder(tokens->file, error, error_size))
        return NULL;
    struct token_store *store = calloc(1, sizeof(*store));
    if (!store || getrandom(&store->seed, sizeof(store->seed), 0) != sizeof(store->seed)) {
        snprintf(error, error_size, store ? "no random numbers" : "out of memory");
        free(store);
        return NULL;
    }
    store->tokens = tokens;
    pthread_mutex_init(&store->lock, NULL);
    token_watch_init(&store->watch);
    if (tokens->format == CONFIG_TOKENS_LINES)
        refresh(store);
    return store;
}

void token_store_free(struct token_store *store)
{
    if (!store)
        return;
    token_table_free(store->table);
    token_watch_close(&store->watch);
    pthread_mutex_destroy(&store->lock);
    free(store);
}
