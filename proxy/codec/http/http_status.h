/*
 * The phrases of the statuses that we answer with, RFC 9110 section 15.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: the phrases are constants.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_STATUS_H
#define WSLUICE_CODEC_HTTP_HTTP_STATUS_H

#include "base/base.h"

/* Of a status of the table of reasons or of the options; any other is our bug and aborts. */
const char *http_status_phrase(unsigned status);

#endif
