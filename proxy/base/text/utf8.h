/*
 * An incremental UTF-8 validator (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF).
 *
 * Owns: nothing. Thread: any. Errors: false from utf8_feed. Lifetime: plain memory; zeroed is
 * ready.
 */
#ifndef WSLUICE_BASE_TEXT_UTF8_H
#define WSLUICE_BASE_TEXT_UTF8_H

#include "base/base.h"

struct utf8 {
    uint8_t missing;   /* continuation bytes still to come */
    uint8_t low, high; /* bounds of the next continuation byte */
};

/* False as soon as the bytes so far cannot be the beginning of valid UTF-8. */
WSL_MUST_CHECK bool utf8_feed(struct utf8 *state, const uint8_t *bytes, size_t length);

/* True when no character is left unfinished. */
static inline bool utf8_is_complete(const struct utf8 *state)
{
    return state->missing == 0;
}

/* The whole text is valid UTF-8. */
static inline bool utf8_is_valid(struct slice text)
{
    struct utf8 state = {0};
    return utf8_feed(&state, (const uint8_t *)text.ptr, text.len) && utf8_is_complete(&state);
}

/* The longest prefix of at most `limit` bytes that does not cut a character of valid UTF-8. */
size_t utf8_cut(const char *text, size_t length, size_t limit);

#endif
