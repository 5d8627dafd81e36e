/*
 * A body in chunks, RFC 9112 section 7.1, decoded as it arrives. Extensions and trailer fields are
 * checked, bounded and dropped.
 *
 *      SIZE -CR-> SIZE_LF -LF-> DATA -CR-> DATA_LF -LF-> SIZE
 *                    |
 *                    +-- size 0 --> TRAILER --> DONE
 *
 * Strict: the size is one to eight hexadecimal digits, directly followed by CR LF or ";"; each line
 * ends with CR LF; a line of the trailer is a field, and not folded.
 *
 * Pure. Owns: nothing. Thread: any. Errors: HTTP_CHUNKS_BAD. Lifetime: plain memory.
 */
#ifndef WSLUICE_CODEC_HTTP_ANSWER_HTTP_CHUNKS_H
#define WSLUICE_CODEC_HTTP_ANSWER_HTTP_CHUNKS_H

#include "base/base.h"

#define HTTP_CHUNKS_EXTENSION 256  /* bytes of the extensions of one chunk */
#define HTTP_CHUNKS_TRAILER   8192 /* bytes of the trailer */

/* Zeroed is ready. */
struct http_chunks {
    uint8_t part;
    uint8_t digits; /* of the size so far */
    uint16_t extra; /* bytes of extensions or trailer so far */
    uint32_t left;  /* of the chunk */
};

enum http_chunks_verdict {
    HTTP_CHUNKS_DATA, /* `data` is a part of the body; call again */
    HTTP_CHUNKS_MORE, /* all bytes are consumed */
    HTTP_CHUNKS_DONE, /* what is left of `bytes` follows the body */
    HTTP_CHUNKS_BAD,  /* a later call returns the same */
};

/* Consumes from the front of `bytes`. */
WSL_MUST_CHECK enum http_chunks_verdict http_chunks_next(struct http_chunks *chunks,
                                                         struct slice *bytes, struct slice *data);

#endif
