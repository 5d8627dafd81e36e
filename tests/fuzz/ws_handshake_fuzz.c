/*
 * An accepted handshake has all that RFC 6455 section 4.2.1 demands, and no answer has a line that
 * the client made. Base64 that decodes is what encoding the result yields.
 *
 * Input: field lines of a request, with LF or CRLF; read a second time, base64.
 */
#include "codec/b64.h"
#include "codec/http/http_char.h"
#include "codec/ws/ws_handshake.h"

#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 4096

static size_t frame(char *out, const char *line, const uint8_t *data, size_t size)
{
    size_t length = strlen(line);
    memcpy(out, line, length);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
            out[length++] = '\r';
        out[length++] = (char)data[i];
    }
    memcpy(out + length, "\r\n\r\n",
           4); /* the first CRLF ends the last line, if the input does not */
    return length + 4;
}

static unsigned lines_of(const char *text, size_t length)
{
    unsigned lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

static void check_answer(const struct ws_handshake *handshake)
{
    char answer[WS_ANSWER_MAX + INPUT_MAX];
    size_t length = ws_handshake_response(answer, sizeof(answer), handshake, (struct slice){0});
    bool chosen = handshake->subprotocol.ptr != NULL;
    wsl_assert(length > 0 && length <= WS_ANSWER_MAX + handshake->subprotocol.len);
    wsl_assert(memcmp(answer + length - 4, "\r\n\r\n", 4) == 0);
    wsl_assert(lines_of(answer, length) == 6u + chosen);
    wsl_assert(ws_handshake_response(answer, length - 1, handshake, (struct slice){0}) == 0);
}

/* RFC 6455 section 4.2.2, by OpenSSL alone. */
static void accept_of(struct slice key, char accept[static WS_ACCEPT_LENGTH + 1])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char text[64];
    int length = snprintf(text, sizeof(text), "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                          (int)key.len, key.ptr);
    wsl_assert(EVP_Digest(text, (size_t)length, digest, NULL, EVP_sha1(), NULL) == 1);
    wsl_assert(EVP_EncodeBlock((uint8_t *)accept, digest, 20) == WS_ACCEPT_LENGTH);
}

static void check_accepted(const struct http_head *head, const struct ws_handshake *handshake)
{
    char accept[WS_ACCEPT_LENGTH + 1];
    unsigned count;
    const struct http_field *key = http_head_only(head, SLICE("sec-websocket-key"), &count);
    wsl_assert(key && key->value.len == 24);
    accept_of(key->value, accept);
    wsl_assert(memcmp(accept, handshake->accept, WS_ACCEPT_LENGTH) == 0);

    const struct http_field *version = http_head_only(head, SLICE("sec-websocket-version"), &count);
    wsl_assert(version && slice_equal(version->value, SLICE("13")));
    wsl_assert(http_head_lists(head, SLICE("upgrade"), SLICE("WEBSOCKET")));
    wsl_assert(http_head_lists(head, SLICE("connection"), SLICE("UPGRADE")));
    wsl_assert(!head->has_body && slice_equal(head->method, SLICE("GET")));

    struct slice chosen = handshake->subprotocol;
    if (chosen.ptr) {
        wsl_assert(http_char_is_token(chosen) && !slice_equal(chosen, SLICE("base64")));
        wsl_assert(!slice_cut_prefix(&chosen, SLICE(WS_BEARER)));
        wsl_assert(http_head_lists(head, SLICE("sec-websocket-protocol"), chosen));
    }
    check_answer(handshake);
}

static void check_request(const char *line, const uint8_t *data, size_t size)
{
    static const struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};
    struct http_head head;
    struct ws_handshake handshake;
    size_t consumed;
    enum reason bad;
    char text[2 * INPUT_MAX + 64];
    size_t length = frame(text, line, data, size);
    enum http_verdict verdict =
        http_head_parse(&head, text, length, &limits, &(struct http_scan){0}, &consumed, &bad);
    if (verdict == HTTP_MORE)
        return;
    if (verdict == HTTP_HEAD)
        bad = ws_handshake_check(&head, &handshake);
    if (bad == REASON_none) {
        check_accepted(&head, &handshake);
        return;
    }
    wsl_assert(reason_row(bad)->http_status >= 400 && reason_row(bad)->http_status != 500);
}

static void check_base64(const uint8_t *data, size_t size)
{
    uint8_t bytes[INPUT_MAX];
    char text[B64_ENCODED(INPUT_MAX)];
    struct slice input = {(const char *)data, size};
    long length = b64_decode(bytes, sizeof(bytes), input);
    if (length >= 0)
        wsl_assert(b64_encode(text, bytes, (size_t)length) == size &&
                   memcmp(text, data, size) == 0);
    size_t encoded = b64_encode(text, data, size);
    wsl_assert(b64_decode(bytes, sizeof(bytes), (struct slice){text, encoded}) == (long)size);
    wsl_assert(memcmp(bytes, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX || size == 0)
        return 0;
    check_request("GET /websockify HTTP/1.1\r\nHost: a\r\n", data, size);
    check_request("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                  data, size);
    check_base64(data, size);
    return 0;
}
