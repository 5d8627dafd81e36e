#include "core/auth/login/login_ended.h"

/* A cookie that has ended; expires 0: none. */
struct entry {
    int64_t issued, expires;
    unsigned char mac[16]; /* the beginning of its HMAC */
};

struct user {
    struct hash_map_link link;
    struct list order;
    int64_t until;   /* cookies that were issued until then have ended; INT64_MIN: none */
    int64_t expires; /* the last of all cookies that this entry ends */
    struct entry cookies[LOGIN_ENDED_COOKIES];
    size_t length;
    char name[LOGIN_USER_MAX];
};

static struct slice key(const struct hash_map_link *link)
{
    const struct user *user = WSL_CONST_CONTAINER(link, struct user, link);
    return (struct slice){user->name, user->length};
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool login_ended_init(struct login_ended *ended, size_t most)
{
    struct siphash_seed seed;
    *ended = (struct login_ended){.most = most, .floor = INT64_MIN};
    list_init(&ended->oldest);
    bool seeded = siphash_seed(&seed);
    hash_map_init(&ended->users, key, &seed);
    return seeded;
}

static struct user *first_of(const struct login_ended *ended)
{
    return list_empty(&ended->oldest) ? NULL
                                      : WSL_CONTAINER(ended->oldest.next, struct user, order);
}

static void forget(struct login_ended *ended, struct user *user)
{
    hash_map_remove(&ended->users, &user->link);
    list_remove(&user->order);
    free(user);
}

void login_ended_free(struct login_ended *ended)
{
    struct user *user;
    while ((user = first_of(ended)))
        forget(ended, user);
    hash_map_free(&ended->users);
}

static struct user *find(const struct login_ended *ended, struct slice name)
{
    struct hash_map_link *link = hash_map_find(&ended->users, name);
    return link ? WSL_CONTAINER(link, struct user, link) : NULL;
}

/* The last moment in which a cookie was issued that this entry ends. */
static int64_t last_issued(const struct user *user)
{
    int64_t last = user->until;
    for (size_t i = 0; i < LOGIN_ENDED_COOKIES; i++)
        if (user->cookies[i].expires > 0)
            last = later(last, user->cookies[i].issued);
    return last;
}

/* Users whose cookies have expired are forgotten; of one too many, all cookies until then end. */
static void make_room(struct login_ended *ended, int64_t now)
{
    struct user *user;
    while ((user = first_of(ended)) &&
           (user->expires <= now || ended->users.count >= ended->most)) {
        if (user->expires > now)
            ended->floor = later(ended->floor, last_issued(user));
        forget(ended, user);
    }
}

/* The entry of a user, as the newest. NULL: out of memory. */
static struct user *touch(struct login_ended *ended, struct slice name, int64_t now)
{
    struct user *user = find(ended, name);
    if (user) {
        list_remove(&user->order);
        list_append(&ended->oldest, &user->order);
        return user;
    }
    user = calloc(1, sizeof(*user));
    if (!user)
        return NULL;
    make_room(ended, now);
    user->until = INT64_MIN;
    user->length = size_min(name.len, sizeof(user->name));
    if (user->length > 0)
        memcpy(user->name, name.ptr, user->length);
    hash_map_add(&ended->users, &user->link);
    list_append(&ended->oldest, &user->order);
    return user;
}

/* A place for one more: a free one, one that has expired, or that of the oldest cookie. */
static struct entry *place_of(struct user *user, int64_t now)
{
    struct entry *oldest = &user->cookies[0];
    for (size_t i = 0; i < LOGIN_ENDED_COOKIES; i++) {
        if (user->cookies[i].expires <= now)
            return &user->cookies[i];
        if (user->cookies[i].issued < oldest->issued)
            oldest = &user->cookies[i];
    }
    user->until = later(user->until, oldest->issued);
    return oldest;
}

static bool is_same(const struct entry *entry, const struct login_cookie *cookie)
{
    return entry->expires > 0 && memcmp(entry->mac, cookie->mac, sizeof(entry->mac)) == 0;
}

bool login_ended_has(const struct login_ended *ended, struct slice name,
                     const struct login_cookie *cookie)
{
    const struct user *user = find(ended, name);
    if (cookie->issued <= ended->floor || (user && cookie->issued <= user->until))
        return true;
    for (size_t i = 0; user && i < LOGIN_ENDED_COOKIES; i++)
        if (is_same(&user->cookies[i], cookie))
            return true;
    return false;
}

bool login_ended_add(struct login_ended *ended, struct slice name,
                     const struct login_cookie *cookie, int64_t now)
{
    if (login_ended_has(ended, name, cookie))
        return true;
    struct user *user = touch(ended, name, now);
    if (!user)
        return false;
    struct entry *entry = place_of(user, now);
    *entry = (struct entry){.issued = cookie->issued, .expires = cookie->expires};
    memcpy(entry->mac, cookie->mac, sizeof(entry->mac));
    user->expires = later(user->expires, cookie->expires);
    return true;
}

bool login_ended_add_all(struct login_ended *ended, struct slice name, int64_t now, int64_t expires)
{
    struct user *user = touch(ended, name, now);
    if (!user)
        return false;
    user->until = later(user->until, now);
    user->expires = later(user->expires, expires);
    return true;
}
