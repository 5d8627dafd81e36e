/*
 * The routes of a snapshot as a forest for route.c, which alone reads the structs. A listener's
 * scope is a root, its children are hosts, and below a host are the segments of paths:
 *
 *      scope --"desk.example.com"--> node --"vnc"--> node: exact = route of "/vnc"
 *        |                             |--{name}--> node: exact = route of "/{name}"
 *        |                             +            node: prefix = route of the star
 *        +-----".example.com"--> ...      (a wildcard; any host is the empty text)
 *
 * All edges with a text lie in one hash table, by parent and text. It is not base/hash_map: an edge
 * is 20 bytes in one array, and holds offsets in place of a link and a key, because each request
 * looks up several. FNV without a seed is enough, since only the administrator's texts are added: a
 * client chooses what is looked up, and cannot make a chain longer.
 *
 * The edge of a capture is a field of its node. A match descends, text first, then capture, then
 * prefix, and backtracks. Its cost is bounded by the depth of the table and by ROUTE_CAPTURES_MAX
 * captures, not by the length of the client's path.
 *
 * Texts are in one block that is sized before it is filled, and so are nodes.
 *
 * Pure but for malloc. Owns: its copies of hosts and paths, the compiled patterns. Thread: any; it
 * is const once built. Errors: struct route_fault. Lifetime: borrows the snapshot.
 */
#ifndef WSLUICE_CORE_ROUTE_ROUTE_TABLE_H
#define WSLUICE_CORE_ROUTE_ROUTE_TABLE_H

#include <regex.h>

#include "base/base.h"
#include "config/model/config.h"

#define ROUTE_CAPTURES_MAX 4   /* of one route */
#define ROUTE_HOST_MAX     255 /* bytes; a longer host matches only routes for any host */

struct route_node {
    uint32_t exact, prefix; /* route + 1; 0: none */
    uint32_t capture;       /* node; 0: none */
};

struct route_edge {
    uint32_t hash, parent;
    uint32_t child;        /* 0: an empty slot, as no edge leads to the first scope */
    uint32_t text, length; /* in the table's text; offsets keep the hash table in the cache */
};

struct route_pattern {
    const char *text;
    regex_t compiled;
};

/* Routes with the same pattern share it: a compiled one is large, 15 KiB for [a-z0-9-]{1,32}. */
struct route_capture {
    struct slice name;
    const regex_t *pattern;
};

/* A route's host and path in the form of the table. */
struct route_shape {
    struct slice host; /* lower case; ".example.com": a wildcard; empty: any */
    struct slice path; /* segments in normal form (which has no "{"), captures, a star */
    uint32_t captures, capture_count; /* the first one, and how many */
    bool named;                       /* by a listener */
};

/* What a listener adds to a look-up. */
struct route_listener {
    uint32_t scope;    /* node */
    struct slice base; /* "/desk"; empty: none */
};

struct route_table {
    struct route_node *nodes; /* the first ones are the scopes */
    uint32_t node_count;
    struct route_edge *edges;
    uint32_t edge_mask;         /* slots - 1, a power of two and at most half full */
    struct route_shape *shapes; /* one per route */
    struct route_capture *captures;
    uint32_t capture_count;
    struct route_pattern *patterns;
    uint32_t pattern_count;
    struct route_listener *listeners; /* one per listener */
    char *text;
};

/* An error that the loader should have refused: a route must not match more than it says. */
struct route_fault {
    const struct config_place *place; /* NULL: memory ran out */
    const char *text;                 /* static */
};

/* NULL: *fault says why. */
WSL_MUST_CHECK struct route_table *route_table_create(const struct config *config,
                                                      struct route_fault *fault);
void route_table_free(struct route_table *table); /* NULL: nothing happens */

/* The node that `text` leads to; 0: none. */
uint32_t route_table_child(const struct route_table *table, uint32_t parent, struct slice text);

/* Cuts off "/" and the segment after it. */
static inline struct slice route_table_cut(struct slice *rest)
{
    struct slice segment = {rest->ptr + 1, rest->len - 1};
    const char *slash = segment.len > 0 ? memchr(segment.ptr, '/', segment.len) : NULL;
    if (slash)
        segment.len = (size_t)(slash - segment.ptr);
    rest->ptr += segment.len + 1;
    rest->len -= segment.len + 1;
    return segment;
}

#endif
