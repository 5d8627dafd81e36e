/*
 * Where a local client can ask a running process for a route of its file, over plain HTTP.
 *
 * Owns: nothing; a place borrows the snapshot. Thread: any. Errors: what is in the way.
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_LOCAL_PLACE_H
#define WSLUICE_CONFIG_RULES_LOCAL_PLACE_H

#include "config/model/config.h"

struct local_place {
    struct config_address address; /* to connect to */
    char target[1024];             /* of the request, encoded */
    char host[260];                /* for the field Host; empty: the address's */
};

/* Of a route that the listener serves. NULL: it can be asked there; else why not, of the listener.
 */
const char *local_place_find(const struct config_listener *listener,
                             const struct config_route *route, struct local_place *place);

#endif
