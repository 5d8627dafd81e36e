/*
 * The bytes that clients of a session lab send: requests, frames, PROXY headers and garbage, whole
 * and in pieces. Each is noted in the client's row of session_peer.h, which derives the expected
 * answer, or marks the client as unpredictable.
 *
 * Owns: the clients' bytes. Thread: one. Errors: bytes without room are not sent.
 * Lifetime: static; one include per program.
 */
#ifndef WSLUICE_TESTS_SESSION_CLIENT_H
#define WSLUICE_TESTS_SESSION_CLIENT_H

#include "lib/session_lab.h"
#include "lib/session_peer.h"

#define SESSION_CLIENTS     12
#define SESSION_CLIENT_WIRE (192 * 1024)

struct session_client_peer {
    struct fake_peer *peer;
    size_t length; /* of all bytes; peer->in_end of them are delivered */
    uint8_t wire[SESSION_CLIENT_WIRE];
};

static struct session_client_peer session_clients[SESSION_CLIENTS];
static size_t session_client_count;
static inline struct session_peer *session_client_row(const struct session_client_peer *client)
{
    return session_peer_of(client->peer);
}

static inline void session_client_send(struct session_client_peer *client, const void *bytes,
                                       size_t length)
{
    if (length > sizeof(client->wire) - client->length) {
        session_client_row(client)->unpredictable = true; /* cut in the middle */
        return;
    }
    if (length > 0)
        memcpy(client->wire + client->length, bytes, length);
    client->length += length;
}

static inline void session_client_send_text(struct session_client_peer *client, const char *text)
{
    session_client_send(client, text, strlen(text));
}

static inline void session_client_deliver(struct session_client_peer *client, size_t most)
{
    size_t left = client->length - client->peer->in_end;
    if (!client->peer->hung_up && !client->peer->eof)
        client->peer->in_end += left < most ? left : most;
}

static const char *const session_client_paths[] = {
    "/bridge",
    "/desk/a",
    "/pair",
    "/after",
    "/v1",
    "/v2",
    "/rec",
    "/token?token=beta",
    "/token?token=alpha",
    "/quiet",
    "/short",
    "/page",
    "/files/",
    "/files/large.txt",
    "/files/sub",
    "/metrics",
    "/live",
    "/ready",
    "/status",
    "/moved?x",
    "/nowhere",
    "/host/10.1.",
    "/token",
    "/token/gamma",
    "/in/bridge",
    "/files/%2e%2e/x",
    "/status?format=json&sort=rate_down&limit=2",
    "/files/page.html",
    "/status?format=text&sort=client&filter=a",
    "/status?format=json&order=desc",
};

/* From 196 on: routes that expect a banner, which most targets do not send. */
static const char *const session_client_expecting[] = {"/expect", "/expect/after"};

/* From 200 on: hosts around the longest that a capture can make. */
static inline void session_client_send_path(struct session_client_peer *client, uint8_t choice)
{
    char name[512];
    size_t length = 128 + (choice - 200u) * 4;
    if (choice >= 196 && choice < 200) {
        session_client_send_text(client, session_client_expecting[choice % 2]);
        return;
    }
    if (choice < 200) {
        session_client_send_text(client,
                                 session_client_paths[choice % WSL_COUNT(session_client_paths)]);
        return;
    }
    memset(name, 'a', sizeof(name));
    for (size_t i = 60; i < length; i += 61)
        name[i] = '.';
    session_client_send_text(client, "/host/");
    session_client_send(client, name, length);
}

static inline void session_client_send_upgrade(struct session_client_peer *client, uint8_t bits)
{
    session_client_send_text(
        client, "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: ");
    session_client_send_text(client, bits & 2 ? "8\r\n" : "13\r\n");
    if (bits & 4)
        session_client_send_text(client, "Sec-WebSocket-Protocol: vnc, binary\r\n");
}

/*
 * Bits: 1 upgrade, 2 and 4 see session_client_send_upgrade, 8 Origin, 16 HEAD, 32 close, 64
 * cookies, 128 X-Forwarded-For; 32 and 64 together: HTTP/1.0.
 */
static inline void session_client_request(struct session_client_peer *client, uint8_t path,
                                          uint8_t bits)
{
    struct session_peer *row = session_client_row(client);
    bool head = (bits & 16) && !(bits & 1);
    row->unpredictable = row->unpredictable || row->upgraded || row->requests >= 60;
    session_client_send_text(client, head ? "HEAD " : "GET ");
    session_client_send_path(client, path);
    session_client_send_text(client, (bits & 96) == 96 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    session_client_send_text(client, "Host: desk.example\r\n");
    if (bits & 1)
        session_client_send_upgrade(client, bits);
    if (bits & 8)
        session_client_send_text(client, "Origin: https://desk.example\r\n");
    if (bits & 32)
        session_client_send_text(client, "Connection: close\r\n");
    for (unsigned i = 0; i < 20 && (bits & 64); i++)
        session_client_send_text(client, "Cookie: a=b; token=alpha\r\n");
    if (bits & 128)
        session_client_send_text(client, "X-Forwarded-For: 192.0.2.7\r\n");
    session_client_send_text(client, "\r\n");
    row->head_requests |= (uint64_t)head << (row->requests & 63);
    row->requests++;
    row->upgraded = row->upgraded || (bits & 1);
}

/* The payload continues the client's pattern; it counts as sent if `payload`. */
static inline void session_client_frame(struct session_client_peer *client, uint8_t first,
                                        size_t length, bool payload)
{
    static const uint8_t masks[2][4] = {{0, 0, 0, 0}, {0x37, 0xfa, 0x21, 0x3d}};
    const uint8_t *mask = masks[length & 1];
    struct session_peer *row = session_client_row(client);
    uint8_t head[14] = {first, 0x80};
    size_t size = 2;
    if (length + sizeof(head) > sizeof(client->wire) - client->length)
        return;
    if (length < 126) {
        head[1] |= (uint8_t)length;
    } else {
        bool large = length > 0xffff;
        head[1] |= large ? 127 : 126;
        for (size_t i = 0, bytes = large ? 8 : 2; i < bytes; i++)
            head[size++] = (uint8_t)(length >> 8 * (bytes - 1 - i));
    }
    memcpy(head + size, mask, 4);
    session_client_send(client, head, size + 4);
    uint8_t *out = client->wire + client->length;
    fake_pattern_fill(client->peer->id, row->payload_sent, out, length);
    for (size_t i = 0; i < length; i++)
        out[i] ^= mask[i % 4];
    client->length += length;
    if (payload && !row->unpredictable && !row->sent_close)
        row->payload_sent += length;
}

static inline void session_client_data(struct session_client_peer *client, uint8_t kind,
                                       size_t length)
{
    struct session_peer *row = session_client_row(client);
    uint8_t opcode = kind & 1 ? WS_OP_TEXT : WS_OP_BINARY;
    bool final = !(kind & 2);
    if (row->in_message)
        opcode = WS_OP_CONTINUATION;
    row->in_message = !final;
    session_client_frame(client, (uint8_t)((final ? 0x80 : 0) | opcode), length, true);
}

/* 1000 is valid; other codes test a strict bridge. */
static inline void session_client_close(struct session_client_peer *client, unsigned code)
{
    uint8_t frame[] = {0x88, 0x82, 0, 0, 0, 0, (uint8_t)(code >> 8), (uint8_t)code};
    session_client_send(client, frame, sizeof(frame));
    session_client_row(client)->sent_close = true;
}

/* TLS 1.2: the session does not get past its handshake. */
static const uint8_t session_client_hello[] = {
    0x16, 3,    1,  0,  63, 1,  0,  0,  59, 3,  3,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
    13,   14,   15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0,  0,  2,
    0xc0, 0x2b, 1,  0,  0,  16, 0,  10, 0,  4,  0,  2,  0,  23, 0,  13, 0,  4,  0,  2,  4,  3};

/* A PROXY header, or a TLS ClientHello (bit 8). */
static inline void session_client_proxy(struct session_client_peer *client, uint8_t kind)
{
    static const uint8_t v2[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\x12\x34\0\x50";
    static const char *const v1[] = {
        "PROXY TCP4 192.0.2.7 192.0.2.1 4660 80\r\n",
        "PROXY UNKNOWN\r\n",
        "PROXY TCP6 2001:db8::7 2001:db8::1 4660 80\r\n",
        "PROXY TCP4 192.0.2.300 192.0.2.1 4660 80\r\n",
    };
    struct session_peer *row = session_client_row(client);
    row->unpredictable = row->unpredictable || client->length > 0 || kind % 8 == 3 || (kind & 8);
    row->unchecked = row->unchecked || (kind & 8);
    if (kind & 8)
        session_client_send(client, session_client_hello,
                            sizeof(session_client_hello) - (kind >> 4));
    else if (kind & 4)
        session_client_send(client, v2, sizeof(v2) - 1);
    else
        session_client_send_text(client, v1[kind % 4]);
}

static inline void session_client_kill(struct session_client_peer *client, uint8_t byte)
{
    char request[512], id[SESSION_ID_TEXT];
    struct session_peer *row = session_client_row(client);
    row->unpredictable = row->unpredictable || row->upgraded || row->requests >= 60;
    row->requests++;
    snprintf(request, sizeof(request),
             "POST /status?kill=%s HTTP/1.1\r\nHost: desk.example\r\nX-Wsluice-Token: %s\r\n\r\n",
             session_id_print(session_id(0, byte & 1, byte >> 1), id), session_lab.process.token);
    session_client_send_text(client, request);
}

#endif
