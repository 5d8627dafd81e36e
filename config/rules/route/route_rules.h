/*
 * The part of rules.h about routes and targets.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_ROUTE_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_ROUTE_RULES_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"

void route_rules_check(const struct config *config, const struct option_locator *names,
                       struct diag *diag);

#endif
