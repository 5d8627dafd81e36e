/*
 * The file of a recorded session, PATH.N in the format of recording_format.h.
 *
 * The loop only encodes into memory; libuv's thread pool opens, writes and closes the file, one
 * batch at a time and as its share of the pool allows (net/work.h). If the disk is slower than the
 * session, the recorder is full: its caller reads nothing more until `resume`. So memory holds at
 * most RECORDER_FULL and the encoding of one read of either side, and a second batch of that size
 * while it is written; nothing between bursts.
 *
 * N is the number of the connection, or the next higher one that is free. Existing files and the
 * targets of symbolic links are never touched. Mode 0600.
 *
 * Owns: the file, the buffers, itself once recorder_finish was called. Thread: its loop's. Errors:
 * one warning; the recording then drops all later bytes. Lifetime: recorder_start to `closed`,
 * which is called some time after recorder_finish.
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
    uint64_t *skip; /* how far N is ahead of `number`; shared by the recordings of a loop */
    void (*resume)(void *owner); /* no longer full; never after recorder_finish */
    void *owner;
    void (*closed)(void *closed_owner); /* file closed, memory freed */
    void *closed_owner;
};

/* NULL: out of memory; `closed` is not called then. */
WSL_MUST_CHECK struct recorder *recorder_start(const struct recorder_request *request);

/* Records bytes that were read from the client or the target; `now` is the loop's clock. */
void recorder_take(struct recorder *recorder, bool from_client, struct slice bytes, uint64_t now);

bool recorder_is_full(const struct recorder *recorder);

/* At the end of the session: writes the rest and the last line, and closes the file. */
void recorder_finish(struct recorder *recorder);

#endif
