#include "load_ws.h"

const char load_ws_request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                               "Sec-WebSocket-Protocol: binary\r\n\r\n";

const char load_ws_response[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Protocol: binary\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const uint8_t load_ws_pong[6] = {0x8a, 0x80, 0x12, 0x34, 0x56, 0x78};

enum { TLS_HEADER = 5 };

/* Frames of a proxy are unmasked, so 2, 4 or 10 bytes make a header. */
static size_t header_size(const uint8_t *header, size_t have)
{
    if (have < 2 || (header[1] & 0x7f) < 126)
        return 2;
    return (header[1] & 0x7f) == 126 ? 4 : 10;
}

static const char *judge(const uint8_t *header, uint64_t length)
{
    uint8_t opcode = header[0] & 0x0f;
    if (header[0] & 0x70)
        return "a reserved bit is set";
    if (header[1] & 0x80)
        return "a frame of the proxy is masked";
    if (opcode == 8)
        return "the proxy sent Close";
    if (opcode != 0 && opcode != 2 && opcode != 9 && opcode != 10)
        return "an opcode that is neither binary nor ping";
    if ((header_size(header, 2) == 4 && length < 126) ||
        (header_size(header, 2) == 10 && length < 65536))
        return "a length that is not minimal";
    return NULL;
}

static bool in_control_frame(const struct load_ws_walk *walk)
{
    return walk->header[0] & 0x08;
}

/* True once a whole header has been read. */
static bool read_header(struct load_ws_walk *walk, const uint8_t **at, const uint8_t *end)
{
    size_t size = header_size(walk->header, walk->have);
    while (walk->have < size && *at < end) {
        walk->header[walk->have++] = *(*at)++;
        size = header_size(walk->header, walk->have);
    }
    if (walk->have < size)
        return false;
    uint64_t length = walk->header[1] & 0x7f;
    if (size > 2)
        length = 0;
    for (size_t i = 2; i < size; i++)
        length = length << 8 | walk->header[i];
    walk->wrong = judge(walk->header, length);
    walk->left = length;
    walk->have = 0;
    if ((walk->header[0] & 0x0f) == 9)
        walk->pings++;
    else if (!in_control_frame(walk))
        walk->frames++;
    return true;
}

bool load_ws_next(struct load_ws_walk *walk, const uint8_t **at, const uint8_t *end,
                  struct slice *piece)
{
    while (!walk->wrong && *at < end) {
        if (walk->left == 0) {
            if (!read_header(walk, at, end))
                return false;
            continue;
        }
        size_t here = (size_t)(end - *at);
        size_t size = walk->left < here ? (size_t)walk->left : here;
        *piece = (struct slice){(const char *)*at, size};
        *at += size;
        walk->left -= size;
        if (!in_control_frame(walk))
            return true;
    }
    return false;
}

uint64_t load_ws_count_records(struct load_ws_walk *walk, const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;
    uint64_t plain = 0;
    while (at < end) {
        if (walk->left > 0) {
            size_t here = (size_t)(end - at);
            size_t skip = walk->left < here ? (size_t)walk->left : here;
            walk->left -= skip;
            at += skip;
            continue;
        }
        walk->header[walk->have++] = *at++;
        if (walk->have < TLS_HEADER)
            continue;
        walk->have = 0;
        walk->left = (uint64_t)walk->header[3] << 8 | walk->header[4];
        if (walk->header[0] != 23 || walk->left < LOAD_WS_RECORD_OVERHEAD) {
            walk->wrong = "not a TLS 1.3 application record";
            return plain;
        }
        walk->frames++;
        plain += walk->left - LOAD_WS_RECORD_OVERHEAD; /* the tag, and the inner content type */
    }
    return plain;
}

size_t load_ws_put_frame(uint8_t *to, const uint8_t *payload, size_t size, uint32_t mask)
{
    uint8_t *at = to;
    size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
    *at++ = 0x82;
    *at++ = (uint8_t)((mask ? 0x80 : 0) | (extra == 0 ? size : extra == 2 ? 126 : 127));
    for (size_t i = 0; i < extra; i++)
        *at++ = (uint8_t)((uint64_t)size >> 8 * (extra - 1 - i));
    uint8_t key[4];
    memcpy(key, &mask, sizeof(key));
    if (mask) {
        memcpy(at, key, sizeof(key));
        at += sizeof(key);
    }
    for (size_t i = 0; i < size; i++)
        *at++ = payload[i] ^ key[i % 4];
    return (size_t)(at - to);
}
