/*
 * What a configuration shows to more people than it may mean to: allowed, and worth a warning.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_EXPOSURE_H
#define WSLUICE_CONFIG_EXPOSURE_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/subject.h"

/* For a snapshot without errors. */
void exposure_check(const struct config *config, const struct subject_names *names,
                    struct diag *diag);

#endif
