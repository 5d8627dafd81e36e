/*
 * Classes of bytes in the head of an HTTP message: which byte may stand where.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: slices borrow their argument.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_CHAR_H
#define WSLUICE_CODEC_HTTP_HTTP_CHAR_H

#include "base/base.h"

/*
 * TARGET has every visible ASCII character that a browser sends raw: more than RFC 3986 allows, but
 * neither "#", which begins a fragment, nor "\", which some programs take for a slash.
 */
enum http_char {
    HTTP_CHAR_TOKEN = 1 << 0,  /* RFC 9110 section 5.6.2 */
    HTTP_CHAR_TARGET = 1 << 1, /* request targets of any form */
    HTTP_CHAR_VALUE = 1 << 2,  /* field-content, SP and HTAB */
    HTTP_CHAR_NAME = 1 << 3,   /* reg-name without escapes: unreserved, sub-delims of RFC 3986 */
};

extern const uint8_t http_char_classes[256];

static inline bool http_char_is(char c, enum http_char wanted)
{
    return http_char_classes[(uint8_t)c] & wanted;
}

/* How many bytes at the beginning of `text` belong to a class. */
static inline size_t http_char_run(struct slice text, enum http_char wanted)
{
    size_t length = 0;
    while (length < text.len && http_char_is(text.ptr[length], wanted))
        length++;
    return length;
}

bool http_char_is_token(struct slice text);

/* Without the optional white space around it (SP and HTAB), RFC 9110 section 5.6.3. */
struct slice http_char_trim(struct slice text);

/* Without the quotes around it, if there are any at both ends; escapes stay. */
struct slice http_char_unquote(struct slice text);

/* Cuts the part before `end` off the beginning, and `end` with it; without `end` all of it. */
struct slice http_char_cut(struct slice *rest, char end);

#endif
