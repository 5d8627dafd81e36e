/*
 * The contract of a source: it finds the destination of a token. Each source of the configuration
 * (tokens.file, directory, http ...) is one module, which begins its struct with a token_source and
 * has one row in token_sources.c; nothing else in the tree knows which one a route has.
 *
 *      token_source_find --true--------------------> answered: *reason, wait->destination
 *              |
 *              +--false--> the session waits ------> wait->answered, later, on wait->loop
 *                               |
 *                               +----------------> token_source_leave: no answer is wanted
 *
 * A source that waits copies what it needs of the question, whose texts are gone when find returns.
 * It answers in time by itself, or is left at the handshake's deadline. It is shared by all
 * workers; what it keeps for one of them (a connection) belongs to that loop's thread.
 *
 * Answers: REASON_none with the destination; token_unknown: there is none; token_source: the source
 * fails, with a line for the log in the destination's detail, which never has the token; or
 * out_of_memory.
 *
 * Owns: nothing; the functions here call the source's. Thread: any. Errors: see above. Lifetime:
 * its site's; sessions that wait keep the site.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_SOURCE_H
#define WSLUICE_SERVE_TOKENS_TOKEN_SOURCE_H

#include "base/reason.h"
#include "core/access/permit.h"
#include "core/tokens/token_destination.h"
#include "net/connect/dial_result.h"

struct client_address;
struct http_head;
struct http_pool;
struct token_source;
struct work_lane;

/* What a session asks; valid during token_source_find only. */
struct token_question {
    struct slice token;    /* of the source `auth`: the target that it has named */
    const char *chosen_by; /* likewise: by which method; else NULL */
    const struct http_head *head;
    const struct config_route *route;
    const struct client_address *client;
    struct slice path; /* of the request, normalised, behind the base path */
    struct slice user; /* the name that the client has logged in with; ptr NULL: none */
    bool secure;       /* the client came over TLS */
};

/* The loop of the worker that asks, and what it shares with dials; borrowed, and outlives waits. */
struct token_loop {
    const struct work_lane *lane; /* the loop and its mailbox */
    struct dial_loop dial;
    struct http_pool *http;
    unsigned worker; /* its number */
};

/* Part of the asker's struct, which sets the first three. */
struct token_wait {
    struct token_loop loop;
    struct token_destination *destination;                         /* all zero at first */
    void (*answered)(struct token_wait *wait, enum reason reason); /* never from within find */
    void *pending; /* the source's, while it waits */
};

struct token_source_ops {
    void (*release)(struct token_source *source);
    /* True: answered. False: wait->answered follows, unless `leave` comes first. */
    bool (*find)(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason);
    void (*leave)(struct token_source *source, struct token_wait *wait); /* NULL: it never waits */
    /* A line of text for wsluice check: what there is. False: why it cannot be read. May block. */
    bool (*describe)(struct token_source *source, char *text, size_t size);
};

struct token_source {
    const struct token_source_ops *ops;
    struct permit *permit; /* owned; of token_sources_create. NULL: what it names is permitted */
};

static inline bool token_source_find(struct token_source *source,
                                     const struct token_question *question, struct token_wait *wait,
                                     enum reason *reason)
{
    return source->ops->find(source, question, wait, reason);
}

/* `wait` has had no answer, and gets none. */
static inline void token_source_leave(struct token_source *source, struct token_wait *wait)
{
    source->ops->leave(source, wait);
}

WSL_MUST_CHECK static inline bool token_source_describe(struct token_source *source, char *text,
                                                        size_t size)
{
    return source->ops->describe(source, text, size);
}

static inline void token_source_release(struct token_source *source)
{
    if (!source)
        return;
    permit_free(source->permit);
    source->ops->release(source);
}

#endif
