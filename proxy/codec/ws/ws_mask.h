/*
 * Unmasking, RFC 6455 section 5.3, as fast as memory allows.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_WS_WS_MASK_H
#define WSLUICE_CODEC_WS_WS_MASK_H

#include "base/base.h"

/*
 * to[i] = from[i] ^ mask[i % 4], then rotates the mask so that mask[0] belongs to from[length].
 * The two may overlap if to <= from: bytes are moved to the left while they are unmasked. The
 * mask lies in neither.
 */
void ws_mask_move(uint8_t *to, const uint8_t *from, size_t length, uint8_t mask[4]);

/* Longer runs are moved by the best version that the processor has. */
#define WS_MASK_SHORT 128

enum ws_mask_version {
    WS_MASK_16_BYTES, /* vectors of the build's target, or words where it has none */
    WS_MASK_AVX2,
    WS_MASK_VERSIONS,
};

enum ws_mask_version ws_mask_best(void);

/* As ws_mask_move, by a version up to ws_mask_best(): for tests and benchmarks. */
void ws_mask_move_by(enum ws_mask_version version, uint8_t *to, const uint8_t *from, size_t length,
                     uint8_t mask[4]);

#endif
