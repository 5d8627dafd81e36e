/*
 * SOCKS version 5, RFC 1928, with user and password, RFC 1929. The proxy resolves names.
 *
 *      ---- 5, methods ------------>
 *      <--- 5, method --------------
 *      ---- 1, user, password ----->      if it chose that method
 *      <--- 1, status --------------
 *      ---- 5, connect, address --->
 *      <--- 5, reply, address ------
 *
 * Both methods are offered if there is a login: a proxy that needs none may choose so.
 *
 * Pure. Owns: nothing. Thread: any. Errors: TUNNEL_FAILED and a fault. Lifetime: plain memory.
 */
#ifndef WSLUICE_CODEC_TUNNEL_SOCKS5_H
#define WSLUICE_CODEC_TUNNEL_SOCKS5_H

#include "base/text/writer.h"
#include "codec/tunnel/tunnel_request.h"

#define SOCKS5_MESSAGE_MAX 262 /* a reply with the longest name */

struct socks5 {
    uint8_t stage;
};

/* Writes the first message. False: a part of the request is too long for the protocol, or empty. */
WSL_MUST_CHECK bool socks5_begin(struct socks5 *socks, const struct tunnel_request *request,
                                 struct writer *out);

/*
 * `bytes`: what the proxy has sent since the last message that was used. SEND and OPEN: a message
 * of *used bytes is over; otherwise *used is 0. SEND: the next one is written, and may hold a
 * secret.
 */
WSL_MUST_CHECK enum tunnel_verdict socks5_read(struct socks5 *socks,
                                               const struct tunnel_request *request,
                                               struct slice bytes, size_t *used, struct writer *out,
                                               struct tunnel_fault *fault);

#endif
