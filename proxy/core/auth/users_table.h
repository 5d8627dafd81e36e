/*
 * The users of one file, found by name. A file with any fault is refused as a whole: a line that
 * does not say what its author meant may be the one that takes access away.
 *
 * A name that no user has gets the hash of a user who is chosen by the name, so that trying it
 * takes the time that a user of this file takes, and the same name always the same time.
 *
 * Pure. Owns: a copy of the text, wiped at the end. Thread: any, as it is never changed. Errors:
 * NULL with a line that names file and line, and what to do. Lifetime: until users_table_free.
 */
#ifndef WSLUICE_CORE_AUTH_USERS_TABLE_H
#define WSLUICE_CORE_AUTH_USERS_TABLE_H

#include "base/siphash.h"
#include "core/auth/users_file.h"

struct users_table;

/* `path` is for errors alone. `supports` as password_supports. */
WSL_MUST_CHECK struct users_table *users_table_create(const char *path, struct slice text,
                                                      const struct siphash_seed *seed,
                                                      bool (*supports)(enum users_hash kind),
                                                      char *error, size_t error_size);
void users_table_free(struct users_table *table); /* NULL: nothing happens */

size_t users_table_count(const struct users_table *table);
struct slice users_table_text(const struct users_table *table); /* as it was given */

/* The hash of a user; empty: there is no such user. */
struct slice users_table_find(const struct users_table *table, struct slice name);

/* The hash to try in place of the one that there is not; empty: there are no users at all. */
struct slice users_table_decoy(const struct users_table *table, struct slice name);

#endif
