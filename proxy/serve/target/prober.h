/*
 * Active probes: each target that is configured for them is probed every probe_interval, and the
 * result goes to the pool.
 *
 * The first verdict counts at once, unless one is known from before a reload. After that a target
 * is down when fail_after probes in a row have failed, and up with the first that succeeds. Changes
 * are logged. Targets whose address depends on the request are not probed.
 *
 * Owns: a timer and a probe per target. Borrows the pool. Thread: its loop's. Errors: without
 * memory a probe is skipped. Lifetime: prober_create to prober_close, before target_pool_free.
 */
#ifndef WSLUICE_SERVE_TARGET_PROBER_H
#define WSLUICE_SERVE_TARGET_PROBER_H

#include "base/base.h"

struct target_pool;
struct resolver;
struct watch_set;
struct prober;

/* NULL: out of memory. */
WSL_MUST_CHECK struct prober *prober_create(struct watch_set *watches, struct resolver *resolver,
                                            struct target_pool *pool);
void prober_close(struct prober *prober); /* NULL: nothing happens; the loop must run once more */

#endif
