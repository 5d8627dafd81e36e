/*
 * Templates of the configuration with names in braces, filled in from a request: a target's
 * "{name}.desks.internal" and a redirect's "https://{host}{path}{query}".
 *
 * Pure. Owns: nothing. Thread: any. Errors: false; `out` is then not to be used. Lifetime: none.
 */
#ifndef WSLUICE_CORE_ROUTE_EXPAND_H
#define WSLUICE_CORE_ROUTE_EXPAND_H

#include "base/base.h"

struct expand_value {
    struct slice name, value;
};

/*
 * Writes `template` with its names replaced, and a NUL. A value is copied as it is: nothing in it
 * is looked at again. False: it does not fit (in no capacity nothing does), or has a name that is
 * not among the values.
 */
WSL_MUST_CHECK bool expand_text(const char *template, const struct expand_value *values,
                                size_t count, char *out, size_t capacity);

/* Values for a redirect. */
struct expand_request {
    struct slice host;  /* as in the head; {host} is without its port; ptr NULL: none */
    struct slice path;  /* normal form, with its base path */
    struct slice query; /* as in the head, after a "?", which {query} includes; ptr NULL: none */
};

/*
 * The value of a Location field. Slashes at its beginning are collapsed to one: what begins with
 * "//" would name a host, and the client must not choose that by its path. False also where {host}
 * is asked for and there is none, and for any byte that a URI does not have, CR and LF among them;
 * but what browsers leave in a query although a URI lacks it ("|" for one) is escaped.
 */
WSL_MUST_CHECK bool expand_location(const char *template, const struct expand_request *request,
                                    char *out, size_t capacity);

#endif
