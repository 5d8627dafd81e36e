/*
 * One range of bytes, RFC 9110 section 14. A list of several ranges is answered with the whole, as
 * a server may: no browser asks for it, and answering it is a way to be made to send the same bytes
 * again and again.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; what is malformed is as if it were not there.
 * Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_RANGE_H
#define WSLUICE_CODEC_HTTP_HTTP_RANGE_H

#include "base/base.h"

enum http_range_verdict {
    HTTP_RANGE_WHOLE, /* no range, or one that is not to be served as one */
    HTTP_RANGE_PART,
    HTTP_RANGE_BEYOND, /* unsatisfiable: 416 */
};

struct http_range {
    uint64_t first, length; /* of a PART: length >= 1, within the whole */
};

/* The value of the only Range field, for a representation of so many bytes. */
WSL_MUST_CHECK enum http_range_verdict http_range_parse(struct slice value, uint64_t whole,
                                                        struct http_range *part);

#endif
