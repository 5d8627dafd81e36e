/*
 * The rules of a route's targets, and of tokens, which stand for targets.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_TARGET_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_TARGET_RULES_H

#include "config/rules/route/route_check.h"

void target_rules_check(const struct route_check *check);

#endif
