#include "codec/ws/ws_keys.h"

void ws_keys_take(struct ws_keys *keys, uint8_t key[static WS_KEY_SIZE])
{
    if (keys->left == 0) {
        keys->fill(keys->bytes, sizeof(keys->bytes));
        keys->left = sizeof(keys->bytes);
    }
    keys->left -= WS_KEY_SIZE;
    memcpy(key, keys->bytes + keys->left, WS_KEY_SIZE);
    explicit_bzero(keys->bytes + keys->left, WS_KEY_SIZE);
}

void ws_keys_wipe(struct ws_keys *keys)
{
    explicit_bzero(keys->bytes, sizeof(keys->bytes));
    keys->left = 0;
}
