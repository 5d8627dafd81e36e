/*
 * A tunnel through a forward proxy to a target, by HTTP or SOCKS5: what the client sends, and what
 * the answers mean.
 *
 * The happy path: tunnel_begin; send `out`; tunnel_read with what the proxy sends, and `out` again
 * after SEND, until OPEN. The bytes behind those that were used are the target's: it may speak
 * first.
 *
 * Pure. Owns: `out`, which may hold a password: the caller wipes the struct. Thread: any. Errors:
 * TUNNEL_FAILED and the fault. Lifetime: plain memory; the request is borrowed.
 */
#ifndef WSLUICE_CODEC_TUNNEL_TUNNEL_H
#define WSLUICE_CODEC_TUNNEL_TUNNEL_H

#include "codec/tunnel/http_connect.h"
#include "codec/tunnel/socks5.h"

#define TUNNEL_OUT_MAX    2560 /* a CONNECT with the longest host, user and password */
#define TUNNEL_ANSWER_MAX HTTP_CONNECT_ANSWER_MAX

struct tunnel {
    struct tunnel_request request;
    struct http_connect http;
    struct socks5 socks;
    struct tunnel_fault fault;
    size_t out_length;
    uint8_t out[TUNNEL_OUT_MAX];
};

/* SEND or FAILED. */
WSL_MUST_CHECK enum tunnel_verdict tunnel_begin(struct tunnel *tunnel,
                                                const struct tunnel_request *request);

/*
 * `bytes`: all that came since those that were used; TUNNEL_ANSWER_MAX of them are enough for a
 * verdict other than MORE. *used is 0 unless the verdict is SEND or OPEN.
 */
WSL_MUST_CHECK enum tunnel_verdict tunnel_read(struct tunnel *tunnel, struct slice bytes,
                                               size_t *used);

#endif
