/*
 * The URL of a target that speaks WebSocket:
 *
 *     ws://HOST[:PORT][/PATH[?QUERY]]        wss://HOST[:PORT][/PATH[?QUERY]]
 *     ws+unix:/SOCKET[:/PATH[?QUERY]]        wss+unix:@NAME[:/PATH[?QUERY]]
 *
 * The request's target is visible ASCII, with its escapes as it is sent, and may hold {NAME}s of
 * the route's path. There is no user name, and no fragment.
 *
 * Pure. Owns: nothing; the slices are in the text. Thread: any. Errors: a phrase such as "must be
 * ...". Lifetime: that of the text.
 */
#ifndef WSLUICE_CONFIG_MODEL_WS_URL_H
#define WSLUICE_CONFIG_MODEL_WS_URL_H

#include "base/base.h"

#define WS_URL_TARGET_MAX 2048 /* bytes of path and query */

struct ws_url {
    bool tls;
    bool is_socket;      /* place: a path, or "@" and a name; else HOST[:PORT], not checked yet */
    struct slice place;  /* ends where `target` begins, or before a ':' in front of it */
    struct slice target; /* path and query; "/" if the URL has none */
    uint16_t port;       /* of the scheme */
};

/* Has the text the scheme of one? */
bool ws_url_has_scheme(const char *text);

/* NULL: split. `text` has such a scheme. */
WSL_MUST_CHECK const char *ws_url_split(const char *text, struct ws_url *url);

/* Begins with "/", and is visible ASCII without characters that a request cannot have. */
bool ws_url_is_target(struct slice text);

#endif
