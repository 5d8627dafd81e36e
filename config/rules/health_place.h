/*
 * Where a process can be asked whether it is ready, over plain HTTP by a health route of its file:
 * for `wsluice health FILE` without an admin socket.
 *
 * Owns: nothing. Thread: any. Errors: false, and one line.
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_HEALTH_PLACE_H
#define WSLUICE_CONFIG_RULES_HEALTH_PLACE_H

#include "config/rules/local_place.h"

/*
 * The routes that decide, in the order of the file: all that need other routes; without such, those
 * with health: ready, else those with health: live. *cursor begins with 0. NULL: no more.
 */
const struct config_route *health_place_next(const struct config *config, size_t *cursor);

/* False: no listener of the route can be asked, and `why` says it of the first. */
bool health_place_find(const struct config *config, const struct config_route *route,
                       struct local_place *place, char *why, size_t size);

#endif
