/*
 * The weights of items in Accept and Accept-Encoding, RFC 9110 section 12.4.2.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; an element with a malformed weight is ignored.
 * Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_ACCEPT_H
#define WSLUICE_CODEC_HTTP_HTTP_ACCEPT_H

#include "codec/http/http_head.h"

#define HTTP_ACCEPT_NOT_LISTED (-1)

/*
 * The weight of `item` in thousandths (0: not wanted) in the fields of that name. The first element
 * with exactly this name counts; parameters other than the weight make it another item.
 */
int http_accept_weight(const struct http_head *head, struct slice name, struct slice item);

#endif
