/*
 * What logins remember over reloads, for all workers: the key of this process, for logins without a
 * secret file, and the logins that have ended before their cookies expire.
 *
 * A user is one of a users file: the same name in another file is another user.
 *
 * Owns: the key, wiped at the end; the table. Thread: any. Errors: NULL or false: out of memory, or
 * no random numbers. Lifetime: outlives all logins.
 */
#ifndef WSLUICE_SERVE_AUTH_LOGIN_LOGIN_SHARED_H
#define WSLUICE_SERVE_AUTH_LOGIN_LOGIN_SHARED_H

#include "core/auth/login/login_cookie.h"

struct login_shared;

WSL_MUST_CHECK struct login_shared *login_shared_create(void);
void login_shared_destroy(struct login_shared *shared); /* NULL: nothing happens */

/* The random key; constant. */
const struct login_keys *login_shared_keys(const struct login_shared *shared);

/* Ends the login of this cookie. `users`: path of the users file. */
WSL_MUST_CHECK bool login_shared_end(struct login_shared *shared, const char *users,
                                     const struct login_cookie *cookie, int64_t now);

/* Ends all logins of its user; `expires`: no cookie of today lasts longer. */
WSL_MUST_CHECK bool login_shared_end_all(struct login_shared *shared, const char *users,
                                         const struct login_cookie *cookie, int64_t now,
                                         int64_t expires);

/* Has it ended? Out of memory: yes. */
bool login_shared_has_ended(struct login_shared *shared, const char *users,
                            const struct login_cookie *cookie);

#endif
