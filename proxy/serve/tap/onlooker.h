/*
 * Whoever looks on at one session's bridge because the configuration says so: a recording, the
 * marks of --traffic, or both.
 *
 * Owns: its recorder until onlooker_end, which outlives it. Thread: the session's. Errors: NULL:
 * out of memory. Lifetime: onlooker_begin to onlooker_end.
 */
#ifndef WSLUICE_SERVE_TAP_ONLOOKER_H
#define WSLUICE_SERVE_TAP_ONLOOKER_H

#include "core/bridge/bridge.h"
#include "serve/tap/recorder.h"

struct onlooker {
    struct bridge_tap tap;
    struct recorder *recorder; /* NULL: not recorded */
    bool traffic;
    void (*moved)(void *owner);
    void *owner;
};

/*
 * `recording` may be NULL; its `moved` is called when the bridge may go on: the next turn reads
 * both sides. From here on recording->gone comes once, whenever the recording is complete.
 */
WSL_MUST_CHECK struct onlooker *onlooker_begin(const struct recorder_request *recording,
                                               bool traffic);

void onlooker_end(struct onlooker *onlooker); /* NULL is fine */

#endif
