/*
 * The reason phrases of the statuses that wsluice sends, RFC 9110 section 15.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: the phrases are constants.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_STATUS_H
#define WSLUICE_CODEC_HTTP_HTTP_STATUS_H

#include "base/base.h"

/*
 * Of a status from the table of reasons, from http_status_nearest, from the options, or of a served
 * file (200, 206, 304, 412, 416). Aborts on any other: a programming error.
 */
const char *http_status_phrase(unsigned status);

/*
 * A status of another server that wsluice passes on: the status itself if it has a phrase here, or
 * the general one of its class, as which clients treat an unknown one (RFC 9110 section 15).
 */
unsigned http_status_nearest(unsigned status);

#endif
