/*
 * How much a client wants what it lists in Accept or Accept-Encoding: RFC 9110 section 12.4.2.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; an element with a malformed weight is not there.
 * Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_ACCEPT_H
#define WSLUICE_CODEC_HTTP_HTTP_ACCEPT_H

#include "codec/http/http_head.h"

#define HTTP_ACCEPT_NOT_LISTED (-1)

/*
 * The weight of `item` in thousandths (0: not wanted) in the fields of that name, where it stands
 * by its own name; the first one counts. Parameters other than the weight make it another item.
 * HTTP_ACCEPT_NOT_LISTED: it is not listed.
 */
int http_accept_weight(const struct http_head *head, struct slice name, struct slice item);

#endif
