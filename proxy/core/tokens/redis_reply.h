/*
 * The replies of a Redis server (RESP 2), one after the other, from bytes that arrive in any
 * pieces. hiredis parses; this module keeps what a look-up can use and refuses all other replies
 * of a server:
 *
 *     +OK, $5, :1     REDIS_VALUE, its text; REDIS_VALUE_MAX bytes at most
 *     $-1, *-1        REDIS_NOTHING
 *     -NOAUTH ...     REDIS_ERROR, its text
 *     *2, %1, >3      REDIS_BROKEN: lists, nested or not, and the types of RESP 3
 *     no RESP         REDIS_BROKEN
 *     longer          REDIS_BROKEN, as soon as REDIS_VALUE_MAX bytes wait for their end
 *
 * After REDIS_BROKEN the stream has no meaning any more: the connection is to be closed.
 *
 * Without hiredis none can be created, and the source of tokens is refused before that.
 *
 * Pure. Owns: hiredis's buffer, the last reply's text. Thread: one at a time. Errors: REDIS_BROKEN
 * with a phrase. Lifetime: redis_reply_create to redis_reply_free.
 */
#ifndef WSLUICE_CORE_TOKENS_REDIS_REPLY_H
#define WSLUICE_CORE_TOKENS_REDIS_REPLY_H

#include "base/base.h"

#define REDIS_VALUE_MAX ((size_t)16 * 1024)

enum redis_reply_kind {
    REDIS_INCOMPLETE, /* no further reply yet */
    REDIS_VALUE,
    REDIS_NOTHING,
    REDIS_ERROR,
    REDIS_BROKEN,
};

struct redis_reply {
    enum redis_reply_kind kind;
    struct slice text; /* VALUE, ERROR; valid until the parser is used again */
    const char *fault; /* BROKEN: a phrase; static */
};

struct redis_parser;

WSL_MUST_CHECK struct redis_parser *redis_reply_create(void); /* NULL: out of memory */
void redis_reply_free(struct redis_parser *parser);           /* NULL is fine */

/* At most REDIS_VALUE_MAX bytes, then redis_reply_next until REDIS_INCOMPLETE. */
void redis_reply_feed(struct redis_parser *parser, struct slice bytes);

/* The next reply. REDIS_BROKEN stays. */
struct redis_reply redis_reply_next(struct redis_parser *parser);

/*
 * What an error reply means: "NOAUTH: ...". Never quotes the reply, as servers quote commands, and
 * with them tokens and passwords, in their errors. Static.
 */
const char *redis_reply_explain(struct slice error);

/* The server is not ready yet: a moment later it answers the same command. */
bool redis_reply_will_pass(struct slice error);

#endif
