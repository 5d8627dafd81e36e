/*
 * Finds the token in a request. The configuration says where it is:
 *
 *     query:NAME    ?NAME=TOKEN with "%" and "+" decoded; the first that is not empty
 *     header:NAME   a header field that occurs exactly once
 *     cookie:NAME   the first cookie of that name, without the quotes around it
 *     host          the host that the client asks for, without its port
 *     path          the segment behind the prefix of the route, with "%" decoded
 *     subprotocol   bearer.TOKEN, one of the subprotocols that the client offers
 *     user          the name that the client has logged in with
 *
 * Of several places the first one that has a token counts, whether or not the token is known.
 * Newlines at the end are not part of a token, as in websockify, and an empty token is none. An
 * escape without two digits stands for itself.
 *
 * Pure. Owns: nothing. Thread: any. Errors: see the verdict. Lifetime: the token lies in `out`.
 */
#ifndef WSLUICE_CORE_TOKENS_TOKEN_FIND_H
#define WSLUICE_CORE_TOKENS_TOKEN_FIND_H

#include "codec/http/http_head.h"
#include "config/model/config.h"
#include "core/tokens/token_file.h"

enum token_find_verdict {
    TOKEN_FIND_FOUND,
    TOKEN_FIND_NONE,
    TOKEN_FIND_LONG, /* longer than TOKEN_MAX */
};

/* Parts of a request that the log shows, if no token can be in them. */
enum token_part {
    TOKEN_IN_PATH = 1,
    TOKEN_IN_QUERY = 2,
    TOKEN_IN_HOST = 4, /* or in Origin: the page may come from the same host */
};

/* The parts, as bits, for tokens from there; and from any of the places. */
unsigned token_find_parts(const char *from);
unsigned token_find_all_parts(const struct config_texts *places);

struct token_request {
    const struct http_head *head;
    struct slice path;   /* in normal form, behind the base path */
    const char *pattern; /* the route's own path */
    struct slice user;   /* ptr NULL: the client has not logged in */
};

WSL_MUST_CHECK enum token_find_verdict token_find_in(const char *from,
                                                     const struct token_request *request,
                                                     char out[static TOKEN_MAX],
                                                     struct slice *token);

/* In the first of the places that has one. */
WSL_MUST_CHECK enum token_find_verdict token_find_first(const struct config_texts *places,
                                                        const struct token_request *request,
                                                        char out[static TOKEN_MAX],
                                                        struct slice *token);

#endif
