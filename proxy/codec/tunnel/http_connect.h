/*
 * The method CONNECT of an HTTP proxy, RFC 9110 section 9.3.6, with Basic credentials. Written by
 * the client:
 *
 *      CONNECT desk:5900 HTTP/1.1
 *      Host: desk:5900
 *      Proxy-Authorization: Basic ...
 *
 * Any 2xx opens the tunnel, even if its fields announce a body; interim answers (1xx) are skipped.
 * Any other status is final, and its body is not read.
 *
 * Pure. Owns: nothing. Thread: any. Errors: TUNNEL_FAILED and a fault. Lifetime: plain memory.
 */
#ifndef WSLUICE_CODEC_TUNNEL_HTTP_CONNECT_H
#define WSLUICE_CODEC_TUNNEL_HTTP_CONNECT_H

#include "base/text/writer.h"
#include "codec/http/http_scan.h"
#include "codec/tunnel/tunnel_request.h"

/* The most bytes of an answer: all its heads together. */
#define HTTP_CONNECT_ANSWER_MAX 8192

struct http_connect {
    struct http_scan scan;
    size_t skipped; /* interim answers */
};

/* Writes the request, which holds a secret. False: user or host do not fit its syntax. */
WSL_MUST_CHECK bool http_connect_begin(struct http_connect *connect,
                                       const struct tunnel_request *request, struct writer *out);

/*
 * Call it with all bytes so far each time that more arrive. With OPEN, the answer was *used bytes.
 * Never SEND.
 */
WSL_MUST_CHECK enum tunnel_verdict http_connect_read(struct http_connect *connect,
                                                     const struct tunnel_request *request,
                                                     struct slice bytes, size_t *used,
                                                     struct tunnel_fault *fault);

#endif
