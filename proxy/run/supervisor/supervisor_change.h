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

/* Begins what was asked for, unless something is under way. */
void supervisor_change_next(struct supervisor *supervisor);

void supervisor_change_reload(struct supervisor *supervisor, bool certificates_only);

/* Probes the targets of the site in use. */
void supervisor_change_probe(struct supervisor *supervisor);

#endif
