/*
 * Bytes that are written from front to back into a caller's buffer. After an overflow nothing more
 * is written. Callers check once, at the end.
 *
 * Pure. Owns: nothing. Thread: one at a time. Errors: `overflow`. Lifetime: that of the buffer.
 */
#ifndef WSLUICE_BASE_TEXT_WRITER_H
#define WSLUICE_BASE_TEXT_WRITER_H

#include "base/base.h"

struct writer {
    uint8_t *out;
    size_t capacity, length;
    bool overflow;
};

static inline struct writer writer_to(void *out, size_t capacity)
{
    return (struct writer){.out = out, .capacity = capacity};
}

/* All of the bytes, or none. */
static inline void writer_add(struct writer *w, const void *bytes, size_t length)
{
    w->overflow = w->overflow || length > w->capacity - w->length;
    if (w->overflow || length == 0)
        return;
    memcpy(w->out + w->length, bytes, length);
    w->length += length;
}

static inline void writer_add_slice(struct writer *w, struct slice bytes)
{
    writer_add(w, bytes.ptr, bytes.len);
}

/* Puts a NUL behind the bytes, and returns their number; 0: overflow. */
static inline size_t writer_end_string(struct writer *w)
{
    writer_add(w, "", 1);
    return w->overflow ? 0 : w->length - 1;
}

/* 0: overflow. */
static inline size_t writer_length(const struct writer *w)
{
    return w->overflow ? 0 : w->length;
}

#endif
