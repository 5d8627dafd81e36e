/*
 * The rules of a route's targets that speak WebSocket, and of the options that are for them alone.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_WS_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_WS_RULES_H

#include "config/rules/route/route_check.h"

void ws_rules_check(const struct route_check *check);

#endif
