/*
 * The media type of a file by the extension of its name, for what web pages are made of.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: the texts are static.
 */
#ifndef WSLUICE_CODEC_HTTP_MIME_H
#define WSLUICE_CODEC_HTTP_MIME_H

#include "base/base.h"

#define MIME_UNKNOWN "application/octet-stream"

/* Case of the extension does not count. A name without one, or with a strange one: MIME_UNKNOWN. */
const char *mime_of(struct slice name);

#endif
