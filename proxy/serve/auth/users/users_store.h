/*
 * The users of one file, as it is on disk now, and what is known of their passwords.
 *
 * Each look-up checks with one stat whether the file has changed; users_store_refresh reads it
 * then. The clock of a file system is coarse: a file counts as unchanged only if it was read after
 * it had been unchanged for three seconds.
 *
 * A file that cannot be read, or has a fault, has no users: access that was taken away must not
 * live on in memory. The log says so once. Verdicts on passwords are forgotten when the text
 * changes.
 *
 * Owns: the table, the verdicts. Thread: any, behind a lock that is not held while the file is
 * read. The stat blocks the caller's loop: users files belong on local disks, as certificates do.
 * Errors: false with a line that holds no secret. Lifetime: auth_shared counts its holders.
 */
#ifndef WSLUICE_SERVE_AUTH_USERS_USERS_STORE_H
#define WSLUICE_SERVE_AUTH_USERS_USERS_STORE_H

#include "core/auth/users_file.h"
#include "core/auth/verdicts.h"

struct users_store;

/* The file is read now. NULL: *error. */
WSL_MUST_CHECK struct users_store *users_store_create(const char *path, char *error,
                                                      size_t error_size);

/* Of a text that never changes; `name` is for errors. */
WSL_MUST_CHECK struct users_store *users_store_create_fixed(const char *name, struct slice text,
                                                            char *error, size_t error_size);
void users_store_free(struct users_store *store); /* NULL: nothing happens */

const char *users_store_path(const struct users_store *store);
bool users_store_is_fixed(const struct users_store *store);

/* The users are up to date. */
WSL_MUST_CHECK bool users_store_is_current(struct users_store *store);

/* Blocks; in the thread pool. */
void users_store_refresh(struct users_store *store);

/* A line of text: how many users there are, or why there are none. False: it cannot be read. */
WSL_MUST_CHECK bool users_store_describe(struct users_store *store, char *text, size_t size);

/* A password to try, as the file was at that moment. */
struct users_trial {
    char hash[USERS_HASH_MAX + 1];
    bool is_user;        /* else the hash is a decoy, or empty: there are no users at all */
    uint64_t generation; /* of the text */
};

/* False: the file cannot be read, *problem says why. */
WSL_MUST_CHECK bool users_store_try(struct users_store *store, struct slice user,
                                    struct users_trial *trial, char *problem, size_t problem_size);

/* What is known of this password; *digest is for users_store_keep. False: no digest, no memory. */
WSL_MUST_CHECK bool users_store_digest(const struct users_store *store, struct slice user,
                                       struct slice password, struct recent_digest *digest);
WSL_MUST_CHECK enum verdict_kept
users_store_recall(struct users_store *store, const struct recent_digest *digest, uint64_t now);

/* Unless the text has changed since the trial. */
void users_store_keep(struct users_store *store, const struct users_trial *trial,
                      const struct recent_digest *digest, bool right, uint64_t now);

#endif
