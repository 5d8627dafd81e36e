/*
 * Each element of auth, of a route or a listener, has one method, which can let somebody in.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_AUTH_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_AUTH_RULES_H

#include "config/rules/route/route_check.h"

void auth_rules_check(const struct route_check *check);

void auth_rules_check_listener(const struct config *config, const struct option_locator *names,
                               struct diag *diag, size_t index);

#endif
