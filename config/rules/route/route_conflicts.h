/*
 * Routes that a listener cannot tell apart, and routes that no listener serves.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_ROUTE_CONFLICTS_H
#define WSLUICE_CONFIG_RULES_ROUTE_ROUTE_CONFLICTS_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"

void route_conflicts_check(const struct config *config, const struct option_locator *names,
                           struct diag *diag);

#endif
