/*
 * A whole plain HTTP answer of ours, for what is no WebSocket: metrics, health, redirects. It ends
 * the connection, as refusals do.
 *
 * Nothing that a peer or the configuration put into it can begin another field or another answer:
 * what is no field by RFC 9110 section 5.5 is left out, and so is what would frame the body anew.
 *
 * Owns: nothing. Thread: any. Errors: NULL: out of memory, or a Location that is none.
 * Lifetime: the bytes are the caller's.
 */
#ifndef WSLUICE_SERVE_REPLY_H
#define WSLUICE_SERVE_REPLY_H

#include "base/base.h"
#include "config/config.h"

struct reply {
    unsigned status;
    const char *location;     /* NULL: none */
    const char *content_type; /* of the body; NULL: there is no body */
    struct slice body;
    const struct config_header *headers; /* the route's own */
    size_t header_count;
    bool fresh; /* never from a cache */
    bool head_only;
};

/* malloc'd; `length` is set. */
WSL_MUST_CHECK char *reply_build(const struct reply *reply, size_t *length);

/* A route's own header fields as whole lines, malloc'd; NULL and 0: there are none. */
WSL_MUST_CHECK bool reply_fields(const struct config_route *route, char **lines, size_t *length);

#endif
