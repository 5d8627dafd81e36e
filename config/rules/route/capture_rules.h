/*
 * The rules of captures: each {NAME} of a route's path has a pattern, and a target uses only names
 * that the path has.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_CAPTURE_RULES_H
#define WSLUICE_CONFIG_RULES_ROUTE_CAPTURE_RULES_H

#include "config/rules/route/route_check.h"

enum { CAPTURE_RULES_MAX = 4 }; /* of one route */

/* The route's path and its patterns. */
void capture_rules_check(const struct route_check *check);

/* The host or server_name of a target, which is `option`. True: it has captures. */
bool capture_rules_check_template(const struct route_check *check, struct option_ref option,
                                  const char *text);

#endif
