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
 * The two may overlap if to <= from: bytes are moved to the left while they are unmasked.
 */
void ws_mask_move(uint8_t *to, const uint8_t *from, size_t length, uint8_t mask[4]);

#endif
