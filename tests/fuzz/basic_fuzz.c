/*
 * Credentials that are accepted are written in one way only: encoded again, they are the same
 * text. They have a user without a colon, and no control characters.
 */
#include "codec/auth/basic.h"
#include "codec/b64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[BASIC_MAX], again[B64_ENCODED(BASIC_MAX)];
    struct slice value = {(const char *)data, size};
    struct basic basic;
    enum basic_verdict verdict = basic_decode(value, text, &basic);
    bool ours = size >= 5 && slice_equal_nocase((struct slice){value.ptr, 5}, SLICE("Basic")) &&
                (size == 5 || data[5] == ' ');
    wsl_assert((verdict == BASIC_OTHER) == !ours);
    if (verdict != BASIC_CREDENTIALS)
        return 0;
    size_t length = basic.user.len + 1 + basic.password.len;
    wsl_assert(basic.user.ptr == text && basic.password.ptr + basic.password.len == text + length);
    wsl_assert(length <= BASIC_MAX && text[basic.user.len] == ':');
    for (size_t i = 0; i < length; i++)
        wsl_assert((uint8_t)text[i] >= ' ' && text[i] != 0x7F);
    wsl_assert(!memchr(text, ':', basic.user.len));
    size_t encoded = b64_encode(again, (const uint8_t *)text, length);
    wsl_assert(size >= 6 + encoded && memcmp(data + size - encoded, again, encoded) == 0);
    for (size_t i = 5; i < size - encoded; i++)
        wsl_assert(data[i] == ' ');
    return 0;
}
