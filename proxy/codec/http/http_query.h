/*
 * The query of a target, "key=value&key=value", as forms send it
 * (application/x-www-form-urlencoded).
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; a wrong escape stands for itself. Lifetime:
 * slices borrow the caller's bytes.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_QUERY_H
#define WSLUICE_CODEC_HTTP_HTTP_QUERY_H

#include "base/base.h"

/* Cuts the first parameter off a query that is not empty; both parts are still encoded. */
void http_query_next(struct slice *query, struct slice *key, struct slice *value);

/* Cuts the first byte off an encoded text that is not empty, and decodes it: "+" is a space. */
char http_query_decode(struct slice *text);

/* The same without "+", as in a path. */
char http_query_unescape(struct slice *text);

#endif
