/*
 * Which rules routes must keep: of rules.h, what concerns routes and their targets.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_RULES_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"

enum { ROUTE_RULES_CAPTURES_MAX = 4 }; /* of one route */

void route_rules_check(const struct config *config, const struct option_ref_names *names,
                       struct diag *diag);

#endif
