/*
 * Observers of one session's bridge: a recording, the marks of --traffic, or both, as configured.
 *
 *      bridge --each run of payload--> tap --> recorder    (a file)
 *                                       +----> traffic     (standard output)
 *
 * Owns: its recorder until tap_end; the recorder outlives it. Thread: the session's. Errors: NULL:
 * out of memory. Lifetime: tap_begin to tap_end.
 */
#ifndef WSLUICE_SERVE_TAP_TAP_H
#define WSLUICE_SERVE_TAP_TAP_H

#include "base/base.h"

struct bridge_tap;
struct recorder_request;
struct tap;

/*
 * `recording` may be NULL. Its `resume` is called when the recorder is no longer full, so that the
 * next turn reads both sides; its `closed` once, when the file is closed.
 */
WSL_MUST_CHECK struct tap *tap_begin(const struct recorder_request *recording, bool traffic);

/* For the bridge. */
struct bridge_tap *tap_for_bridge(struct tap *tap);

void tap_end(struct tap *tap); /* NULL is fine */

#endif
