/*
 * What authentication remembers over reloads, for all workers: failed passwords
 * (core/auth/backoff), logins that have ended (serve/auth/login), tickets that have been used
 * and keys that have been fetched (serve/auth/ticket), and the users files that are in use, each
 * read once for all routes that name it.
 *
 * Owns: the failures; users files belong to their holders. Thread: any. Errors: NULL without memory
 * or randomness; NULL and one line. Lifetime: outlives all users files and all checks.
 */
#ifndef WSLUICE_SERVE_AUTH_USERS_AUTH_SHARED_H
#define WSLUICE_SERVE_AUTH_USERS_AUTH_SHARED_H

#include "core/auth/backoff.h"

struct auth_shared;
struct login_shared;
struct password_thread_shared;
struct ticket_key_urls;
struct ticket_used;
struct users_store;

WSL_MUST_CHECK struct auth_shared *auth_shared_create(void);
void auth_shared_destroy(struct auth_shared *shared); /* NULL: nothing happens */

struct login_shared *auth_shared_login(struct auth_shared *shared);
struct ticket_used *auth_shared_tickets(struct auth_shared *shared);
struct ticket_key_urls *auth_shared_keys(struct auth_shared *shared);
struct password_thread_shared *auth_shared_threads(struct auth_shared *shared);

/* The file at `path`, read now. NULL: it cannot be read, or has a fault. */
WSL_MUST_CHECK struct users_store *auth_shared_users(struct auth_shared *shared, const char *path,
                                                     char *error, size_t error_size);

/* The lines of `text`, for one holder and those who retain. */
WSL_MUST_CHECK struct users_store *
auth_shared_accounts(struct auth_shared *shared, struct slice text, char *error, size_t error_size);
struct users_store *auth_shared_retain(struct auth_shared *shared, struct users_store *store);
void auth_shared_release(struct auth_shared *shared, struct users_store *store); /* NULL is fine */

/* backoff.h, behind a lock. */
struct backoff_subject auth_shared_subject(const struct auth_shared *shared, const uint8_t *address,
                                           struct slice realm, struct slice user);
WSL_MUST_CHECK uint64_t auth_shared_wait(struct auth_shared *shared,
                                         const struct backoff_subject *subject, uint64_t now,
                                         bool *is_known);
void auth_shared_note(struct auth_shared *shared, const struct backoff_subject *subject, bool right,
                      uint64_t now);

#endif
