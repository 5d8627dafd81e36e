/*
 * What a forward proxy is asked for, and why it did not do so; for http_connect.h and socks5.h.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a fault. Lifetime: slices are borrowed.
 */
#ifndef WSLUICE_CODEC_TUNNEL_TUNNEL_REQUEST_H
#define WSLUICE_CODEC_TUNNEL_TUNNEL_REQUEST_H

#include "base/base.h"
#include "base/reason.h"

enum tunnel_kind { TUNNEL_HTTP, TUNNEL_SOCKS5 };

struct tunnel_request {
    enum tunnel_kind kind;
    struct slice host; /* of the target: a name or an address, without brackets */
    uint16_t port;
    struct slice user, password; /* user.ptr NULL: no login */
};

/* A host that has no character which could end the word or the line around it. */
WSL_MUST_CHECK bool tunnel_request_has_host(const struct tunnel_request *request);

enum tunnel_verdict {
    TUNNEL_MORE,   /* more bytes of the proxy are needed */
    TUNNEL_SEND,   /* there are bytes to send to it first */
    TUNNEL_OPEN,   /* what the proxy sends from now on is the target's */
    TUNNEL_FAILED, /* the fault says why; more bytes do not change that */
};

#define TUNNEL_FAULT 96

struct tunnel_fault {
    enum reason reason;
    char text[TUNNEL_FAULT]; /* for the log, to follow the proxy's name: "answers 403 Forbidden" */
};

/* Returns TUNNEL_FAILED. The text must not have what could be a secret. */
enum tunnel_verdict tunnel_request_fail(struct tunnel_fault *fault, enum reason reason,
                                        const char *format, ...) WSL_PRINTF(3, 4);

#endif
