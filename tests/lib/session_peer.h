/*
 * What peers of a session hear, checked as it is sent: a client gets whole HTTP answers, as many as
 * it asked for, then frames that a strict client accepts; a target gets an introduction and
 * payload. Payload is a prefix of what exactly one of the others has sent, in order.
 *
 * Owns: a row per fake peer. Thread: one. Errors: assertions. Lifetime: static; session_peer_reset
 * makes it new; one include per program.
 */
#ifndef WSLUICE_TESTS_SESSION_PEER_H
#define WSLUICE_TESTS_SESSION_PEER_H

#include "codec/proxy_proto.h"
#include "codec/ws/ws_frame.h"
#include "lib/fake_socket.h"

#define SESSION_PEER_HEAD 4096

/* Targets at these ports are introduced to their clients. */
enum { SESSION_PEER_V1 = 5911, SESSION_PEER_V2 = 5912 };

struct session_peer {
    /* What it has said. */
    bool wild; /* from here on nobody can tell what it means */
    bool upgraded, in_message, said_close;
    uint64_t payload_said; /* before it went wild, or closed */
    unsigned requests;
    uint64_t head_requests; /* by bits: no body comes back */
    /* What it has heard. */
    enum { SESSION_PEER_IN_HEAD, SESSION_PEER_IN_BODY, SESSION_PEER_IN_FRAMES } hears;
    bool got_close, deaf; /* deaf: not checked any further */
    unsigned answers;
    uint64_t payload_heard;
    uint64_t others; /* who may have said that, by bits */
    uint64_t left;   /* of the body, or of the frame */
    uint8_t opcode;
    size_t held; /* of the head of an answer, a frame or an introduction */
    uint8_t head[SESSION_PEER_HEAD];
    bool introduced;
};

static struct session_peer session_peers[FAKE_SOCKET_PEERS];

static inline struct session_peer *session_peer_of(const struct fake_peer *peer)
{
    return &session_peers[peer->id];
}

static inline void session_peer_reset(void)
{
    for (size_t i = 0; i < FAKE_SOCKET_PEERS; i++) {
        memset(&session_peers[i], 0, offsetof(struct session_peer, head));
        session_peers[i].introduced = false;
        session_peers[i].others = UINT64_MAX;
    }
}

/* ---- payload ---- */

/* Whether a client may have said this at that place of its payload. */
static inline bool session_peer_may_say(const struct fake_peer *speaker, uint64_t at,
                                        const uint8_t *bytes, size_t length)
{
    const struct session_peer *said = session_peer_of(speaker);
    uint64_t known = speaker->is_target ? speaker->in_at : said->payload_said;
    uint64_t left = known > at ? known - at : 0;
    bool open_end = !speaker->is_target && said->wild && said->upgraded;
    if (length > left && !open_end)
        return false;
    return fake_pattern_is(speaker->id, at, bytes, length < left ? length : (size_t)left);
}

static inline void session_peer_payload(const struct fake_peer *listener, const uint8_t *bytes,
                                        size_t length)
{
    struct session_peer *heard = session_peer_of(listener);
    for (size_t i = 0; i < FAKE_SOCKET_PEERS; i++) {
        const struct fake_peer *speaker = &fake_socket.peers[i];
        uint64_t bit = UINT64_C(1) << i;
        if ((heard->others & bit) &&
            (!speaker->used || speaker->is_target == listener->is_target ||
             !session_peer_may_say(speaker, heard->payload_heard, bytes, length)))
            heard->others &= ~bit;
    }
    wsl_assert(heard->others != 0); /* nobody has said that */
    heard->payload_heard += length;
}

/* ---- targets ---- */

/* Bytes that belong to the introduction. */
static inline size_t session_peer_introduction(const struct fake_peer *peer, const uint8_t *bytes,
                                               size_t length)
{
    struct session_peer *heard = session_peer_of(peer);
    struct proxy_proto header;
    size_t before = heard->held, consumed;
    enum reason bad;
    if (heard->introduced || (peer->port != SESSION_PEER_V1 && peer->port != SESSION_PEER_V2))
        return 0;
    size_t room = sizeof(heard->head) - before, fresh = length < room ? length : room;
    memcpy(heard->head + before, bytes, fresh);
    heard->held += fresh;
    switch (proxy_proto_decode(heard->head, heard->held, &header, &consumed, &bad)) {
    case PROXY_PROTO_MORE:
        return length;
    case PROXY_PROTO_DONE:
        heard->introduced = true;
        wsl_assert(consumed > before);
        return consumed - before;
    case PROXY_PROTO_ABSENT:
    case PROXY_PROTO_BAD:
        break;
    }
    wsl_assert(!"the target is not introduced to its client");
    return 0;
}

/* ---- clients ---- */

/* Payload of one frame, or a part of it. */
static inline void session_peer_frame_bytes(const struct fake_peer *peer, const uint8_t *bytes,
                                            size_t length)
{
    struct session_peer *heard = session_peer_of(peer);
    if (heard->opcode == WS_OP_BINARY || heard->opcode == WS_OP_CONTINUATION)
        session_peer_payload(peer, bytes, length);
}

static inline void session_peer_begin_frame(struct session_peer *heard)
{
    const uint8_t *head = heard->head;
    unsigned length = head[1];
    wsl_assert((head[0] & 0x70) == 0 && length < 0x80); /* no extension, no mask */
    wsl_assert(!heard->got_close);                      /* nothing comes behind a Close */
    heard->opcode = head[0] & 0x0f;
    heard->left = length;
    if (length == 126)
        heard->left = (uint64_t)head[2] << 8 | head[3];
    for (size_t i = 2; length == 127 && i < 10; i++)
        heard->left = (i == 2 ? 0 : heard->left << 8) | head[i];
    wsl_assert(length != 126 || heard->left >= 126);
    wsl_assert(length != 127 || heard->left > 0xffff);
    wsl_assert((head[0] & 0x80) && heard->opcode != WS_OP_CONTINUATION);
    wsl_assert(heard->opcode == WS_OP_BINARY || heard->opcode == WS_OP_PING ||
               heard->opcode == WS_OP_PONG || heard->opcode == WS_OP_CLOSE);
    wsl_assert(heard->opcode == WS_OP_BINARY || length <= WS_CONTROL_MAX);
    wsl_assert(heard->opcode != WS_OP_CLOSE || length != 1);
    heard->got_close = heard->opcode == WS_OP_CLOSE;
}

static inline size_t session_peer_frames(const struct fake_peer *peer, const uint8_t *bytes,
                                         size_t length)
{
    struct session_peer *heard = session_peer_of(peer);
    if (heard->left > 0) {
        size_t n = heard->left < length ? (size_t)heard->left : length;
        session_peer_frame_bytes(peer, bytes, n);
        heard->left -= n;
        return n;
    }
    heard->head[heard->held++] = bytes[0];
    unsigned kind = heard->held > 1 ? heard->head[1] : 0;
    size_t size = kind == 126 ? 4 : kind == 127 ? 10 : 2;
    if (heard->held >= size && heard->held > 1) {
        session_peer_begin_frame(heard);
        heard->held = 0;
    }
    return 1;
}

static inline uint64_t session_peer_content(const char *head)
{
    const char *field = strstr(head, "Content-Length: ");
    return field ? strtoull(field + 16, NULL, 10) : 0;
}

/* The head of an answer is whole. */
static inline void session_peer_answer(const struct fake_peer *peer)
{
    struct session_peer *heard = session_peer_of(peer);
    char *head = (char *)heard->head;
    wsl_assert(strncmp(head, "HTTP/1.1 ", 9) == 0);
    unsigned status = (unsigned)strtoul(head + 9, NULL, 10);
    wsl_assert(status == 101 || (status >= 200 && status < 600));
    heard->held = 0;
    if (status == 101) {
        wsl_assert(heard->upgraded || heard->wild);
        heard->hears = SESSION_PEER_IN_FRAMES;
        return;
    }
    bool body = status != 204 && status != 304 && !(heard->head_requests >> heard->answers & 1);
    /* Who is one too many is told before it asks. */
    wsl_assert(heard->wild || heard->answers < heard->requests ||
               (status >= 400 && heard->answers == heard->requests));
    heard->answers++;
    heard->left = body ? session_peer_content(head) : 0;
    heard->hears = heard->left > 0 ? SESSION_PEER_IN_BODY : SESSION_PEER_IN_HEAD;
    heard->deaf = heard->wild; /* of what else it may have asked nobody knows */
}

static inline size_t session_peer_http(const struct fake_peer *peer, const uint8_t *bytes,
                                       size_t length)
{
    struct session_peer *heard = session_peer_of(peer);
    if (heard->hears == SESSION_PEER_IN_BODY) {
        size_t n = heard->left < length ? (size_t)heard->left : length;
        heard->left -= n;
        if (heard->left == 0)
            heard->hears = SESSION_PEER_IN_HEAD;
        return n;
    }
    wsl_assert(heard->held + 1 < sizeof(heard->head));
    heard->head[heard->held++] = bytes[0];
    if (heard->held >= 4 && memcmp(heard->head + heard->held - 4, "\r\n\r\n", 4) == 0) {
        heard->head[heard->held] = '\0';
        session_peer_answer(peer);
    }
    return 1;
}

/* For fake_socket.sent. */
static inline void session_peer_hear(struct fake_peer *peer, const uint8_t *bytes, size_t length)
{
    struct session_peer *heard = session_peer_of(peer);
    if (peer->is_target) {
        size_t introduction = session_peer_introduction(peer, bytes, length);
        if (introduction < length)
            session_peer_payload(peer, bytes + introduction, length - introduction);
        return;
    }
    while (length > 0 && !heard->deaf) {
        size_t n = heard->hears == SESSION_PEER_IN_FRAMES ? session_peer_frames(peer, bytes, length)
                                                          : session_peer_http(peer, bytes, length);
        bytes += n;
        length -= n;
    }
}

#endif
