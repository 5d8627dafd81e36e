/*
 * Statistics of one route by target, where tokens name the targets. The first TARGET_STATS_MAX
 * targets have counts of their own, all others share those of "other": clients and token files
 * cannot make the metrics grow without bound. Each target takes less than 1 KB, and an unused table
 * a pointer.
 *
 * Owns: the table. Thread: any: targets are added by compare-and-swap and never removed, counts are
 * atomic. Errors: NULL: out of memory. Lifetime: zeroed is ready; target_stats_free when nobody
 * counts any more.
 */
#ifndef WSLUICE_SERVE_METRICS_TARGET_STATS_H
#define WSLUICE_SERVE_METRICS_TARGET_STATS_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/reason.h"

#define TARGET_STATS_MAX   64
#define TARGET_STATS_OTHER "other" /* no address: it has no port */

struct target_stats_counts {
    atomic_uint_fast64_t open, sessions, bytes_up, bytes_down;
    atomic_uint_fast64_t ended[REASON_COUNT];
};

struct target_stats_table;

struct target_stats {
    _Atomic(struct target_stats_table *) table; /* NULL: no target yet */
};

/* The counts of that target, or of "other"; they stay where they are. */
WSL_MUST_CHECK struct target_stats_counts *target_stats_find(struct target_stats *stats,
                                                             const char *name);

/* Calls `read` for each target, in the order of their first sessions; "other" last, if used. */
typedef void target_stats_fn(void *owner, const char *name,
                             const struct target_stats_counts *counts);
void target_stats_each(const struct target_stats *stats, target_stats_fn *read, void *owner);

void target_stats_free(struct target_stats *stats);

#endif
