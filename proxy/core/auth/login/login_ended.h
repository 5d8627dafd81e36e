/*
 * Logins that have ended before their cookies expire, because a user has logged out. A cookie is
 * only a signed text (login_cookie.h), so that this table is what ends one.
 *
 * It has a fixed number of users, and a few cookies for each. Nothing is forgotten that matters: if
 * a user logs out more often, the oldest cookies of that user end, all that were issued up to then;
 * if there are more users, cookies of all users end in the same way.
 *
 * Not pure only in that it allocates. Owns: its users. Thread: one at a time. Errors: false: out of
 * memory, and nothing has ended. Lifetime: login_ended_init to login_ended_free.
 */
#ifndef WSLUICE_CORE_AUTH_LOGIN_LOGIN_ENDED_H
#define WSLUICE_CORE_AUTH_LOGIN_LOGIN_ENDED_H

#include "base/hash_map.h"
#include "core/auth/login/login_cookie.h"

#define LOGIN_ENDED_USERS   4096
#define LOGIN_ENDED_COOKIES 8

struct login_ended {
    struct hash_map users;
    struct list oldest; /* the user first who has logged out first */
    size_t most;
    int64_t floor; /* cookies that were issued until then have ended, of all users */
};

/* False: no random numbers. `most`: users, at least 1. */
WSL_MUST_CHECK bool login_ended_init(struct login_ended *ended, size_t most);
void login_ended_free(struct login_ended *ended);

/*
 * Ends one login: a cookie that was checked. `user` is the same for all cookies of a user, and at
 * most LOGIN_USER_MAX bytes. `now` in milliseconds of Unix time.
 */
WSL_MUST_CHECK bool login_ended_add(struct login_ended *ended, struct slice user,
                                    const struct login_cookie *cookie, int64_t now);

/* Ends all logins of a user until now; `expires`: no cookie of today lasts longer. */
WSL_MUST_CHECK bool login_ended_add_all(struct login_ended *ended, struct slice user, int64_t now,
                                        int64_t expires);

/* Has the login of this cookie ended? */
bool login_ended_has(const struct login_ended *ended, struct slice user,
                     const struct login_cookie *cookie);

#endif
