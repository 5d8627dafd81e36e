/*
 * Checks the bytes that peers of a session receive, as they are sent. A client receives one whole
 * HTTP answer per request, then frames that a strict client accepts. A target receives a PROXY
 * header, if its port asks for one, and payload. Payload is a prefix of the bytes that exactly one
 * peer of the other side has sent, in order.
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

/* Targets at these ports receive a PROXY header. */
enum { SESSION_PEER_V1 = 5911, SESSION_PEER_V2 = 5912 };

struct session_peer {
    /* What it has sent. */
    bool unpredictable; /* it sent bytes whose answer the test does not know */
    bool upgraded, in_message, sent_close;
    uint64_t payload_sent; /* before it was unpredictable, or sent a Close */
    unsigned requests;
    uint64_t head_requests; /* bit n: request n is HEAD, its answer has no body */
    /* What it has received. */
    enum { SESSION_PEER_IN_HEAD, SESSION_PEER_IN_BODY, SESSION_PEER_IN_FRAMES } phase;
    bool got_close, unchecked; /* unchecked: no more checks of this peer */
    unsigned answers;
    uint64_t payload_received;
    uint64_t senders; /* bit n: peer n may have sent that payload */
    uint64_t left;    /* bytes of the body or of the frame */
    uint8_t opcode;
    size_t head_length; /* of an answer, a frame or a PROXY header */
    uint8_t head[SESSION_PEER_HEAD];
    bool has_proxy_header;
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
        session_peers[i].has_proxy_header = false;
        session_peers[i].senders = UINT64_MAX;
    }
}

/* ---- payload ---- */

/* True: these bytes can be at this position of the sender's payload. */
static inline bool session_peer_may_have_sent(const struct fake_peer *sender, uint64_t at,
                                              const uint8_t *bytes, size_t length)
{
    const struct session_peer *row = session_peer_of(sender);
    uint64_t known = sender->is_target ? sender->in_at : row->payload_sent;
    uint64_t left = known > at ? known - at : 0;
    bool open_end = !sender->is_target && row->unpredictable && row->upgraded;
    if (length > left && !open_end)
        return false;
    return fake_pattern_is(sender->id, at, bytes, length < left ? length : (size_t)left);
}

static inline void session_peer_payload(const struct fake_peer *receiver, const uint8_t *bytes,
                                        size_t length)
{
    struct session_peer *row = session_peer_of(receiver);
    for (size_t i = 0; i < FAKE_SOCKET_PEERS; i++) {
        const struct fake_peer *sender = &fake_socket.peers[i];
        uint64_t bit = UINT64_C(1) << i;
        if ((row->senders & bit) &&
            (!sender->used || sender->is_target == receiver->is_target ||
             !session_peer_may_have_sent(sender, row->payload_received, bytes, length)))
            row->senders &= ~bit;
    }
    wsl_assert(row->senders != 0); /* no peer has sent that */
    row->payload_received += length;
}

/* ---- targets ---- */

/* Returns how many bytes belong to the PROXY header. */
static inline size_t session_peer_proxy_header(const struct fake_peer *peer, const uint8_t *bytes,
                                               size_t length)
{
    struct session_peer *row = session_peer_of(peer);
    struct proxy_proto header;
    size_t before = row->head_length, consumed;
    enum reason bad;
    if (row->has_proxy_header || (peer->port != SESSION_PEER_V1 && peer->port != SESSION_PEER_V2))
        return 0;
    size_t room = sizeof(row->head) - before, fresh = length < room ? length : room;
    memcpy(row->head + before, bytes, fresh);
    row->head_length += fresh;
    switch (proxy_proto_decode(row->head, row->head_length, &header, &consumed, &bad)) {
    case PROXY_PROTO_MORE:
        return length;
    case PROXY_PROTO_DONE:
        row->has_proxy_header = true;
        wsl_assert(consumed > before);
        return consumed - before;
    case PROXY_PROTO_ABSENT:
    case PROXY_PROTO_BAD:
        break;
    }
    wsl_assert(!"the target received no PROXY header");
    return 0;
}

/* ---- clients ---- */

/* Payload of one frame, whole or in part. */
static inline void session_peer_frame_bytes(const struct fake_peer *peer, const uint8_t *bytes,
                                            size_t length)
{
    struct session_peer *row = session_peer_of(peer);
    if (row->opcode == WS_OP_BINARY || row->opcode == WS_OP_CONTINUATION)
        session_peer_payload(peer, bytes, length);
}

static inline void session_peer_begin_frame(struct session_peer *row)
{
    const uint8_t *head = row->head;
    unsigned length = head[1];
    wsl_assert((head[0] & 0x70) == 0 && length < 0x80); /* no extension, no mask */
    wsl_assert(!row->got_close);                        /* nothing follows a Close */
    row->opcode = head[0] & 0x0f;
    row->left = length;
    if (length == 126)
        row->left = (uint64_t)head[2] << 8 | head[3];
    for (size_t i = 2; length == 127 && i < 10; i++)
        row->left = (i == 2 ? 0 : row->left << 8) | head[i];
    wsl_assert(length != 126 || row->left >= 126);
    wsl_assert(length != 127 || row->left > 0xffff);
    wsl_assert((head[0] & 0x80) && row->opcode != WS_OP_CONTINUATION);
    wsl_assert(row->opcode == WS_OP_BINARY || row->opcode == WS_OP_PING ||
               row->opcode == WS_OP_PONG || row->opcode == WS_OP_CLOSE);
    wsl_assert(row->opcode == WS_OP_BINARY || length <= WS_CONTROL_MAX);
    wsl_assert(row->opcode != WS_OP_CLOSE || length != 1);
    row->got_close = row->opcode == WS_OP_CLOSE;
}

static inline size_t session_peer_frames(const struct fake_peer *peer, const uint8_t *bytes,
                                         size_t length)
{
    struct session_peer *row = session_peer_of(peer);
    if (row->left > 0) {
        size_t n = row->left < length ? (size_t)row->left : length;
        session_peer_frame_bytes(peer, bytes, n);
        row->left -= n;
        return n;
    }
    row->head[row->head_length++] = bytes[0];
    unsigned kind = row->head_length > 1 ? row->head[1] : 0;
    size_t size = kind == 126 ? 4 : kind == 127 ? 10 : 2;
    if (row->head_length >= size && row->head_length > 1) {
        session_peer_begin_frame(row);
        row->head_length = 0;
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
    struct session_peer *row = session_peer_of(peer);
    char *head = (char *)row->head;
    wsl_assert(strncmp(head, "HTTP/1.1 ", 9) == 0);
    unsigned status = (unsigned)strtoul(head + 9, NULL, 10);
    wsl_assert(status == 101 || (status >= 200 && status < 600));
    row->head_length = 0;
    if (status == 101) {
        wsl_assert(row->upgraded || row->unpredictable);
        row->phase = SESSION_PEER_IN_FRAMES;
        return;
    }
    bool body = status != 204 && status != 304 && !(row->head_requests >> row->answers & 1);
    /* A refusal over a limit comes before any request. */
    wsl_assert(row->unpredictable || row->answers < row->requests ||
               (status >= 400 && row->answers == row->requests));
    row->answers++;
    row->left = body ? session_peer_content(head) : 0;
    row->phase = row->left > 0 ? SESSION_PEER_IN_BODY : SESSION_PEER_IN_HEAD;
    row->unchecked = row->unpredictable; /* its other requests are unknown */
}

static inline size_t session_peer_http(const struct fake_peer *peer, const uint8_t *bytes,
                                       size_t length)
{
    struct session_peer *row = session_peer_of(peer);
    if (row->phase == SESSION_PEER_IN_BODY) {
        size_t n = row->left < length ? (size_t)row->left : length;
        row->left -= n;
        if (row->left == 0)
            row->phase = SESSION_PEER_IN_HEAD;
        return n;
    }
    wsl_assert(row->head_length + 1 < sizeof(row->head));
    row->head[row->head_length++] = bytes[0];
    if (row->head_length >= 4 && memcmp(row->head + row->head_length - 4, "\r\n\r\n", 4) == 0) {
        row->head[row->head_length] = '\0';
        session_peer_answer(peer);
    }
    return 1;
}

/* The hook for fake_socket.sent. */
static inline void session_peer_receive(struct fake_peer *peer, const uint8_t *bytes, size_t length)
{
    struct session_peer *row = session_peer_of(peer);
    if (peer->is_target) {
        size_t header = session_peer_proxy_header(peer, bytes, length);
        if (header < length)
            session_peer_payload(peer, bytes + header, length - header);
        return;
    }
    while (length > 0 && !row->unchecked) {
        size_t n = row->phase == SESSION_PEER_IN_FRAMES ? session_peer_frames(peer, bytes, length)
                                                        : session_peer_http(peer, bytes, length);
        bytes += n;
        length -= n;
    }
}

#endif
