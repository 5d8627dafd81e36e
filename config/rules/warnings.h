/*
 * Warnings about valid configurations that expose more than their author may intend.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_RULES_WARNINGS_H
#define WSLUICE_CONFIG_RULES_WARNINGS_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"

/* For a snapshot without errors. */
void warnings_check(const struct config *config, const struct option_locator *names,
                    struct diag *diag);

#endif
