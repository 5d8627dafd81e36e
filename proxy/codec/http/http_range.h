/*
 * One range of bytes, RFC 9110 section 14. Several ranges are answered with the whole, as a server
 * may do: no browser asks for them, and a client could make us send the same bytes many times.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; a malformed range is ignored.
 * Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_RANGE_H
#define WSLUICE_CODEC_HTTP_HTTP_RANGE_H

#include "base/base.h"

enum http_range_verdict {
    HTTP_RANGE_WHOLE, /* no range, or one to ignore */
    HTTP_RANGE_PART,
    HTTP_RANGE_BEYOND, /* unsatisfiable: 416 */
};

struct http_range {
    uint64_t first, length; /* of a PART: length >= 1, within the whole */
};

/* The value of the only Range field, for a representation of `whole` bytes. */
WSL_MUST_CHECK enum http_range_verdict http_range_parse(struct slice value, uint64_t whole,
                                                        struct http_range *part);

#endif
