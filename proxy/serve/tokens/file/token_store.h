/*
 * The tokens of a file, or of all files of a folder, and their destinations as they are on disk
 * now, kept as a table.
 *
 * Scripts write a token and open its page at once, so each look-up checks whether the source has
 * changed. For a file that is one stat. For a folder it is one stat for it and for each folder that
 * its links lead into, if watches report nothing there (token_inotify.h) and the last scan is less
 * than two seconds old. If links lead through other links, a scan is good for 250 ms.
 *
 *      token_store_is_current --true---------------------------> token_store_find
 *              |                                                        ^
 *              +--false--> token_store_wait --refreshed, in the pool----+
 *
 * A refresh scans all files, and reads them if they have changed. It runs in the thread pool, one
 * at a time for each source. A waiter that arrives while it runs waits for the next one, because
 * this one may have missed the change that it waits for. So any number of waiters cost two
 * refreshes.
 *
 * The clock of a file system is coarse: two changes may have the same time. So a source counts as
 * unchanged only if it was read after it had been unchanged for three seconds; until then each scan
 * is followed by reading, and by parsing if the bytes differ.
 *
 * A source that cannot be read has no tokens: access that was taken away must not live on in
 * memory. A line, or a file of a folder, that cannot be read is skipped, with one warning for each
 * change and not for each look-up.
 *
 * Owns: the table. Thread: any, behind a lock that is not held while the pool reads. The stats
 * block the caller's loop: sources belong on local disks, as certificates do. On a network file
 * system a change is seen when its client sees it. Errors: reasons with a detail that holds no
 * token. Lifetime: its site's, and that of a refresh.
 */
#ifndef WSLUICE_SERVE_TOKENS_FILE_TOKEN_STORE_H
#define WSLUICE_SERVE_TOKENS_FILE_TOKEN_STORE_H

#include "base/reason.h"
#include "core/tokens/token_destination.h"
#include "net/work.h"
#include "serve/tokens/file/token_files.h"

struct token_store;

/* A source that does not exist yet is a warning only: it may be created later. NULL: *error. */
WSL_MUST_CHECK struct token_store *token_store_create(const char *file, char *error,
                                                      size_t error_size);
void token_store_release(struct token_store *store); /* NULL is fine */

/* The table is up to date. */
WSL_MUST_CHECK bool token_store_is_current(struct token_store *store);

/* Blocks; one at a time. token_store_wait refreshes in the pool instead. */
void token_store_refresh(struct token_store *store);

/* Waits for a refresh that begins after token_store_wait was called. */
struct token_waiter {
    struct list link;
    const struct work_lane *lane;
    struct mailbox_post post;
    void (*callback)(struct token_waiter *waiter);
};

/* `callback` is called on the lane's loop, never from within this call. */
void token_store_wait(struct token_store *store, const struct work_lane *lane,
                      struct token_waiter *waiter, void (*callback)(struct token_waiter *waiter));
void token_store_leave(struct token_store *store, struct token_waiter *waiter);

/* How many scans there were. For observation. */
uint64_t token_store_scans(struct token_store *store);

/* A line of text: how many tokens there are, or why there are none. False: it cannot be read. */
WSL_MUST_CHECK bool token_store_describe(struct token_store *store, char *text, size_t size);

/* In the table as it is: REASON_none, token_unknown, token_source or out_of_memory. */
WSL_MUST_CHECK enum reason token_store_find(struct token_store *store, struct slice token,
                                            struct token_destination *destination);

#endif
