/*
 * A configuration that is ready to serve: its TLS contexts, targets, route table and counters. A
 * reload makes a new site beside the old one; each session keeps the site that it began with.
 *
 *      site_shared   outlives every configuration: limits, statistics, failed passwords, the limits
 *                    of the host
 *      site          one configuration, with references to parts of site_shared
 *
 * Owns: a reference to the configuration, and all that is built from it. Thread: made on one (files
 * are read), then read by any; the reference count is atomic. Errors: NULL and one line. Lifetime:
 * the last site_release; the thread pool frees it then, as thousands of routes take milliseconds.
 */
#ifndef WSLUICE_SERVE_SITE_SITE_H
#define WSLUICE_SERVE_SITE_SITE_H

#include <stdatomic.h>

#include "base/base.h"
#include "core/resources/descriptors.h"
#include "net/reaper.h"

struct auth_list;
struct auth_shared;
struct config;
struct files;
struct limits;
struct limits_counter;
struct route_stats;
struct route_stats_set;
struct route_table;
struct site_resources;
struct token_source;

struct site_shared {
    struct limits *limits;
    struct route_stats_set *route_stats;
    struct descriptors_host host;
    struct auth_shared *auth; /* NULL: no route may ask for a password */
    struct reaper *reaper;    /* NULL: the last site_release frees a site itself */
};

struct site_route {
    struct route_stats *stats;
    struct limits_counter *counter;
    struct files *files;         /* NULL: the route serves no files */
    struct token_source *tokens; /* NULL: the route has no tokens */
    struct auth_list *auth;      /* NULL: the route has no methods of its own */
    char *field_lines;           /* owned; header fields of the route, NULL: none */
    size_t field_length;
};

struct site_listener {
    struct limits_counter *counter;
    struct descriptors_listener terms;
    const struct config_route *raw; /* the one route of a raw listener; NULL: it is none */
    struct auth_list *auth;         /* of the routes that have none; NULL: those ask nobody */
    char name[160];                 /* the bound address, for the log */
};

struct site {
    atomic_uint references;
    atomic_bool superseded; /* by a reload */
    const struct config *config;
    struct site_shared shared; /* borrowed */
    struct site_resources *resources;
    struct route_table *table;
    struct site_route *routes;
    struct site_listener *listeners;
    struct descriptors_plan plan;
    unsigned token_parts; /* enum token_part: of the tokens of all routes */
    struct reaper_item dead;
};

/* `previous`: the site in use; targets' health and ticket keys are taken from it. NULL: none. */
WSL_MUST_CHECK struct site *site_create(const struct config *config,
                                        const struct site_shared *shared,
                                        const struct site *previous, char *error,
                                        size_t error_size);
struct site *site_retain(struct site *site);
void site_release(struct site *site); /* NULL: nothing happens */

/*
 * A later configuration serves now. Sessions stay with this site; connections for plain requests
 * are closed after their next answer, so that clients come back to the new site.
 */
void site_supersede(struct site *site);
bool site_is_superseded(const struct site *site);

/* Before the first accept on that listener. */
void site_name_listener(struct site *site, size_t listener, const char *name);

#endif
