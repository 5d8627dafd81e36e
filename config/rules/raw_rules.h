/*
 * The rules of raw listeners: each has one route, which asks nothing of a client but its address.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_RAW_RULES_H
#define WSLUICE_CONFIG_RULES_RAW_RULES_H

#include "config/options/option_ref.h"

void raw_rules_check(const struct config *config, const struct option_locator *names,
                     struct diag *diag);

/* The route of a raw listener whose configuration has no findings. */
const struct config_route *raw_rules_route(const struct config *config,
                                           const struct config_listener *listener);

#endif
