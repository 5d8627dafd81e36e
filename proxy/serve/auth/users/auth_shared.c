#include "serve/auth/users/auth_shared.h"

#include <pthread.h>

#include "serve/auth/login/login_shared.h"
#include "serve/auth/ticket/ticket_key_urls.h"
#include "serve/auth/ticket/ticket_used.h"
#include "serve/auth/users/password_thread.h"
#include "serve/auth/users/users_store.h"

struct holding {
    struct list link;
    struct users_store *store;
    unsigned references;
};

struct auth_shared {
    pthread_mutex_t lock; /* of the failures */
    struct backoff *backoff;
    struct login_shared *login;
    struct ticket_used *tickets;
    struct ticket_key_urls *keys;
    struct password_thread_shared *threads;
    pthread_mutex_t files_lock; /* of what follows */
    struct list holdings;
};

struct auth_shared *auth_shared_create(void)
{
    struct siphash_seed seed;
    struct auth_shared *shared = calloc(1, sizeof(*shared));
    if (shared && siphash_seed(&seed))
        shared->backoff = backoff_create(&backoff_usual_sizes, &seed);
    if (shared && shared->backoff)
        shared->login = login_shared_create();
    if (shared && shared->login)
        shared->tickets = ticket_used_create(TICKET_USED_MAX);
    if (shared && shared->tickets)
        shared->keys = ticket_key_urls_create();
    if (shared && shared->keys)
        shared->threads = password_thread_shared_create();
    if (!shared || !shared->threads) {
        backoff_destroy(shared ? shared->backoff : NULL);
        login_shared_destroy(shared ? shared->login : NULL);
        ticket_used_free(shared ? shared->tickets : NULL);
        ticket_key_urls_free(shared ? shared->keys : NULL);
        free(shared);
        return NULL;
    }
    list_init(&shared->holdings);
    pthread_mutex_init(&shared->lock, NULL);
    pthread_mutex_init(&shared->files_lock, NULL);
    return shared;
}

void auth_shared_destroy(struct auth_shared *shared)
{
    if (!shared)
        return;
    wsl_assert(list_empty(&shared->holdings));
    backoff_destroy(shared->backoff);
    login_shared_destroy(shared->login);
    ticket_used_free(shared->tickets);
    ticket_key_urls_free(shared->keys);
    password_thread_shared_release(shared->threads);
    pthread_mutex_destroy(&shared->lock);
    pthread_mutex_destroy(&shared->files_lock);
    free(shared);
}

struct login_shared *auth_shared_login(struct auth_shared *shared)
{
    return shared->login;
}

struct ticket_used *auth_shared_tickets(struct auth_shared *shared)
{
    return shared->tickets;
}

struct ticket_key_urls *auth_shared_keys(struct auth_shared *shared)
{
    return shared->keys;
}

struct password_thread_shared *auth_shared_threads(struct auth_shared *shared)
{
    return shared->threads;
}

/* ---- users files ---- */

/* Under the lock, which is never held while a file is read. NULL: none. */
static struct holding *find_path(struct auth_shared *shared, const char *path)
{
    for (struct list *at = shared->holdings.next; at != &shared->holdings; at = at->next) {
        struct holding *holding = WSL_CONTAINER(at, struct holding, link);
        if (!users_store_is_fixed(holding->store) &&
            strcmp(users_store_path(holding->store), path) == 0)
            return holding;
    }
    return NULL;
}

/* Under the lock; it is there. */
static struct holding *find_store(struct auth_shared *shared, const struct users_store *store)
{
    struct list *at = shared->holdings.next;
    while (WSL_CONTAINER(at, struct holding, link)->store != store)
        at = at->next;
    return WSL_CONTAINER(at, struct holding, link);
}

/* NULL: no route has named the file yet. */
static struct users_store *take_old(struct auth_shared *shared, const char *path)
{
    pthread_mutex_lock(&shared->files_lock);
    struct holding *holding = find_path(shared, path);
    if (holding)
        holding->references++;
    pthread_mutex_unlock(&shared->files_lock);
    return holding ? holding->store : NULL;
}

/* Takes the store; NULL, or out of memory: NULL. */
static struct users_store *hold(struct auth_shared *shared, struct users_store *store)
{
    struct holding *holding = store ? calloc(1, sizeof(*holding)) : NULL;
    if (!holding) {
        users_store_free(store);
        return NULL;
    }
    *holding = (struct holding){.store = store, .references = 1};
    pthread_mutex_lock(&shared->files_lock);
    list_append(&shared->holdings, &holding->link);
    pthread_mutex_unlock(&shared->files_lock);
    return store;
}

struct users_store *auth_shared_users(struct auth_shared *shared, const char *path, char *error,
                                      size_t error_size)
{
    snprintf(error, error_size, "out of memory");
    struct users_store *store = take_old(shared, path);
    if (!store) /* sites are made one at a time, so none makes the same meanwhile */
        return hold(shared, users_store_create(path, error, error_size));
    users_store_refresh(store);
    if (users_store_describe(store, error, error_size))
        return store;
    auth_shared_release(shared, store);
    return NULL;
}

struct users_store *auth_shared_accounts(struct auth_shared *shared, struct slice text, char *error,
                                         size_t error_size)
{
    snprintf(error, error_size, "out of memory");
    return hold(shared, users_store_create_fixed("accounts", text, error, error_size));
}

struct users_store *auth_shared_retain(struct auth_shared *shared, struct users_store *store)
{
    pthread_mutex_lock(&shared->files_lock);
    find_store(shared, store)->references++;
    pthread_mutex_unlock(&shared->files_lock);
    return store;
}

void auth_shared_release(struct auth_shared *shared, struct users_store *store)
{
    if (!store)
        return;
    pthread_mutex_lock(&shared->files_lock);
    struct holding *holding = find_store(shared, store);
    bool last = --holding->references == 0;
    if (last)
        list_remove(&holding->link);
    pthread_mutex_unlock(&shared->files_lock);
    if (!last)
        return;
    users_store_free(store);
    free(holding);
}

/* ---- failures ---- */

struct backoff_subject auth_shared_subject(const struct auth_shared *shared, const uint8_t *address,
                                           struct slice realm, struct slice user)
{
    return backoff_subject_of(shared->backoff, address, realm, user); /* the seeds never change */
}

uint64_t auth_shared_wait(struct auth_shared *shared, const struct backoff_subject *subject,
                          uint64_t now, bool *is_known)
{
    pthread_mutex_lock(&shared->lock);
    uint64_t wait = backoff_wait(shared->backoff, subject, now);
    *is_known = backoff_is_known(shared->backoff, subject, now);
    pthread_mutex_unlock(&shared->lock);
    return wait;
}

void auth_shared_note(struct auth_shared *shared, const struct backoff_subject *subject, bool right,
                      uint64_t now)
{
    pthread_mutex_lock(&shared->lock);
    if (right)
        backoff_passed(shared->backoff, subject, now);
    else
        backoff_failed(shared->backoff, subject, now);
    pthread_mutex_unlock(&shared->lock);
}
