/*
 * Lists of entity tags in If-Match and If-None-Match, and the one of If-Range; RFC 9110 section
 * 8.8.3.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; a malformed element and the rest of its field are
 * ignored. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_ETAG_H
#define WSLUICE_CODEC_HTTP_HTTP_ETAG_H

#include "codec/http/http_head.h"

enum http_etag_compare {
    HTTP_ETAG_STRONG, /* a tag with W/ never matches */
    HTTP_ETAG_WEAK,   /* W/ is ignored */
};

/* Does any field of that name list `etag`, a strong one with its quotes, or "*"? */
WSL_MUST_CHECK bool http_etag_listed(const struct http_head *head, struct slice name,
                                     struct slice etag, enum http_etag_compare compare);

#endif
