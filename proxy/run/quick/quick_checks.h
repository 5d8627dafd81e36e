/*
 * Checks of a quick command line against itself, and values that other options imply.
 *
 * Owns: nothing. Thread: the main one. Errors: findings of the line. Lifetime: none.
 */
#ifndef WSLUICE_RUN_QUICK_QUICK_CHECKS_H
#define WSLUICE_RUN_QUICK_QUICK_CHECKS_H

#include "run/quick/quick_values.h"

/* Options that exclude each other. */
void quick_checks_conflicts(struct quick *quick);

/* A certificate turns TLS on, beside plain connections unless --ssl-only is given. */
void quick_checks_imply_tls(struct quick *quick);

/* Options without effect that websockify ignores silently, and a user may rely on. */
void quick_checks_warn(struct quick *quick);

#endif
