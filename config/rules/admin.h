/*
 * Adds the admin socket as a listener with routes, so that opening, reload and upgrade treat it
 * like the others. They come after those of the file, have a name that a file cannot use, and are
 * not printed.
 *
 * Owns: nothing. Thread: one, before the snapshot is shared. Errors: false: out of memory.
 * Lifetime: the snapshot owns them.
 */
#ifndef WSLUICE_CONFIG_RULES_ADMIN_H
#define WSLUICE_CONFIG_RULES_ADMIN_H

#include "config/model/config.h"

/*
 * A health route that needs what all health routes of the file need; all other paths are status.
 */
#define ADMIN_READY "/ready"

/* Paths of the status route that take POST, on the admin socket only. */
#define ADMIN_RELOAD  "/reload"
#define ADMIN_UPGRADE "/upgrade"

/* For a snapshot without errors. Without an admin socket nothing is added. */
bool admin_attach(struct config *config);

#endif
