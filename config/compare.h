/*
 * Compares the options of two snapshots.
 *
 * Owns: nothing. Thread: any (pure). Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_COMPARE_H
#define WSLUICE_CONFIG_COMPARE_H

#include <stdbool.h>

#include "config/model/config.h"
#include "config/options/options.h"

/* Do two structs of its section have the same value of this option? */
bool compare_is_same(const struct options_row *row, const void *a, const void *b);

/*
 * The next option that differs and that a reload cannot change in a running process; *cursor begins
 * at 0. NULL: no more.
 */
const struct options_row *compare_next_restart(const struct config *old,
                                               const struct config *changed, size_t *cursor);

#endif
