/*
 * The WebSocket protocol as far as the load needs it: heads as constants, frames built ahead,
 * and a walk over the frames of a proxy that looks at headers only.
 *
 * Owns: nothing. Thread: any. Errors: load_ws_next says what is wrong in a word.
 * Lifetime: pieces point into the bytes that the caller walks over.
 */
#ifndef WSLUICE_BENCH_LOAD_WS_H
#define WSLUICE_BENCH_LOAD_WS_H

#include "base/base.h"

enum { LOAD_WS_HEADER_MAX = 14, LOAD_WS_RECORD_OVERHEAD = 17 };

extern const char load_ws_request[];  /* the upgrade that every client asks for */
extern const char load_ws_response[]; /* the answer of a target that is a WebSocket server */
extern const uint8_t load_ws_pong[6]; /* an empty masked pong: any byte shows that we live */

/* Where a walk stands; all zero at the start of a stream. */
struct load_ws_walk {
    uint8_t header[LOAD_WS_HEADER_MAX];
    uint8_t have;  /* bytes of a header that is not whole yet */
    uint64_t left; /* payload of this frame still to come */
    uint64_t frames, pings;
    const char *wrong; /* set when the stream is not one that a proxy may send */
};

/*
 * Moves *at towards end up to the next piece of payload. False when there is none left, or when
 * something is wrong. Control frames are counted and skipped.
 */
bool load_ws_next(struct load_ws_walk *walk, const uint8_t **at, const uint8_t *end,
                  struct slice *piece);

/*
 * The same over TLS records that nobody decrypts: returns the plaintext bytes that the records in
 * data[0..size) carry. Good enough to count a stream whose server is trusted to encrypt honestly.
 */
uint64_t load_ws_count_records(struct load_ws_walk *walk, const uint8_t *data, size_t size);

/* Appends one whole binary frame, masked if mask is not 0; returns its size on the wire. */
size_t load_ws_put_frame(uint8_t *to, const uint8_t *payload, size_t size, uint32_t mask);

#endif
