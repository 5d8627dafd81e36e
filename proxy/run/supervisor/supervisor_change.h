/*
 * What changes while the process serves: reloads, new certificates, upgrades; one at a time.
 *
 * Owns: nothing. Thread: the main one. Errors: logged; the process goes on as
 * before.
 * Lifetime: the supervisor's.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_CHANGE_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_CHANGE_H

#include "run/supervisor/supervisor_priv.h"

/* Begins the change at once, or after the current one (change_queue.h). */
void supervisor_change_request(struct supervisor *supervisor, enum change change);

/* A client of the admin socket asks (control.run); `argument` is a struct control_request. */
void supervisor_change_control_cb(void *owner, void *argument);

/* Probes the targets of the site in use, and no others. */
void supervisor_change_probe(struct supervisor *supervisor);

#endif
