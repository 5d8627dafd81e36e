/*
 * Masking keys of a client's frames, RFC 6455 section 5.3: unpredictable, and each for one frame.
 * They come from the system's generator in batches, so that a frame costs no call of it.
 *
 * Pure but for `fill`. Owns: the keys of the batch; a key is wiped when it is taken. Thread: one at
 * a time. Errors: none: `fill` must not fail. Lifetime: plain memory; ws_keys_wipe at its end.
 */
#ifndef WSLUICE_CODEC_WS_WS_KEYS_H
#define WSLUICE_CODEC_WS_WS_KEYS_H

#include "base/base.h"

#define WS_KEY_SIZE   4
#define WS_KEYS_BATCH 64

/* Zeroed but for `fill`, it is ready. */
struct ws_keys {
    uint8_t bytes[WS_KEYS_BATCH * WS_KEY_SIZE];
    uint16_t left; /* bytes at the beginning that no frame has had */
    void (*fill)(void *bytes, size_t length);
};

void ws_keys_take(struct ws_keys *keys, uint8_t key[static WS_KEY_SIZE]);

/* Drops what is left of the batch. */
void ws_keys_wipe(struct ws_keys *keys);

#endif
