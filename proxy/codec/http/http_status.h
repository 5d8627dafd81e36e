/*
 * The reason phrases of the statuses that we send, RFC 9110 section 15.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: the phrases are constants.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_STATUS_H
#define WSLUICE_CODEC_HTTP_HTTP_STATUS_H

#include "base/base.h"

/* Of a status from the table of reasons or from the options; aborts on any other, a bug of ours. */
const char *http_status_phrase(unsigned status);

#endif
