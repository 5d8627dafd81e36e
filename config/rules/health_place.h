/*
 * Where a process can be asked whether it is ready, over plain HTTP by a health route of its file:
 * for `wsluice health FILE` without an admin socket.
 *
 * Owns: nothing; a place borrows the snapshot. Thread: any. Errors: false, and one line.
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_HEALTH_PLACE_H
#define WSLUICE_CONFIG_RULES_HEALTH_PLACE_H

#include "config/model/config.h"

struct health_place {
    struct config_address address; /* to connect to */
    char target[1024];             /* of the request, encoded */
    char host[260];                /* for the field Host; empty: the address's */
};

/*
 * The routes that decide, in the order of the file: all that need other routes; without such, those
 * with health: ready, else those with health: live. *cursor begins with 0. NULL: no more.
 */
const struct config_route *health_place_next(const struct config *config, size_t *cursor);

/* False: no listener of the route can be asked, and `why` says it of the first. */
bool health_place_find(const struct config *config, const struct config_route *route,
                       struct health_place *place, char *why, size_t size);

#endif
