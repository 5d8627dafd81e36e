#include "codec/ws/ws_request.h"

#include "codec/b64.h"
#include "codec/http/http_char.h"
#include "codec/ws/ws_handshake.h"

_Static_assert(WS_KEY_LENGTH == B64_ENCODED(WS_NONCE_SIZE), "the key is the nonce in base64");

/* ---- the request ---- */

static void fail(struct ws_request *request, const char *fault)
{
    if (!request->fault)
        request->fault = fault;
}

static void add(struct ws_request *request, struct slice bytes)
{
    writer_add_slice(&request->out, bytes);
}

void ws_request_begin(struct ws_request *request, void *out, size_t capacity, struct slice path,
                      struct slice authority, const uint8_t nonce[static WS_NONCE_SIZE])
{
    *request = (struct ws_request){.out = writer_to(out, capacity)};
    b64_encode(request->key, nonce, WS_NONCE_SIZE);
    if (!http_head_is_origin_form(path))
        fail(request, "has a path that no URL may have");
    if (!http_head_is_authority(authority))
        fail(request, "has a host that is none");
    if (request->fault)
        return;
    add(request, SLICE("GET "));
    add(request, path);
    add(request, SLICE(" HTTP/1.1\r\nHost: "));
    add(request, authority);
    add(request, SLICE("\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: "));
    add(request, (struct slice){request->key, WS_KEY_LENGTH});
    add(request, SLICE("\r\n"));
}

static bool occurs_before(const char *const *texts, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (string_equal(texts[i], texts[at]))
            return true;
    return false;
}

void ws_request_offer(struct ws_request *request, const char *const *subprotocols, size_t count)
{
    if (count == 0)
        return;
    if (request->offers || count > WS_SUBPROTOCOLS_MAX)
        fail(request, "offers too many subprotocols");
    request->offers = true;
    for (size_t i = 0; i < count && !request->fault; i++) {
        if (!http_char_is_token(slice_of(subprotocols[i])))
            fail(request, "offers a subprotocol that is no token");
        else if (occurs_before(subprotocols, i))
            fail(request, "offers a subprotocol twice");
        add(request, i == 0 ? SLICE("Sec-WebSocket-Protocol: ") : SLICE(", "));
        add(request, slice_of(subprotocols[i]));
    }
    add(request, SLICE("\r\n"));
}

/* Of the handshake, or of a body, which a request for an upgrade cannot have. */
static bool is_reserved(struct slice name)
{
    static const char *const names[] = {
        "Host",    "Upgrade", "Connection", "Content-Length", "Transfer-Encoding",
        "Trailer", "TE",      "Expect"};
    const struct slice own = SLICE("Sec-WebSocket-");
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        if (slice_equal_nocase(name, slice_of(names[i])))
            return true;
    return name.len >= own.len && slice_equal_nocase((struct slice){name.ptr, own.len}, own);
}

/* Each may occur once: of two, a server could use either. */
enum { USER_AGENT, ORIGIN, AUTHORIZATION };

static bool occurs_again(struct ws_request *request, struct slice name)
{
    static const char *const names[] = {
        [USER_AGENT] = "User-Agent", [ORIGIN] = "Origin", [AUTHORIZATION] = "Authorization"};
    _Static_assert(WSL_COUNT(names) == WSL_COUNT(request->has), "one flag for each name");
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        if (!slice_equal_nocase(name, slice_of(names[i])))
            continue;
        bool again = request->has[i];
        request->has[i] = true;
        return again;
    }
    return false;
}

void ws_request_add(struct ws_request *request, struct slice name, struct slice value)
{
    if (!http_char_is_token(name))
        fail(request, "has a header field whose name is no token");
    else if (is_reserved(name))
        fail(request, "has a header field that the handshake itself decides");
    else if (http_char_run(value, HTTP_CHAR_VALUE) != value.len)
        fail(request, "has a header field with a control character");
    else if (occurs_again(request, name))
        fail(request, "has User-Agent, Origin or Authorization twice");
    if (request->fault)
        return;
    add(request, name);
    add(request, SLICE(": "));
    add(request, http_char_trim(value));
    add(request, SLICE("\r\n"));
}

size_t ws_request_end(struct ws_request *request)
{
    if (!request->has[USER_AGENT])
        add(request, SLICE("User-Agent: wsluice\r\n"));
    add(request, SLICE("\r\n"));
    if (request->out.overflow)
        fail(request, "is too long");
    return request->fault ? 0 : request->out.length;
}

/* ---- the answer ---- */

static enum ws_reply refusal(const struct http_answer *answer, const char **fault)
{
    bool redirects = answer->status >= 300 && answer->status <= 399 &&
                     http_answer_field(answer, SLICE("Location")).len > 0;
    *fault = redirects               ? "is a redirect, which is not followed"
             : answer->status <= 299 ? "does not change to WebSocket"
             : answer->status == 401 ? "asks for credentials"
             : answer->status == 426 ? "asks for another version of the protocol"
                                     : "refuses the upgrade";
    return redirects ? WS_REPLY_REDIRECT : WS_REPLY_REFUSED;
}

static bool is_only(const struct http_answer *answer, struct slice name, struct slice wanted)
{
    return slice_equal_nocase(http_answer_field(answer, name), wanted);
}

static bool accepts(const struct http_answer *answer, const char *key)
{
    char accept[WS_ACCEPT_LENGTH];
    struct slice value = http_answer_field(answer, SLICE("Sec-WebSocket-Accept"));
    return ws_handshake_accept((struct slice){key, WS_KEY_LENGTH}, accept) &&
           slice_equal(value, (struct slice){accept, sizeof(accept)});
}

static bool has_extension(const struct http_answer *answer)
{
    const struct http_head *head = &answer->head;
    for (unsigned i = 0; i < head->field_count; i++) {
        struct slice rest = head->fields[i].value, extension;
        if (slice_equal_nocase(head->fields[i].name, SLICE("Sec-WebSocket-Extensions")) &&
            http_head_list_next(&rest, &extension))
            return true;
    }
    return false;
}

static const char *read_choice(const struct http_answer *answer, const char *const *offered,
                               size_t count, struct slice *chosen)
{
    unsigned fields;
    const struct http_field *field =
        http_head_only(&answer->head, SLICE("Sec-WebSocket-Protocol"), &fields);
    if (fields > 1)
        return "chooses several subprotocols";
    for (size_t i = 0; field && i < count; i++)
        if (slice_equal(field->value, slice_of(offered[i])))
            *chosen = field->value;
    return field && !chosen->ptr ? "chooses a subprotocol that was not offered" : NULL;
}

enum ws_reply ws_request_check(const struct http_answer *answer,
                               const char key[static WS_KEY_LENGTH], const char *const *offered,
                               size_t count, struct slice *chosen, const char **fault)
{
    *chosen = (struct slice){0};
    *fault = NULL;
    if (answer->status != 101)
        return refusal(answer, fault);
    if (answer->head.minor_version == 0)
        *fault = "changes the protocol, but is HTTP/1.0";
    else if (!is_only(answer, SLICE("Upgrade"), SLICE("websocket")))
        *fault = "changes to a protocol other than WebSocket";
    else if (!http_head_lists(&answer->head, SLICE("Connection"), SLICE("upgrade")))
        *fault = "lacks the field Connection: Upgrade";
    else if (!accepts(answer, key))
        *fault = "has a Sec-WebSocket-Accept that does not fit the request";
    else if (has_extension(answer))
        *fault = "chooses an extension that was not offered";
    else
        *fault = read_choice(answer, offered, count, chosen);
    return *fault ? WS_REPLY_BAD : WS_REPLY_OPEN;
}
