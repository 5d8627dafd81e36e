/*
 * The opening handshake, RFC 6455 section 4, client side: writes the upgrade request, and checks
 * the answer.
 *
 *      ws_request_begin -> ws_request_offer, ws_request_add -> ws_request_end
 *
 * Pure. Owns: nothing. Thread: any. Errors: `fault`, a phrase. Lifetime: slices borrow what they
 * point into.
 */
#ifndef WSLUICE_CODEC_WS_WS_REQUEST_H
#define WSLUICE_CODEC_WS_WS_REQUEST_H

#include "base/text/writer.h"
#include "codec/http/answer/http_answer.h"

#define WS_NONCE_SIZE 16 /* unpredictable, and new for each request: RFC 6455 section 4.1 */
#define WS_KEY_LENGTH 24 /* the same in base64: Sec-WebSocket-Key */

/* A request in the making. It may hold credentials: the caller wipes its buffer. */
struct ws_request {
    struct writer out;
    char key[WS_KEY_LENGTH]; /* for ws_request_check */
    const char *fault;       /* the first one, to follow "the request"; static */
    bool offers;
    bool has[3]; /* fields that may occur once: ws_request.c */
};

/* `path`: with its query, if there is one. `authority`: host [":" port], for the Host field. */
void ws_request_begin(struct ws_request *request, void *out, size_t capacity, struct slice path,
                      struct slice authority, const uint8_t nonce[static WS_NONCE_SIZE]);

/* The subprotocols that the client speaks, best first; tokens, all of them different. Once. */
void ws_request_offer(struct ws_request *request, const char *const *subprotocols, size_t count);

/*
 * A header field of the caller's: Origin, Authorization, anything but those that the handshake
 * itself is made of (Host, Upgrade, Connection, Sec-WebSocket-*), or that would announce a body.
 * Once each: User-Agent, which replaces ours, Origin, Authorization.
 */
void ws_request_add(struct ws_request *request, struct slice name, struct slice value);

/* The length of the whole head; 0: `fault` says why. */
WSL_MUST_CHECK size_t ws_request_end(struct ws_request *request);

enum ws_reply {
    WS_REPLY_OPEN,     /* what follows the head is frames */
    WS_REPLY_REFUSED,  /* another status than 101: answer.status, answer.phrase */
    WS_REPLY_REDIRECT, /* likewise, 3xx with a Location; it is not followed */
    WS_REPLY_BAD,      /* 101, but not the answer to this request */
};

/*
 * Judges the final answer, read as HTTP_ASKED_UPGRADE. `offered`: the subprotocols of the request;
 * `chosen` is one of them, ptr NULL: none, which the caller may refuse. Unless OPEN, *fault is a
 * phrase to follow "the answer". Checks in this order: status, HTTP version, Upgrade, Connection,
 * Sec-WebSocket-Accept, Sec-WebSocket-Extensions, Sec-WebSocket-Protocol.
 */
WSL_MUST_CHECK enum ws_reply ws_request_check(const struct http_answer *answer,
                                              const char key[static WS_KEY_LENGTH],
                                              const char *const *offered, size_t count,
                                              struct slice *chosen, const char **fault);

#endif
