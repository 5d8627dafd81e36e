#include "serve/auth/ticket/ticket_key_file.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/log/log.h"
#include "core/files/file_seen.h"
#include "serve/tokens/file/token_files.h"

#define AGAIN_MS 250

struct ticket_key_file {
    const char *path;
    const struct ticket_alg *only;
    bool websockify; /* its form of the file */
    struct siphash_seed seed;
    pthread_mutex_t lock; /* of what follows */
    struct ticket_keys *keys;
    char problem[256];
    struct file_seen seen;
    uint64_t read_at;
};

/* ---- reading ---- */

static void replace(struct ticket_key_file *file, struct ticket_keys *keys)
{
    ticket_keys_release(file->keys);
    file->keys = keys;
}

/* Logs a problem once, until another one or none replaces it. */
static void note(struct ticket_key_file *file, const char *problem, const char *consequence)
{
    if (strcmp(file->problem, problem) != 0 && *problem)
        log_message(REASON_WARN, "ticket keys: %s%s", problem, consequence);
    snprintf(file->problem, sizeof(file->problem), "%s", problem);
}

static struct ticket_keys *parse(const struct ticket_key_file *file, struct slice text,
                                 size_t *skipped, char *error, size_t error_size)
{
    return file->websockify ? ticket_keys_read_websockify(text, error, error_size)
                            : ticket_keys_read(text, file->only, skipped, error, error_size);
}

static struct ticket_keys *read_keys(const struct ticket_key_file *file, size_t *skipped,
                                     char *error, size_t error_size)
{
    struct token_text text;
    char why[160];
    if (!token_files_read(file->path, &text, error, error_size))
        return NULL;
    struct ticket_keys *keys = NULL;
    if (text.count == 1 && !text.pieces[0].name && text.pieces[0].error_code == 0)
        keys = parse(file, (struct slice){text.bytes, text.length}, skipped, why, sizeof(why));
    else
        snprintf(why, sizeof(why), "not a regular file");
    token_files_free(&text);
    if (!keys || *skipped > 0)
        snprintf(error, error_size, "%s: %s", file->path, why);
    return keys;
}

static void read_again(struct ticket_key_file *file)
{
    char problem[256] = "";
    size_t skipped = 0;
    struct ticket_keys *keys = read_keys(file, &skipped, problem, sizeof(problem));
    if (!keys) {
        note(file, problem, file->keys ? "; the keys of before stay in use" : "");
        return;
    }
    note(file, skipped > 0 ? problem : "", "; a key of the set is skipped");
    replace(file, keys);
}

static void lose(struct ticket_key_file *file, int code)
{
    char problem[256];
    bool gone = code == ENOENT || code == ENOTDIR;
    snprintf(problem, sizeof(problem), "%s: %s", file->path, strerror(code));
    note(file, problem,
         gone ? ": no ticket is valid until it is there" : "; the keys of before stay in use");
    file_seen_forget(&file->seen);
    if (gone)
        replace(file, NULL);
}

static void refresh(struct ticket_key_file *file, uint64_t now_ms)
{
    struct stat info;
    if (stat(file->path, &info) < 0) {
        lose(file, errno);
        return;
    }
    uint64_t fingerprint = token_files_fingerprint(&file->seed, &info);
    bool is_new = fingerprint != file->seen.fingerprint;
    if (!file_seen_look(&file->seen, fingerprint, now_ms) ||
        (!is_new && now_ms - file->read_at < AGAIN_MS))
        return;
    file->read_at = now_ms;
    read_again(file);
    file_seen_read(&file->seen, now_ms);
}

struct ticket_keys *ticket_key_file_get(struct ticket_key_file *file, uint64_t now_ms)
{
    pthread_mutex_lock(&file->lock);
    refresh(file, now_ms);
    struct ticket_keys *keys = file->keys ? ticket_keys_retain(file->keys) : NULL;
    pthread_mutex_unlock(&file->lock);
    return keys;
}

/* ---- creation ---- */

static struct ticket_key_file *allocate(const struct config_ticket_key *config)
{
    struct ticket_key_file *file = calloc(1, sizeof(*file));
    if (!file || !siphash_seed(&file->seed)) {
        free(file);
        return NULL;
    }
    file->path = config->file;
    file->websockify = config->algorithm == CONFIG_TICKET_WEBSOCKIFY;
    if (!file->websockify && config->algorithm != CONFIG_TICKET_ANY)
        file->only = ticket_alg_at((size_t)config->algorithm - 1);
    pthread_mutex_init(&file->lock, NULL);
    return file;
}

struct ticket_key_file *ticket_key_file_create(const struct config_ticket_key *config, char *error,
                                               size_t error_size)
{
    char problem[256] = "";
    size_t skipped = 0;
    struct ticket_key_file *file = JSON_VALUE_IS_BUILT_IN ? allocate(config) : NULL;
    if (!file) {
        snprintf(error, error_size, "ticket key: %s",
                 JSON_VALUE_IS_BUILT_IN ? "out of memory" : JSON_VALUE_LIBRARY);
        return NULL;
    }
    file->keys = read_keys(file, &skipped, problem, sizeof(problem));
    if (file->keys) {
        note(file, skipped > 0 ? problem : "", "; a key of the set is skipped");
        return file;
    }
    snprintf(error, error_size, "ticket key: %s", problem);
    ticket_key_file_free(file);
    return NULL;
}

void ticket_key_file_free(struct ticket_key_file *file)
{
    if (!file)
        return;
    replace(file, NULL);
    pthread_mutex_destroy(&file->lock);
    free(file);
}
