/*
 * Which route a request takes.
 *
 * A route matches a request if listener, host and path match. Of several routes the most specific
 * one is taken; their order in the file does not matter:
 *
 * 1. The host: an exact name before "*.example.com", a longer wildcard before a shorter one, any of
 *    them before a route for every host. A wildcard stands for one label or more, and not for
 *    example.com itself. Case, a port and a dot at the end do not count.
 * 2. The path, segment by segment from the left: a text before a "{capture}" before the star of
 *    "/prefix/...". So an exact path comes before a capture, a capture before a prefix, and the
 *    longest prefix is what remains. "/prefix/..." serves "/prefix/" and all below, and not
 *    "/prefix", which can have a route of its own; "/..." serves every path.
 *
 * If no route of a host has the path, the next host is tried: a route matches as a whole or not at
 * all. A captured segment must not be empty, and its pattern must match all of it. Of two equal
 * routes the first one wins (`wsluice check` reports that as an error); captures are equal even if
 * their patterns differ.
 *
 * A listener that names routes serves them; one that names none serves every route that no listener
 * names. A route is named by its `name`, or its path when it has none.
 *
 * Cost: one hash look-up per segment of the path for each host of the table that matches, however
 * many routes there are. Nothing is allocated here; regexec may allocate a few times per pattern.
 *
 * Pure. Owns: nothing. Thread: any. Errors: REASON_http_no_route. Lifetime: a match borrows the
 * table, its snapshot and the path.
 */
#ifndef WSLUICE_CORE_ROUTE_ROUTE_H
#define WSLUICE_CORE_ROUTE_ROUTE_H

#include "base/reason.h"
#include "core/route/expand.h"
#include "core/route/route_table.h"

#define ROUTE_SEGMENT_MAX 255 /* bytes of a captured one */

struct route_match {
    size_t route;      /* index into the snapshot's */
    struct slice path; /* without the base path; begins with "/" */
    /* Names from the configuration, values from the path. */
    struct expand_value captures[ROUTE_CAPTURES_MAX];
    size_t capture_count;
    const struct route_capture *patterns; /* of the captures, in their order */
};

/*
 * `host` as in the head (ptr NULL: none was sent), `path` in normal form (uri.h); captured values
 * point into it. REASON_none, or REASON_http_no_route with `match` undefined.
 */
WSL_MUST_CHECK enum reason route_match(const struct route_table *table, size_t listener,
                                       struct slice host, struct slice path,
                                       struct route_match *match);

/* Does the capture's pattern match the whole segment? */
WSL_MUST_CHECK bool route_capture_matches(const struct route_capture *capture,
                                          struct slice segment);

#endif
