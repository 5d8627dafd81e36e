/*
 * Lists of entity tags in If-Match and If-None-Match, and the one of If-Range; RFC 9110 section
 * 8.8.3.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; what is malformed lists nothing, and neither does
 * what stands behind it in its field. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_ETAG_H
#define WSLUICE_CODEC_HTTP_HTTP_ETAG_H

#include "codec/http/http_head.h"

enum http_etag_compare {
    HTTP_ETAG_STRONG, /* a tag that begins with W/ equals nothing */
    HTTP_ETAG_WEAK,   /* W/ does not count */
};

/* Does any field of that name list our tag, which is strong and has its quotes, or say "*"? */
WSL_MUST_CHECK bool http_etag_listed(const struct http_head *head, struct slice name,
                                     struct slice etag, enum http_etag_compare compare);

#endif
