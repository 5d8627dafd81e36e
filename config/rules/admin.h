/*
 * The admin socket as a listener and routes like any other, so that opening, reload and upgrade are
 * those of all listeners. They stand behind those of the file, belong to no name that a file could
 * say, and are not printed with it.
 *
 * Owns: nothing. Thread: one, before anybody else sees the snapshot. Errors: false: out of memory.
 * Lifetime: what is added is the snapshot's.
 */
#ifndef WSLUICE_CONFIG_RULES_ADMIN_H
#define WSLUICE_CONFIG_RULES_ADMIN_H

#include "config/model/config.h"

#define ADMIN_READY "/ready" /* as a route of health; everything else is status */

/* Once the rules have nothing against the snapshot. Without an admin socket nothing is added. */
bool admin_attach(struct config *config);

#endif
