/*
 * One route while its rules are checked, and findings about it.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: one check of a configuration.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_ROUTE_CHECK_H
#define WSLUICE_CONFIG_RULES_ROUTE_ROUTE_CHECK_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"

struct route_check {
    const struct config *config;
    const struct option_locator *names;
    struct diag *diag;
    const struct config_route *route;
    size_t index; /* of the route */
};

/* An option of the route, or of one of its targets; `key` NULL: the route or target itself. */
struct option_ref route_check_option(const struct route_check *check, const char *key);
struct option_ref route_check_target(const struct route_check *check, size_t target,
                                     const char *key);

void route_check_report(const struct route_check *check, struct option_ref option,
                        const char *remedy, const char *format, ...) WSL_PRINTF(4, 5);

#endif
