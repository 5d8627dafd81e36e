/*
 * The routes that a listener serves, and their kinds.
 *
 * A listener that names routes serves those; one that names none serves every route that no
 * listener names.
 *
 * Owns: nothing. Thread: any; the snapshot is const. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_ROUTE_ROUTE_SET_H
#define WSLUICE_CONFIG_RULES_ROUTE_ROUTE_SET_H

#include "config/model/config.h"

/* Bits of route_set_kinds. */
enum {
    ROUTE_SET_BRIDGE = 1,
    ROUTE_SET_RECORDED = 2, /* a bridge that records its sessions */
    ROUTE_SET_FILES = 4,    /* alone or beside a bridge */
    ROUTE_SET_REDIRECT = 8,
    ROUTE_SET_METRICS = 16,
    ROUTE_SET_STATUS = 32,
    ROUTE_SET_READY = 64, /* health: ready */
    ROUTE_SET_LIVE = 128, /* health: live */
};

bool route_set_has(const struct config *config, const struct config_listener *listener,
                   const struct config_route *route);
unsigned route_set_kinds(const struct config *config, const struct config_listener *listener);

/*
 * An operators' listener: it serves routes, and nothing but health, metrics and status. The admin
 * socket is one.
 */
bool route_set_is_for_operators(unsigned kinds);

/* A liveness route beside routes for clients: the limits of clients apply to its probes. */
bool route_set_shares_liveness(unsigned kinds);

#endif
