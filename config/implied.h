/*
 * Options that follow from others unless the file sets them: a listener with certificates requires
 * TLS, a log file makes the log's target a file.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_IMPLIED_H
#define WSLUICE_CONFIG_IMPLIED_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/source_map.h"

/* Once all files are read, and before the command line's options. */
void implied_apply(struct config *config, const struct source_map *map, struct diag *diag);

#endif
