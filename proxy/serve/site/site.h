/*
 * A configuration made ready to serve, whole: the resources with TLS contexts and targets, the
 * route table, and where things are counted. A reload makes a new site beside the old one; sessions
 * keep the site they began with.
 *
 *      site_shared   what outlives every configuration: limits, statistics, what the machine grants
 *      site          one configuration's view of it
 *
 * Owns: a reference to the snapshot and all that was built from it. Thread: made on one (files are
 * read), then read by any; the count is atomic. Errors: NULL and one line.
 * Lifetime: the last site_release.
 */
#ifndef WSLUICE_SERVE_SITE_SITE_H
#define WSLUICE_SERVE_SITE_SITE_H

#include <stdatomic.h>

#include "base/base.h"
#include "core/resources/descriptors.h"

struct config;
struct files;
struct limits;
struct limits_counter;
struct route_stats;
struct route_stats_set;
struct route_table;
struct site_resources;
struct token_store;

struct site_shared {
    struct limits *limits;
    struct route_stats_set *route_stats;
    struct descriptors_host host;
};

struct site_route {
    struct route_stats *stats;
    struct limits_counter *counter;
    struct files *files;        /* NULL: it serves none */
    struct token_store *tokens; /* NULL: its targets are configured */
    char *field_lines;          /* owned; header fields of the route, NULL: none */
    size_t field_length;
};

struct site_listener {
    struct limits_counter *counter;
    struct descriptors_listener terms;
    char name[160]; /* the bound address, for the log */
};

struct site {
    atomic_uint references;
    atomic_bool superseded; /* another one serves now */
    const struct config *config;
    struct site_shared shared; /* borrowed */
    struct site_resources *resources;
    struct route_table *table;
    struct site_route *routes;
    struct site_listener *listeners;
    struct descriptors_plan plan;
};

/* `previous`: what serves now, whose targets' health and ticket keys are taken over; NULL: nothing.
 */
WSL_MUST_CHECK struct site *site_create(const struct config *config,
                                        const struct site_shared *shared,
                                        const struct site *previous, char *error,
                                        size_t error_size);
struct site *site_retain(struct site *site);
void site_release(struct site *site); /* NULL is fine */

/*
 * A later configuration serves; sessions stay with this one, but connections that only ask one
 * thing after another are better asked to come again.
 */
void site_supersede(struct site *site);
bool site_superseded(const struct site *site);

/* Before the first client comes by that listener. */
void site_name_listener(struct site *site, size_t listener, const char *name);

#endif
