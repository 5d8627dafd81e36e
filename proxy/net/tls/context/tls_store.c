#include "net/tls/context/tls_store.h"

#include <errno.h>
#include <openssl/err.h>

#define DENIED (TLS_EXPIRY_EARLY + 1) /* a problem beside those of the expiry */

struct tls_store {
    const struct tls_store *previous; /* NULL once sealed */
    struct tls_files files;
    struct tls_tickets *tickets; /* NULL: not needed yet */
    struct tls_pair **pairs;     /* distinct */
    size_t pair_count, pair_capacity;
    size_t hint; /* the likely index of the next pair in the previous store */
    struct tls_store_certificate *certificates;
    size_t certificate_count, certificate_capacity;
};

struct tls_store *tls_store_create(const struct tls_store *previous)
{
    struct tls_store *store = calloc(1, sizeof(*store));
    if (!store)
        return NULL;
    tls_files_init(&store->files);
    store->previous = previous;
    if (previous && previous->tickets)
        store->tickets = tls_tickets_retain(previous->tickets);
    return store;
}

static int compare_files(const void *left, const void *right)
{
    const struct tls_store_certificate *a = left, *b = right;
    return strcmp(a->file, b->file);
}

void tls_store_seal(struct tls_store *store)
{
    struct tls_store_certificate *all = store->certificates;
    size_t kept = 0;
    store->previous = NULL;
    if (store->certificate_count > 0)
        qsort(all, store->certificate_count, sizeof(*all), compare_files);
    for (size_t i = 0; i < store->certificate_count; i++) {
        if (kept > 0 && compare_files(&all[kept - 1], &all[i]) == 0)
            free(all[i].name);
        else
            all[kept++] = all[i];
    }
    store->certificate_count = kept;
}

void tls_store_free(struct tls_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->pair_count; i++)
        tls_pair_release(store->pairs[i]);
    for (size_t i = 0; i < store->certificate_count; i++)
        free(store->certificates[i].name);
    free(store->pairs);
    free(store->certificates);
    tls_files_free(&store->files);
    tls_tickets_release(store->tickets);
    free(store);
}

/* ---- pairs ---- */

static bool has_digest(const struct tls_pair *pair, const unsigned char *digest)
{
    return memcmp(pair->digest, digest, TLS_PAIR_DIGEST) == 0;
}

static struct tls_pair *find_own(const struct tls_store *store, const unsigned char *digest)
{
    for (size_t i = 0; i < store->pair_count; i++)
        if (has_digest(store->pairs[i], digest))
            return store->pairs[i];
    return NULL;
}

/* A reload mostly keeps the order: the search begins behind the pair that was found last. */
static struct tls_pair *find_previous(struct tls_store *store, const unsigned char *digest)
{
    const struct tls_store *previous = store->previous;
    for (size_t i = 0; previous && i < previous->pair_count; i++) {
        size_t at = (store->hint + i) % previous->pair_count;
        if (!has_digest(previous->pairs[at], digest))
            continue;
        store->hint = at + 1;
        return previous->pairs[at];
    }
    return NULL;
}

/* Room for one more; grows by doubling. */
static bool reserve(void **items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? 2 * *capacity : 4;
    void *grown = realloc(*items, larger * size);
    if (!grown)
        return false;
    *items = grown;
    *capacity = larger;
    return true;
}

/* Takes the reference. */
static bool keep_pair(struct tls_store *store, struct tls_pair *pair)
{
    void *items = store->pairs;
    bool room =
        reserve(&items, store->pair_count, &store->pair_capacity, sizeof(struct tls_pair *));
    store->pairs = items;
    if (room)
        store->pairs[store->pair_count++] = pair;
    else
        tls_pair_release(pair);
    return room;
}

/* The store's pair with these contents; parsed if neither store has it. */
static struct tls_pair *obtain(struct tls_store *store, const struct config_certificate *config,
                               const struct tls_bytes *certificate, const struct tls_bytes *key,
                               const struct tls_error *error)
{
    unsigned char digest[TLS_PAIR_DIGEST];
    struct tls_pair *pair = NULL;
    if (!tls_pair_digest(config, certificate, key, digest)) {
        tls_error_set(error, "out of memory");
        return NULL;
    }
    if ((pair = find_own(store, digest)))
        return pair;
    if ((pair = find_previous(store, digest))) {
        tls_pair_retain(pair);
    } else {
        pair = tls_pair_parse(config, certificate, key, error);
        if (!pair)
            return NULL;
        memcpy(pair->digest, digest, sizeof(digest));
    }
    if (keep_pair(store, pair))
        return pair;
    tls_error_set(error, "out of memory");
    return NULL;
}

static bool first_name(void *owner, const char *name)
{
    char **first = owner;
    *first = strdup(name);
    return false;
}

static bool keep_certificate(struct tls_store *store, const struct config_certificate *config,
                             struct tls_pair *pair, bool denied, const struct tls_error *error)
{
    void *items = store->certificates;
    bool room = reserve(&items, store->certificate_count, &store->certificate_capacity,
                        sizeof(*store->certificates));
    store->certificates = items;
    char *name = NULL;
    if (room && tls_pair_names(pair, first_name, &name))
        name = strdup(""); /* it has none */
    if (!name)
        return tls_error_set(error, "out of memory");
    struct tls_store_certificate *certificate = &store->certificates[store->certificate_count++];
    *certificate = (struct tls_store_certificate){
        .file = config->certificate,
        .key = config->key,
        .key_password = config->key_password,
        .pair = pair,
        .name = name,
        .not_before = pair->not_before,
        .not_after = pair->not_after,
        .denied = denied,
    };
    if (error->place)
        certificate->place = *error->place;
    return true;
}

/* The previous store's pair from these files. */
static struct tls_pair *find_denied(const struct tls_store *store,
                                    const struct config_certificate *config,
                                    const struct tls_bytes *certificate)
{
    const struct tls_store *previous = store->previous;
    for (size_t i = 0; previous && i < previous->certificate_count; i++) {
        const struct tls_store_certificate *known = &previous->certificates[i];
        if (strcmp(known->file, config->certificate) == 0 &&
            string_equal(known->key, config->key) &&
            string_equal(known->key_password, config->key_password) &&
            (!certificate->data || tls_pair_is_of(known->pair, certificate)))
            return known->pair;
    }
    return NULL;
}

/* The store's pair; *denied: its files may not be read. */
static struct tls_pair *load(struct tls_store *store, const struct config_certificate *config,
                             bool *denied, const struct tls_error *error)
{
    struct tls_bytes certificate, key = {0};
    struct tls_pair *pair = NULL;
    bool read = tls_store_read(store, "certificate", config->certificate, &certificate, error) &&
                (!config->key || tls_store_read(store, "key", config->key, &key, error));
    *denied = !read && (errno == EACCES || errno == EPERM);
    if (read)
        pair = obtain(store, config, &certificate, config->key ? &key : &certificate, error);
    else if (*denied)
        pair = find_denied(store, config, &certificate);
    tls_files_free_bytes(&certificate);
    tls_files_free_bytes(&key);
    if (!*denied || !pair)
        return pair;
    ERR_clear_error();
    error->text[0] = '\0';
    if (keep_pair(store, tls_pair_retain(pair)))
        return pair;
    tls_error_set(error, "out of memory");
    return NULL;
}

struct tls_pair *tls_store_pair(struct tls_store *store, const struct config_certificate *config,
                                const struct tls_error *error)
{
    bool denied;
    struct tls_pair *pair = load(store, config, &denied, error);
    if (!pair || !keep_certificate(store, config, pair, denied, error))
        return NULL;
    return tls_pair_retain(pair);
}

bool tls_store_read(struct tls_store *store, const char *what, const char *path,
                    struct tls_bytes *bytes, const struct tls_error *error)
{
    return tls_files_read(&store->files, what, path, bytes, error);
}

struct tls_tickets *tls_store_tickets(struct tls_store *store)
{
    if (!store->tickets)
        store->tickets = tls_tickets_create();
    return store->tickets;
}

/* ---- changes and warnings ---- */

bool tls_store_changed(struct tls_store *store)
{
    return tls_files_changed(&store->files);
}

const struct tls_store_certificate *tls_store_certificates(const struct tls_store *store,
                                                           size_t *count)
{
    *count = store->certificate_count;
    return store->certificates;
}

int tls_store_warning(const struct tls_store_certificate *certificate, int64_t now, char *text,
                      size_t size)
{
    char where[300], for_whom[300] = "", problem[200];
    config_place_print(&certificate->place, where, sizeof(where));
    if (certificate->name[0] != '\0')
        snprintf(for_whom, sizeof(for_whom), " (%s)", certificate->name);
    if (tls_expiry_print(certificate->not_before, certificate->not_after, now, problem,
                         sizeof(problem)) > 0)
        return snprintf(text, size, "%scertificate '%s'%s %s", where, certificate->file, for_whom,
                        problem);
    if (!certificate->denied)
        return 0;
    return snprintf(
        text, size,
        "%scertificate '%s'%s or its key can no longer be read, so the old one stays in "
        "use; give the user that wsluice runs as read access",
        where, certificate->file, for_whom);
}

bool tls_store_is_warning_due(struct tls_store *store, size_t index, int64_t now)
{
    struct tls_store_certificate *certificate = &store->certificates[index];
    unsigned problem = tls_expiry_of(certificate->not_before, certificate->not_after, now);
    if (problem == TLS_EXPIRY_VALID && certificate->denied)
        problem = DENIED;
    return tls_expiry_is_due(&certificate->notice, problem, now);
}

/* Both lists are sorted by file. A renewed certificate has another pair. */
void tls_store_keep_notices(struct tls_store *store, const struct tls_store *previous)
{
    size_t i = 0, j = 0;
    while (i < store->certificate_count && j < previous->certificate_count) {
        int order = compare_files(&store->certificates[i], &previous->certificates[j]);
        if (order == 0 && store->certificates[i].pair == previous->certificates[j].pair)
            store->certificates[i].notice = previous->certificates[j].notice;
        i += order <= 0;
        j += order >= 0;
    }
}
