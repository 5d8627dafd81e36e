/*
 * Whether two targets of a configuration, or of two, are one and the same: the pool keeps one state
 * for them, and dials them with the options of the first.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_SAME_H
#define WSLUICE_SERVE_TARGET_TARGET_SAME_H

#include <stdbool.h>

struct config_target;

/* All their options are equal; their places in the file do not count. */
bool target_same_options(const struct config_target *a, const struct config_target *b);

#endif
