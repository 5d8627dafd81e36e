/*
 * The target of a token, as its source names it.
 *
 * Pure. Owns: its texts. Thread: any. Errors: none. Lifetime: plain memory that stays where it is:
 * the address points into it.
 */
#ifndef WSLUICE_CORE_TOKENS_TOKEN_DESTINATION_H
#define WSLUICE_CORE_TOKENS_TOKEN_DESTINATION_H

#include "config/model/config.h"

#define TOKEN_DESTINATION_TEXT 512 /* a host or a path, with its NUL */

struct token_destination {
    struct config_address address; /* its texts are in `text` */
    char text[TOKEN_DESTINATION_TEXT];
    const char
        *shown;       /* for the log, instead of an address that has the token; NULL: the address */
    bool no_link;     /* the last segment of the socket's path must not be a symbolic link */
    char detail[256]; /* for the log, why there is none; may be empty */
};

/* All but the detail. `host`: or the path of a Unix socket; shorter than `text`. */
void token_destination_set(struct token_destination *destination, bool is_unix, struct slice host,
                           uint16_t port);

#endif
