/*
 * The target of a token, as its source names it.
 *
 * Pure. Owns: its texts, and the answer of a service. Thread: any. Errors: none. Lifetime: memory
 * that stays where it is, as the address points into it, until token_destination_free.
 */
#ifndef WSLUICE_CORE_TOKENS_TOKEN_DESTINATION_H
#define WSLUICE_CORE_TOKENS_TOKEN_DESTINATION_H

#include "base/base.h"
#include "config/model/config.h"

#define TOKEN_DESTINATION_TEXT 512 /* a host or a path, with its NUL */

struct resolver_answer;

struct token_destination {
    struct config_address address; /* its texts are in `text` */
    char text[TOKEN_DESTINATION_TEXT];
    const char
        *shown;   /* for the log, instead of an address that has the token; NULL: the address */
    bool no_link; /* the last segment of the socket's path must not be a symbolic link */
    const char *chosen_by; /* for the log: what has named it, if it is not the source; static */
    struct resolver_answer *answer; /* owned: what a service says of the session; NULL: nothing */
    char detail[256];               /* for the log, why there is none; may be empty */
};

/* All but the detail. `host`: or the path of a Unix socket; shorter than `text`. */
void token_destination_set(struct token_destination *destination, bool is_unix, struct slice host,
                           uint16_t port);

/* Wipes the answer. */
void token_destination_clear(struct token_destination *destination);
void token_destination_free(struct token_destination *destination); /* NULL is fine */

#endif
