/*
 * Which target a token stands for: the tokens of one route, as they are on disk now.
 *
 *     lines    a file, or all files of a folder, kept as a table
 *     names    a folder with a file for each token, read when it is asked for
 *
 * Scripts write a token and open its page at once, so every look-up asks whether the source has
 * changed. For a file that is a stat; for a folder one for it and for each folder that its links
 * lead into, if watches know that nothing happened there (token_watch.h) and the last look was less
 * than two seconds ago. Where links lead through other links, what was read is good for 250 ms.
 *
 *      token_store_current --true------------------------------> token_store_find
 *              |                                                        ^
 *              +--false--> token_store_wait --refreshed, in the pool----+
 *
 * A refresh looks at all files, and reads them if they have changed. It runs in the thread pool,
 * one at a time for each source: who comes while it runs waits for the next, as that one may have
 * missed the very change it came for. So a crowd costs two refreshes.
 *
 * A file system's clock is coarse: two changes may bear the same time. So a source is only believed
 * to be unchanged once it has been read after a stretch of rest; until then a look is followed by
 * reading, and by parsing if it differs.
 *
 * A source that cannot be read has no tokens: access that was taken away must not live on in
 * memory. A line, or a folder's file, that cannot be read is passed over, with one warning for each
 * change and not for each look-up.
 *
 * Owns: the table. Thread: any, behind a lock that is not held while the pool reads. The stats, and
 * with "names" the reading of one small file, block the caller's loop: sources belong on local
 * disks, as certificates do. On a network file system a change is seen when its client sees it.
 * Errors: reasons with a detail that holds no token. Lifetime: its site's, and that of a refresh.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_STORE_H
#define WSLUICE_SERVE_TOKENS_TOKEN_STORE_H

#include "base/reason.h"
#include "config/model/config.h"
#include "net/work.h"
#include "serve/tokens/token_source.h"

#define TOKEN_STORE_TEXT 256 /* a host or a path, with its NUL */

/* Where a token leads to. */
struct token_destination {
    struct config_address address; /* its texts lie in `text` */
    char text[TOKEN_STORE_TEXT];
    char detail[256]; /* why there is none, for the log; empty: nothing more to say */
};

struct token_store;

/* A source that is not there yet is a warning: what fills it may start later. */
WSL_MUST_CHECK struct token_store *token_store_create(const struct config_tokens *tokens,
                                                      char *error, size_t error_size);
void token_store_release(struct token_store *store); /* NULL is fine */

/* What is known is what the source has now. */
WSL_MUST_CHECK bool token_store_current(struct token_store *store);

/* Blocks. One at a time; those who wait have theirs made in the pool. */
void token_store_refresh(struct token_store *store);

/* One that waits for a refresh that begins after it came. */
struct token_waiter {
    struct list link;
    const struct work_lane *lane;
    struct mailbox_post post;
    void (*callback)(struct token_waiter *waiter);
};

/* The callback comes on the lane's loop, never from within this call. */
void token_store_wait(struct token_store *store, const struct work_lane *lane,
                      struct token_waiter *waiter, void (*callback)(struct token_waiter *waiter));
void token_store_leave(struct token_store *store, struct token_waiter *waiter);

/* How often all files were looked at. */
uint64_t token_store_looks(struct token_store *store);

/* In a line for people: how many there are, or why there are none. False: it cannot be read. */
WSL_MUST_CHECK bool token_store_describe(struct token_store *store, char *text, size_t size);

/* As it was last read: REASON_none, token_unknown, token_source or out_of_memory. */
WSL_MUST_CHECK enum reason token_store_find(struct token_store *store, struct slice token,
                                            struct token_destination *destination);

#endif
