/*
 * The opening handshake, RFC 6455 section 4, server side: checks the upgrade request, chooses the
 * subprotocol, writes the answer.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a reason from the table. Lifetime: slices borrow the
 * head.
 */
#ifndef WSLUICE_CODEC_WS_WS_HANDSHAKE_H
#define WSLUICE_CODEC_WS_WS_HANDSHAKE_H

#include "codec/http/http_head.h"

#define WS_ACCEPT_LENGTH    28  /* base64 of a SHA-1 */
#define WS_SUBPROTOCOLS_MAX 32  /* offers of a client; more are refused */
#define WS_ANSWER_MAX       256 /* the 101 head without the name of the subprotocol */

/* Begins an offered subprotocol that carries a secret of the client's, and is never chosen. */
#define WS_BEARER "bearer."

struct ws_handshake {
    char accept[WS_ACCEPT_LENGTH];
    struct slice subprotocol; /* chosen; ptr NULL: none */
};

/*
 * REASON_none if the head is a correct upgrade request; otherwise why not (the table has the HTTP
 * status). Checks in this order: body, method, upgrade wanted, HTTP version,
 * Sec-WebSocket-Version, Sec-WebSocket-Key, Sec-WebSocket-Protocol, Sec-WebSocket-Extensions.
 *
 * Subprotocol: "binary" if offered, else the first one offered except "base64" and those that begin
 * with WS_BEARER, else none.
 */
WSL_MUST_CHECK enum reason ws_handshake_check(const struct http_head *head,
                                              struct ws_handshake *out);

/* Sec-WebSocket-Accept for a key. False: the key is too long, or OpenSSL has no memory. */
WSL_MUST_CHECK bool ws_handshake_accept(struct slice key, char accept[static WS_ACCEPT_LENGTH]);

/*
 * The subprotocols that the client offers, without those that begin with WS_BEARER; of `wanted`, if
 * there are any, those alone, each once, and in that order. They borrow the head, or `wanted`.
 */
WSL_MUST_CHECK enum reason ws_handshake_offers(const struct http_head *head,
                                               const char *const *wanted, size_t wanted_count,
                                               struct slice offers[static WS_SUBPROTOCOLS_MAX],
                                               size_t *count);

/* Chooses again, by preference: the first of `wanted` that the client offers, else none. */
WSL_MUST_CHECK enum reason ws_handshake_prefer(const struct http_head *head,
                                               const char *const *wanted, size_t count,
                                               struct ws_handshake *out);

/*
 * The 101 head with `fields`, whole field lines, appended; returns its length, or 0 if it does not
 * fit.
 */
WSL_MUST_CHECK size_t ws_handshake_response(char *out, size_t capacity,
                                            const struct ws_handshake *handshake,
                                            struct slice fields);

#endif
