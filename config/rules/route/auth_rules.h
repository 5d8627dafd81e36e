/*
 * Each element of a route's auth has one method, which can let somebody in.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_AUTH_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_AUTH_RULES_H

#include "config/rules/route/route_check.h"

void auth_rules_check(const struct route_check *check);

#endif
