/*
 * Observers of one session's bridge, as configured: a recording, the marks of --traffic, and the
 * watcher that knows what is input of an RFB user.
 *
 *      bridge --each run of payload--> tap --> recorder    (a file)
 *                                       +----> traffic     (standard output)
 *                                       +----> rfb_watch   (is it input?)
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

/* At least one of the three. */
struct tap_request {
    /*
     * NULL: none. Its `resume` is called when the recorder is no longer full, so that the next turn
     * reads both sides; its `closed` once, when the file is closed.
     */
    const struct recorder_request *recording;
    bool traffic;
    bool rfb; /* input is as codec/rfb/rfb_watch.h says; else any payload of the client */
    /* With rfb: called once if the stream cannot be followed; `why` is valid during the call. */
    void (*opaque)(void *owner, const char *why);
    void *owner;
};

WSL_MUST_CHECK struct tap *tap_begin(const struct tap_request *request);

/* For the bridge. */
struct bridge_tap *tap_for_bridge(struct tap *tap);

void tap_end(struct tap *tap); /* NULL is fine */

#endif
