/*
 * A site of two plain listeners and two bridge routes, built from a configuration in memory; for
 * the tests of serve/site and serve/status.
 *
 * Owns: what the sites share, between site_lab_open and site_lab_close. Thread: one. Errors: the
 * test fails. Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_SITE_LAB_H
#define WSLUICE_TESTS_LIB_SITE_LAB_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/access/limiter.h"
#include "serve/metrics/route_stats.h"
#include "serve/site/limits.h"
#include "serve/site/site.h"

struct site_lab {
    struct site_shared shared;
    struct config_target targets[3];
    struct config_route routes[2];
    struct config_listener listeners[2];
    char error[256];
};

static inline struct config_target site_lab_target(uint16_t port)
{
    return (struct config_target){
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = port}};
}

static inline void site_lab_open(struct site_lab *lab)
{
    *lab = (struct site_lab){.shared = {.host = {.limit = 1000, .workers = 2, .pool_threads = 4}}};
    lab->shared.limits = limits_create(LIMITER_CAPACITY);
    lab->shared.route_stats = route_stats_set_create(2);
    assert_true(lab->shared.limits && lab->shared.route_stats);
    for (uint16_t i = 0; i < WSL_COUNT(lab->targets); i++)
        lab->targets[i] = site_lab_target((uint16_t)(5900 + i));
    lab->routes[0] = (struct config_route){
        .path = "/desk",
        .name = "desk",
        .targets = lab->targets,
        .target_count = 2,
        .fail_after = 1,
        .retry_down_ms = 60000,
    };
    lab->routes[1] = (struct config_route){
        .path = "/other", .targets = &lab->targets[2], .target_count = 1, .fail_after = 1};
    for (uint16_t i = 0; i < WSL_COUNT(lab->listeners); i++)
        lab->listeners[i].address = (struct config_address){
            .kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = (uint16_t)(8080 + i)};
    lab->listeners[1].name = "inside";
}

static inline void site_lab_close(struct site_lab *lab)
{
    limits_destroy(lab->shared.limits);
    route_stats_set_free(lab->shared.route_stats);
}

/* A configuration of them; the caller releases it. */
static inline struct config *site_lab_config(struct site_lab *lab)
{
    struct config *config = config_new();
    assert_non_null(config);
    config->routes = lab->routes;
    config->route_count = WSL_COUNT(lab->routes);
    config->listeners = lab->listeners;
    config->listener_count = WSL_COUNT(lab->listeners);
    return config;
}

/* The site has the only reference to its configuration. NULL: see `error`. */
static inline struct site *site_lab_site(struct site_lab *lab, const struct site *previous)
{
    struct config *config = site_lab_config(lab);
    lab->error[0] = '\0';
    struct site *site = site_create(config, &lab->shared, previous, lab->error, sizeof(lab->error));
    config_release(config);
    return site;
}

#endif
