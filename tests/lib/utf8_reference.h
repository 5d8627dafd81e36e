/*
 * A slow UTF-8 validator by the definition: decodes the number, then checks its range.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_UTF8_REFERENCE_H
#define WSLUICE_TESTS_UTF8_REFERENCE_H

#include "base/base.h"

enum utf8_verdict { UTF8_INVALID, UTF8_PARTIAL, UTF8_WHOLE };

/* Whether the bytes (at least one) are a character, can begin one, or neither. */
static inline enum utf8_verdict utf8_reference_character(const uint8_t *bytes, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = (bytes[0] & 0x80) == 0x00   ? 1
                  : (bytes[0] & 0xE0) == 0xC0 ? 2
                  : (bytes[0] & 0xF0) == 0xE0 ? 3
                  : (bytes[0] & 0xF8) == 0xF0 ? 4
                                              : 0;
    if (size == 0 || length > size)
        return UTF8_INVALID;

    /* Missing bits as zeros and as ones: the range of what it can become. */
    uint32_t low = size == 1 ? bytes[0] : bytes[0] & (0xFFu >> (size + 1)), high = low;
    for (size_t i = 1; i < size; i++) {
        if (i < length && (bytes[i] & 0xC0) != 0x80)
            return UTF8_INVALID;
        low = low << 6 | (i < length ? bytes[i] & 0x3Fu : 0);
        high = high << 6 | (i < length ? bytes[i] & 0x3Fu : 0x3Fu);
    }
    if (high < smallest[size] || low > 0x10FFFF || (low >= 0xD800 && high <= 0xDFFF))
        return UTF8_INVALID;
    return length == size ? UTF8_WHOLE : UTF8_PARTIAL;
}

/* Whether the bytes are a text, can begin one, or neither; *bad_at: the first invalid byte. */
static inline enum utf8_verdict utf8_reference(const uint8_t *bytes, size_t length, size_t *bad_at)
{
    enum utf8_verdict verdict = UTF8_WHOLE;

    for (size_t start = 0, at = 0; at < length; at++) {
        verdict = utf8_reference_character(bytes + start, at + 1 - start);
        if (verdict == UTF8_INVALID) {
            *bad_at = at;
            break;
        }
        if (verdict == UTF8_WHOLE)
            start = at + 1;
    }
    return verdict;
}

#endif
