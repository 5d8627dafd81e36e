/*
 * The media type of a file by the extension of its name, for files of web pages.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: the texts are static.
 */
#ifndef WSLUICE_CODEC_HTTP_MIME_H
#define WSLUICE_CODEC_HTTP_MIME_H

#include "base/base.h"

#define MIME_UNKNOWN "application/octet-stream"

/* Ignores case. MIME_UNKNOWN: no extension, or an unknown one. */
const char *mime_of(struct slice name);

#endif
