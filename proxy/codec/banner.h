/*
 * The banner of a service: the bytes that it sends first, compared with what is expected of it.
 *
 *      rfb     RFC 6143 section 7.1.1: "RFB ", a version, a line feed
 *      ssh     RFC 4253 section 4.2: "SSH-2.0-" or "SSH-1.99-"; no lines before it
 *      other   the text itself, as a prefix
 *
 * Pure.
 *
 * Owns: nothing. Thread: any. Errors: a verdict. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_BANNER_H
#define WSLUICE_CODEC_BANNER_H

#include "base/base.h"

#define BANNER_MAX 255 /* the longest text that may be expected */

enum banner_verdict {
    BANNER_PARTIAL, /* it may still match: more bytes are needed, and BANNER_MAX are enough */
    BANNER_MATCHES,
    BANNER_DIFFERS,
};

/* `bytes`: all that the service has sent; those behind the banner do not matter. */
WSL_MUST_CHECK enum banner_verdict banner_compare(const char *expected, struct slice bytes);

/* Whether a service with that banner speaks RFB. */
bool banner_is_rfb(const char *expected);

/*
 * A text for the log about a banner that differs, such as "sent 'HTTP/1.1 400 Bad' instead of
 * 'SSH-2.0-'". At most 24 bytes of it, without control characters.
 */
void banner_explain(const char *expected, struct slice bytes, char *text, size_t size);

#endif
