/*
 * Active probes: each target that wants them is looked at every probe_interval, and the pool hears
 * what came of it.
 *
 * The first verdict counts at once, or what is known from before a reload; then the target is down
 * only when as many probes as its route's fail_after have failed in a row, and up with the first
 * that succeeds. Changes are logged. Targets whose address depends on the request are not probed.
 *
 * Owns: a timer and a probe per target. Borrows the pool. Thread: its loop's. Errors: lack of
 * memory skips a probe. Lifetime: prober_create to prober_close, before the pool goes; no probe
 * after that.
 */
#ifndef WSLUICE_SERVE_TARGET_PROBER_H
#define WSLUICE_SERVE_TARGET_PROBER_H

#include "serve/target/pool.h"
#include "serve/target/probe.h"

struct prober;

/* NULL: out of memory. With nothing to probe it does nothing. */
WSL_MUST_CHECK struct prober *prober_create(struct watch_set *watches, struct resolver *names,
                                            struct pool *pool);
void prober_close(struct prober *prober); /* NULL is fine; the loop turns once more */

#endif
