/*
 * The file of a recorded session, PATH.N in the format of recording_format.h.
 *
 * The loop only encodes into memory; opening, writing and closing happen in libuv's thread pool,
 * one piece of work at a time and as its share of that pool allows (net/work.h). When the disk is
 * slower than the session, the recorder is full: its caller reads nothing more until it says
 * `resume`. So at most RECORDER_FULL and what one read of either side expands to wait in memory,
 * and as much is being written; none between bursts.
 *
 * N is the number of the connection, or the next one up that is free: a file that exists is never
 * touched, nor is what a symbolic link leads to. Mode 0600.
 *
 * Owns: the file, the buffers, itself once recorder_finish was called. Thread: its loop's. Errors:
 * one warning; that recording has ended then, and takes what it is given without keeping it.
 * Lifetime: recorder_start to `closed`, which comes some time after recorder_finish.
 */
#ifndef WSLUICE_SERVE_TAP_RECORDER_H
#define WSLUICE_SERVE_TAP_RECORDER_H

#include "net/work.h"

#define RECORDER_FULL ((size_t)512 * 1024)

struct recorder;

struct recorder_request {
    const struct work_lane *lane;
    const char *path; /* copied */
    uint64_t number;
    uint64_t *skip; /* how far numbers are ahead of connections; one for all of a loop */
    void (*resume)(void *owner); /* it was full, and is not any more; never after recorder_finish */
    void *owner;
    void (*closed)(void *closed_owner); /* the file is closed, the memory is free */
    void *closed_owner;
};

/* NULL: out of memory; `closed` is not called then. */
WSL_MUST_CHECK struct recorder *recorder_start(const struct recorder_request *request);

/* What was read, from the client or from the target, at this time on the loop's clock. */
void recorder_take(struct recorder *recorder, bool from_client, struct slice bytes, uint64_t now);

bool recorder_full(const struct recorder *recorder);

/* The session has ended: what is there is written, and its last line. */
void recorder_finish(struct recorder *recorder);

#endif
