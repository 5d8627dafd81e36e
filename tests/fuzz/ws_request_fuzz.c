/*
 * The client's handshake. A request has exactly the lines that were asked for, and our own server
 * takes it. Of two answers to it, the one with another accept value is never taken; what is taken
 * has all that RFC 6455 section 4.1 demands, and the verdict does not depend on what follows.
 *
 * Input: read as field lines of an answer, with LF or CRLF, alone and behind those of a good one;
 * read a second time as path, authority, subprotocol and field of a request, one a line.
 */
#include "codec/http/http_char.h"
#include "codec/ws/ws_handshake.h"
#include "codec/ws/ws_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 4096

static const uint8_t nonce[] = "the sample nonce";
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const struct slice accept = {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WS_ACCEPT_LENGTH};
static const struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};
static const char *const offered[] = {"binary", "v1"};

/* ---- the answer ---- */

static size_t frame(char *out, const char *head, const uint8_t *data, size_t size)
{
    size_t length = strlen(head);
    memcpy(out, head, length);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
            out[length++] = '\r';
        out[length++] = (char)data[i];
    }
    memcpy(out + length, "\r\n\r\n", 4);
    return length + 4;
}

static bool has_only(const struct http_answer *answer, struct slice name, struct slice value)
{
    unsigned count;
    const struct http_field *field = http_head_only(&answer->head, name, &count);
    return count == 1 && slice_equal_nocase(field->value, value);
}

static void check_open(const struct http_answer *answer, struct slice chosen)
{
    unsigned count;
    wsl_assert(answer->status == 101 && answer->head.minor_version > 0);
    wsl_assert(has_only(answer, SLICE("upgrade"), SLICE("WEBSOCKET")));
    wsl_assert(http_head_lists(&answer->head, SLICE("connection"), SLICE("UPGRADE")));
    wsl_assert(slice_equal(http_answer_field(answer, SLICE("sec-websocket-accept")), accept));
    wsl_assert(!http_head_has(&answer->head, SLICE("content-length")));
    wsl_assert(!http_head_has(&answer->head, SLICE("transfer-encoding")));
    const struct http_field *choice =
        http_head_only(&answer->head, SLICE("sec-websocket-protocol"), &count);
    wsl_assert(count == (chosen.ptr ? 1 : 0));
    if (chosen.ptr) {
        wsl_assert(slice_equal(choice->value, chosen));
        wsl_assert(slice_equal(chosen, SLICE("binary")) || slice_equal(chosen, SLICE("v1")));
    }
}

static void check_answer(const char *head, const uint8_t *data, size_t size)
{
    char text[2 * INPUT_MAX + 256];
    struct http_scan scan = http_scan_answer();
    struct http_answer answer;
    struct slice chosen;
    const char *fault;
    size_t consumed, length = frame(text, head, data, size);
    if (http_answer_parse(&answer, (struct slice){text, length}, &limits, HTTP_ASKED_UPGRADE, &scan,
                          &consumed, &fault) != HTTP_ANSWER_DONE)
        return;
    enum ws_reply reply = ws_request_check(&answer, key, offered, 2, &chosen, &fault);
    wsl_assert((reply == WS_REPLY_OPEN) == (fault == NULL));
    wsl_assert((reply == WS_REPLY_OPEN || reply == WS_REPLY_BAD) == (answer.status == 101));
    if (reply == WS_REPLY_OPEN)
        check_open(&answer, chosen);
    else
        wsl_assert(!chosen.ptr);
    const char other[] = "dGhlIHNhbXBsZSBub25jZR==";
    wsl_assert(reply != WS_REPLY_OPEN ||
               ws_request_check(&answer, other, offered, 2, &chosen, &fault) != WS_REPLY_OPEN);
}

/* ---- the request ---- */

static unsigned lines_of(const char *text, size_t length)
{
    unsigned lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
        wsl_assert((text[i] == '\n') == (i > 0 && text[i - 1] == '\r'));
    }
    return lines;
}

static void check_written(const struct ws_request *request, const char *text, size_t length,
                          unsigned own_lines)
{
    struct http_head head;
    struct ws_handshake handshake;
    size_t consumed;
    enum reason bad;
    wsl_assert(request->fault == NULL && memcmp(request->key, key, WS_KEY_LENGTH) == 0);
    wsl_assert(lines_of(text, length) == 7 + own_lines + !request->has[0]);
    wsl_assert(http_head_parse(&head, text, length, &limits, &(struct http_scan){0}, &consumed,
                               &bad) == HTTP_HEAD);
    wsl_assert(consumed == length && ws_handshake_check(&head, &handshake) == REASON_none);
    wsl_assert(memcmp(handshake.accept, accept.ptr, accept.len) == 0);
}

static void check_request(const uint8_t *data, size_t size)
{
    char text[2 * INPUT_MAX], offer[64] = "";
    const char *offers[] = {offer, "v1"};
    struct slice rest = {(const char *)data, size};
    struct slice path = http_char_cut(&rest, '\n'), authority = http_char_cut(&rest, '\n');
    struct slice subprotocol = http_char_cut(&rest, '\n');
    struct ws_request request;
    unsigned lines = 1;
    snprintf(offer, sizeof(offer), "%.*s", (int)subprotocol.len, subprotocol.ptr);
    ws_request_begin(&request, text, sizeof(text), path, authority, nonce);
    ws_request_offer(&request, offers, 2);
    for (; rest.len > 0 && lines < 40; lines++) {
        struct slice value = http_char_cut(&rest, '\x1e');
        struct slice name = http_char_cut(&value, ':');
        ws_request_add(&request, name, value);
    }
    size_t length = ws_request_end(&request);
    wsl_assert((length == 0) == (request.fault != NULL));
    if (length > 0)
        check_written(&request, text, length, lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    check_answer("HTTP/1.1 ", data, size);
    check_answer("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
                 data, size);
    check_request(data, size);
    return 0;
}
