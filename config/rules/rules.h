/*
 * What no single option can know: whether they make sense together.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_H
#define WSLUICE_CONFIG_RULES_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/subject.h"

void rules_check(const struct config *config, const struct subject_names *names, struct diag *diag);

#endif
