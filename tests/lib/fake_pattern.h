/*
 * An endless stream of bytes for each peer. Any part of it can be generated and verified by its
 * position, so that sent bytes need not be kept.
 *
 * Owns: a table. Thread: one. Errors: none. Lifetime: static, from fake_pattern_make on; one
 * include per program.
 */
#ifndef WSLUICE_TESTS_FAKE_PATTERN_H
#define WSLUICE_TESTS_FAKE_PATTERN_H

#include "base/base.h"

#define FAKE_PATTERN_PERIOD 4093u /* a prime: runs of a round length all differ */

static uint8_t fake_pattern[2 * FAKE_PATTERN_PERIOD];

static inline void fake_pattern_make(void)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < FAKE_PATTERN_PERIOD; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        fake_pattern[i] = (uint8_t)(' ' + state % 95); /* printable */
        fake_pattern[i + FAKE_PATTERN_PERIOD] = fake_pattern[i];
    }
}

/* The longest run from there that is contiguous in the table. */
static inline const uint8_t *fake_pattern_at(unsigned id, uint64_t at, size_t *length)
{
    size_t offset = (size_t)((at + id * 631u) % FAKE_PATTERN_PERIOD);
    if (*length > FAKE_PATTERN_PERIOD)
        *length = FAKE_PATTERN_PERIOD;
    return fake_pattern + offset;
}

static inline void fake_pattern_fill(unsigned id, uint64_t at, uint8_t *out, size_t length)
{
    while (length > 0) {
        size_t run = length;
        const uint8_t *bytes = fake_pattern_at(id, at, &run);
        memcpy(out, bytes, run);
        out += run;
        at += run;
        length -= run;
    }
}

static inline bool fake_pattern_is(unsigned id, uint64_t at, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        size_t run = length;
        const uint8_t *expected = fake_pattern_at(id, at, &run);
        if (memcmp(bytes, expected, run) != 0)
            return false;
        bytes += run;
        at += run;
        length -= run;
    }
    return true;
}

#endif
