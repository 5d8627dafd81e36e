/*
 * Whether a password is a user's: what basic and login have in common.
 *
 *     password_check_ask --true--> `answer`: it is known already, or must not be tried now
 *           |
 *           +--false--> hashed in the thread pool --> `done`, on the lane's loop
 *                             |
 *                             +--password_check_cancel--> never
 *
 * A user who has logged in from the same address lately has a share of the pool that strangers do
 * not use up. A name that no user has costs what a user costs. A failure counts once for a
 * password, user and address, and not again while the verdict is known.
 *
 * Owns: a copy of user and password until the hash is made, wiped. Thread: the lane's. Errors: in
 * the answer. Lifetime: a wait lives until its answer, done or cancel.
 */
#ifndef WSLUICE_SERVE_AUTH_USERS_PASSWORD_CHECK_H
#define WSLUICE_SERVE_AUTH_USERS_PASSWORD_CHECK_H

#include "base/reason.h"
#include "core/access/client_address.h"
#include "net/work.h"

struct auth_shared;
struct users_store;

/* Borrowed during password_check_ask, but for shared, store and lane. */
struct password_question {
    struct auth_shared *shared;
    struct users_store *store;
    const struct work_lane *lane;
    const struct client_address *client;
    struct slice user, password;
};

struct password_answer {
    enum reason
        reason; /* none: it is right; auth_failed, _throttled, _unavailable, out_of_memory */
    uint32_t retry_after; /* throttled: seconds */
    char detail[160];     /* unavailable: why; never a secret */
};

struct password_wait {
    void (*done)(struct password_wait *wait); /* set by the caller */
    struct password_answer answer;
    struct password_job *job; /* while it waits */
};

WSL_MUST_CHECK bool password_check_ask(const struct password_question *question,
                                       struct password_wait *wait);

/* It waits, and gets no answer. */
void password_check_cancel(struct password_wait *wait);

#endif
