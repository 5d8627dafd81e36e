#include "serve/auth/login/login_shared.h"

#include <pthread.h>

#include "core/auth/login/login_ended.h"

struct login_shared {
    struct login_keys keys;
    pthread_mutex_t lock; /* of the table */
    struct login_ended ended;
};

struct login_shared *login_shared_create(void)
{
    struct login_shared *shared = calloc(1, sizeof(*shared));
    if (!shared)
        return NULL;
    if (!login_keys_random(&shared->keys) || !login_ended_init(&shared->ended, LOGIN_ENDED_USERS)) {
        free(shared);
        return NULL;
    }
    pthread_mutex_init(&shared->lock, NULL);
    return shared;
}

void login_shared_destroy(struct login_shared *shared)
{
    if (!shared)
        return;
    login_ended_free(&shared->ended);
    pthread_mutex_destroy(&shared->lock);
    login_keys_wipe(&shared->keys);
    free(shared);
}

const struct login_keys *login_shared_keys(const struct login_shared *shared)
{
    return &shared->keys;
}

/* The user as the table knows it: a digest of the file and the name. */
static bool digest(const struct login_shared *shared, const char *users,
                   const struct login_cookie *cookie, unsigned char out[static LOGIN_KEYS_BYTES])
{
    size_t capacity = strlen(users) + 1 + LOGIN_USER_MAX;
    char *text = malloc(capacity);
    if (!text)
        return false;
    struct writer w = writer_to(text, capacity);
    writer_add(&w, users, strlen(users) + 1);
    writer_add_slice(&w, login_cookie_user(cookie));
    bool done = login_keys_hmac(out, &shared->keys, 0, &w);
    free(text);
    return done;
}

static struct slice slice_at(const unsigned char bytes[static LOGIN_KEYS_BYTES])
{
    return (struct slice){(const char *)bytes, LOGIN_KEYS_BYTES};
}

bool login_shared_end(struct login_shared *shared, const char *users,
                      const struct login_cookie *cookie, int64_t now)
{
    unsigned char user[LOGIN_KEYS_BYTES];
    if (!digest(shared, users, cookie, user))
        return false;
    pthread_mutex_lock(&shared->lock);
    bool done = login_ended_add(&shared->ended, slice_at(user), cookie, now);
    pthread_mutex_unlock(&shared->lock);
    return done;
}

bool login_shared_end_all(struct login_shared *shared, const char *users,
                          const struct login_cookie *cookie, int64_t now, int64_t expires)
{
    unsigned char user[LOGIN_KEYS_BYTES];
    if (!digest(shared, users, cookie, user))
        return false;
    pthread_mutex_lock(&shared->lock);
    bool done = login_ended_add_all(&shared->ended, slice_at(user), now, expires);
    pthread_mutex_unlock(&shared->lock);
    return done;
}

bool login_shared_has_ended(struct login_shared *shared, const char *users,
                            const struct login_cookie *cookie)
{
    unsigned char user[LOGIN_KEYS_BYTES];
    if (!digest(shared, users, cookie, user))
        return true;
    pthread_mutex_lock(&shared->lock);
    bool has = login_ended_has(&shared->ended, slice_at(user), cookie);
    pthread_mutex_unlock(&shared->lock);
    return has;
}
