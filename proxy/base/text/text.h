/*
 * A text that is written from front to back and grows.
 *
 * If the text cannot grow, because of memory or its limit, it stays failed: nothing more is
 * written, and text_take returns NULL. Callers check once, at the end.
 *
 * Pure. Owns: the bytes, until text_take. Thread: one at a time. Errors: `failed`. Lifetime: zeroed
 * is empty; text_take or text_free.
 */
#ifndef WSLUICE_BASE_TEXT_TEXT_H
#define WSLUICE_BASE_TEXT_TEXT_H

#include "base/base.h"

struct text {
    char *bytes; /* not NUL-terminated before text_take */
    size_t length, room;
    size_t limit; /* of the length; 0: none */
    bool failed;
};

void text_add(struct text *text, struct slice bytes);
void text_add_byte(struct text *text, char byte);
void text_add_string(struct text *text, const char *string);
/* As a part of a URI: all but unreserved characters become %XX. */
void text_add_escaped(struct text *text, struct slice bytes);
void text_add_format(struct text *text, const char *format, ...) WSL_PRINTF(2, 3);

/* Room for `more` bytes: write there, then add to `length`. NULL: failed. */
WSL_MUST_CHECK char *text_reserve(struct text *text, size_t more);

/* The bytes, with a NUL behind them, malloc'd; NULL: failed. `text` is empty afterwards. */
WSL_MUST_CHECK char *text_take(struct text *text, size_t *length);
void text_free(struct text *text);
void text_wipe(struct text *text); /* text_free, of a secret */

static inline struct slice text_slice(const struct text *text)
{
    return (struct slice){text->bytes, text->length};
}

#endif
