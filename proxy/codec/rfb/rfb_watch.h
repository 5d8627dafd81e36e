/*
 * Watches the client's side of an RFB session (VNC) for input of its user: key, pointer and
 * clipboard messages. All else that a client sends (requests for frames, fences, encodings, sizes)
 * it sends by itself.
 *
 *      client                                     server
 *         <--- version ------------------------------
 *         ---- version ------------------------------>
 *         <--- security type (3.3), or a list --------     the last bytes of the server
 *         ---- choice (3.7, 3.8) -------------------->     that are looked at
 *         ---- 16 bytes, with VNC authentication ---->
 *         ---- ClientInit, then messages ------------>
 *
 * RFC 6143 with security None and VNC authentication, and the extensions that noVNC and TigerVNC
 * use: QEMU keys, fences, continuous updates, desktop size, extended clipboard and mouse buttons,
 * xvp, gii. A stream that is something else is opaque from there on, and each byte of it counts as
 * input: a user who works must not be taken for absent.
 *
 * In the extended clipboard, what a program sends by itself (its abilities, a request, a look) is
 * no input; an announcement and contents are.
 *
 * Nothing is buffered but the fixed part of one message. Pure.
 *
 * Owns: nothing. Thread: its session's. Errors: none; see `opaque`. Lifetime: plain memory.
 */
#ifndef WSLUICE_CODEC_RFB_RFB_WATCH_H
#define WSLUICE_CODEC_RFB_RFB_WATCH_H

#include "base/base.h"

enum {
    RFB_WATCH_SERVER = 16, /* the server's version, and the security type of RFB 3.3 */
    RFB_WATCH_HEAD = 20,   /* the longest fixed part of a message */
};

/* Why the stream is not followed. */
enum rfb_watch_opaque {
    RFB_WATCH_FOLLOWED,
    RFB_WATCH_VERSION,  /* of the client or the server; neither 3.x nor later */
    RFB_WATCH_SECURITY, /* a security type with bytes of its own, or encrypted */
    RFB_WATCH_MESSAGE,  /* a message type of unknown length */
    RFB_WATCH_ORDER,    /* the client did not wait for the server */
};

struct rfb_watch {
    uint8_t opaque;      /* enum rfb_watch_opaque */
    uint8_t number;      /* the security or message type that is not followed */
    uint8_t step;        /* enum step in rfb_watch.c: what `head` is */
    uint8_t minor;       /* of the server, then of both: 3, 7 or 8; 0: not known */
    bool skips_input;    /* the bytes that are skipped are a clipboard's */
    bool extended_mouse; /* the client knows pointer messages of 7 bytes */
    uint8_t want, have;  /* bytes of `head` */
    uint8_t server_have;
    uint8_t head[RFB_WATCH_HEAD];
    uint8_t server[RFB_WATCH_SERVER];
    uint32_t encodings; /* left in a SetEncodings message */
    uint32_t skip;      /* bytes of a message that do not matter */
};

void rfb_watch_init(struct rfb_watch *watch);

/* The server's first bytes, in order; all but the first RFB_WATCH_SERVER are ignored. */
void rfb_watch_server(struct rfb_watch *watch, struct slice bytes);

/* The client's next bytes. True: an input is complete in them, or may be. */
WSL_MUST_CHECK bool rfb_watch_client(struct rfb_watch *watch, struct slice bytes);

/* Why the stream is opaque, such as "security type 19 (VeNCrypt)". */
void rfb_watch_explain(const struct rfb_watch *watch, char *text, size_t size);

#endif
