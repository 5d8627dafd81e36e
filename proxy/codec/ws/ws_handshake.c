#include "codec/ws/ws_handshake.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1_Init */
#include <openssl/sha.h>

#include "base/text/writer.h"
#include "codec/b64.h"
#include "codec/http/http_char.h"

#define KEY_BYTES 16 /* RFC 6455 section 4.1 */
_Static_assert(WS_ACCEPT_LENGTH == B64_ENCODED(SHA_DIGEST_LENGTH),
               "an accept value is a SHA-1 in base64");

/* Cuts [ "=" ( token / <"> token <"> ) ] off a parameter; `text` is then its name. */
static bool cut_parameter_value(struct slice *text)
{
    const char *equals = memchr(text->ptr, '=', text->len);
    if (!equals)
        return true;
    size_t name = (size_t)(equals - text->ptr);
    struct slice value = http_char_trim((struct slice){equals + 1, text->len - name - 1});
    *text = http_char_trim((struct slice){text->ptr, name});
    return http_char_is_token(http_char_unquote(value));
}

/* token *( ";" parameter ), RFC 6455 section 9.1. */
static bool is_extension(struct slice text)
{
    for (bool parameter = false;; parameter = true) {
        const char *semicolon = memchr(text.ptr, ';', text.len);
        size_t length = semicolon ? (size_t)(semicolon - text.ptr) : text.len;
        struct slice name = http_char_trim((struct slice){text.ptr, length});
        if ((parameter && !cut_parameter_value(&name)) || !http_char_is_token(name))
            return false;
        if (!semicolon)
            return true;
        text = (struct slice){semicolon + 1, text.len - length - 1};
    }
}

/* No extension is supported, so none is chosen; a malformed list is refused (section 9.1). */
static enum reason check_extensions(const struct http_head *head)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        if (!slice_equal_nocase(head->fields[i].name, SLICE("Sec-WebSocket-Extensions")))
            continue;
        struct slice rest = head->fields[i].value, extension;
        while (http_head_list_next(&rest, &extension))
            if (!is_extension(extension))
                return REASON_ws_header;
    }
    return REASON_none;
}

/*
 * RFC 6455 section 4.1, item 10: tokens, all of them different. An empty field or list member
 * offers nothing: some clients send the field always.
 */
static enum reason collect_offers(const struct http_head *head,
                                  struct slice offers[static WS_SUBPROTOCOLS_MAX], unsigned *count)
{
    *count = 0;
    for (unsigned i = 0; i < head->field_count; i++) {
        if (!slice_equal_nocase(head->fields[i].name, SLICE("Sec-WebSocket-Protocol")))
            continue;
        struct slice rest = head->fields[i].value, offer;
        while (http_head_list_next(&rest, &offer)) {
            if (*count == WS_SUBPROTOCOLS_MAX || !http_char_is_token(offer))
                return REASON_ws_header;
            for (unsigned k = 0; k < *count; k++)
                if (slice_equal(offers[k], offer))
                    return REASON_ws_header;
            offers[(*count)++] = offer;
        }
    }
    return REASON_none;
}

/*
 * Bytes are passed on unchanged; "base64", of old clients, would promise to recode them. A secret
 * must not come back in an answer, which proxies and browsers show.
 */
static bool may_choose(struct slice offer)
{
    return !slice_equal(offer, SLICE("base64")) && !slice_cut_prefix(&offer, SLICE(WS_BEARER));
}

static enum reason choose_subprotocol(const struct http_head *head, struct slice *chosen)
{
    struct slice offers[WS_SUBPROTOCOLS_MAX];
    unsigned count;
    enum reason bad = collect_offers(head, offers, &count);
    *chosen = (struct slice){0};
    for (unsigned i = 0; bad == REASON_none && i < count; i++) {
        bool binary = slice_equal(offers[i], SLICE("binary"));
        if (binary || (!chosen->ptr && may_choose(offers[i])))
            *chosen = offers[i];
        if (binary)
            break;
    }
    return bad;
}

enum reason ws_handshake_prefer(const struct http_head *head, const char *const *wanted,
                                size_t count, struct ws_handshake *out)
{
    struct slice offers[WS_SUBPROTOCOLS_MAX];
    unsigned offered;
    enum reason bad = collect_offers(head, offers, &offered);
    out->subprotocol = (struct slice){0};
    for (size_t i = 0; bad == REASON_none && i < count && !out->subprotocol.ptr; i++)
        for (unsigned k = 0; k < offered; k++)
            if (slice_equal(offers[k], slice_of(wanted[i])))
                out->subprotocol = offers[k];
    return bad;
}

static bool has_offer(const struct slice *offers, size_t count, struct slice offer)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(offers[i], offer))
            return true;
    return false;
}

enum reason ws_handshake_offers(const struct http_head *head, const char *const *wanted,
                                size_t wanted_count,
                                struct slice offers[static WS_SUBPROTOCOLS_MAX], size_t *count)
{
    struct slice all[WS_SUBPROTOCOLS_MAX];
    unsigned all_count;
    enum reason bad = collect_offers(head, all, &all_count);
    *count = 0;
    for (unsigned i = 0; bad == REASON_none && wanted_count == 0 && i < all_count; i++) {
        struct slice rest = all[i];
        if (!slice_cut_prefix(&rest, SLICE(WS_BEARER)))
            offers[(*count)++] = all[i];
    }
    for (size_t i = 0; bad == REASON_none && i < wanted_count; i++)
        if (has_offer(all, all_count, slice_of(wanted[i])) &&
            !has_offer(offers, *count, slice_of(wanted[i])))
            offers[(*count)++] = slice_of(wanted[i]);
    return bad;
}

bool ws_handshake_accept(struct slice key, char accept[static WS_ACCEPT_LENGTH])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 section 1.3 */
    char text[B64_ENCODED(KEY_BYTES) + sizeof(guid) - 1];
    struct writer w = writer_to(text, sizeof(text));
    writer_add_slice(&w, key);
    writer_add_slice(&w, SLICE(guid));
    if (w.overflow)
        return false;

    /* EVP would first make tables of all algorithms: 250 KiB of a process without TLS. */
    uint8_t digest[SHA_DIGEST_LENGTH];
    SHA_CTX sha;
    if (SHA1_Init(&sha) != 1 || SHA1_Update(&sha, text, w.length) != 1 ||
        SHA1_Final(digest, &sha) != 1)
        return false;
    b64_encode(accept, digest, sizeof(digest));
    return true;
}

enum reason ws_handshake_check(const struct http_head *head, struct ws_handshake *out)
{
    if (head->has_body)
        return REASON_http_body;
    if (!slice_equal(head->method, SLICE("GET")))
        return REASON_http_method;
    if (!http_head_lists(head, SLICE("Upgrade"), SLICE("websocket")) ||
        !http_head_lists(head, SLICE("Connection"), SLICE("upgrade")))
        return REASON_http_not_upgrade;
    /* RFC 6455 section 4.1, item 1; a higher minor version is compatible (RFC 9110 section 2.5). */
    if (head->minor_version == 0)
        return REASON_ws_http_version;

    unsigned count;
    const struct http_field *version = http_head_only(head, SLICE("Sec-WebSocket-Version"), &count);
    if (count > 1)
        return REASON_ws_header;
    if (!version || !slice_equal(version->value, SLICE("13")))
        return REASON_ws_version;

    uint8_t nonce[KEY_BYTES];
    const struct http_field *key = http_head_only(head, SLICE("Sec-WebSocket-Key"), &count);
    if (!key || b64_decode(nonce, sizeof(nonce), key->value) != KEY_BYTES)
        return REASON_ws_key;

    enum reason bad = choose_subprotocol(head, &out->subprotocol);
    if (bad == REASON_none)
        bad = check_extensions(head);
    if (bad == REASON_none && !ws_handshake_accept(key->value, out->accept))
        bad = REASON_out_of_memory;
    return bad;
}

size_t ws_handshake_response(char *out, size_t capacity, const struct ws_handshake *handshake,
                             struct slice fields)
{
    struct writer w = writer_to(out, capacity);
    writer_add_slice(&w, SLICE("HTTP/1.1 101 Switching Protocols\r\n"
                               "Server: wsluice\r\n"
                               "Upgrade: websocket\r\n"
                               "Connection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: "));
    writer_add_slice(&w, (struct slice){handshake->accept, WS_ACCEPT_LENGTH});
    if (handshake->subprotocol.ptr) {
        writer_add_slice(&w, SLICE("\r\nSec-WebSocket-Protocol: "));
        writer_add_slice(&w, handshake->subprotocol);
    }
    writer_add_slice(&w, SLICE("\r\n"));
    writer_add_slice(&w, fields);
    writer_add_slice(&w, SLICE("\r\n"));
    return writer_length(&w);
}
