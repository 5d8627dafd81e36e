/*
 * The part of WebSocket that the load needs: constant heads, prebuilt frames, and a walk over the
 * frames of a proxy that reads only headers.
 *
 * Owns: nothing. Thread: any. Errors: load_ws_next sets `wrong` to a short text.
 * Lifetime: pieces point into the caller's bytes.
 */
#ifndef WSLUICE_BENCH_LOAD_WS_H
#define WSLUICE_BENCH_LOAD_WS_H

#include "base/base.h"

enum { LOAD_WS_HEADER_MAX = 14, LOAD_WS_RECORD_OVERHEAD = 17 };

extern const char load_ws_request[];  /* the upgrade request of every client */
extern const char load_ws_response[]; /* the answer of a target that is a WebSocket server */
extern const uint8_t load_ws_pong[6]; /* an empty masked pong: any byte answers a ping */

/* The position of a walk; zero at the start of a stream. */
struct load_ws_walk {
    uint8_t header[LOAD_WS_HEADER_MAX];
    uint8_t have;  /* bytes of an incomplete header */
    uint64_t left; /* missing payload of this frame */
    uint64_t frames, pings;
    const char *wrong; /* set if a proxy may not send this stream */
};

/*
 * Moves *at to the next piece of payload. False: none left, or `wrong` is set. Control frames are
 * counted and skipped.
 */
bool load_ws_next(struct load_ws_walk *walk, const uint8_t **at, const uint8_t *end,
                  struct slice *piece);

/*
 * The same over TLS records without decrypting them: returns the number of plaintext bytes in the
 * records of data[0..size).
 */
uint64_t load_ws_count_records(struct load_ws_walk *walk, const uint8_t *data, size_t size);

/* Appends one whole binary frame, masked if mask is not 0; returns its size on the wire. */
size_t load_ws_put_frame(uint8_t *to, const uint8_t *payload, size_t size, uint32_t mask);

#endif
