#include "core/tokens/token_find.h"

#include "codec/http/http_char.h"
#include "codec/http/http_query.h"
#include "codec/web/cookie.h"
#include "codec/ws/ws_handshake.h"

/* ---- decoding ---- */

static bool decodes_to(struct slice text, struct slice wanted)
{
    size_t at = 0;
    while (text.len > 0 && at < wanted.len)
        if (http_query_decode(&text) != wanted.ptr[at++])
            return false;
    return text.len == 0 && at == wanted.len;
}

enum coding { AS_IT_IS, ESCAPED, ESCAPED_WITH_PLUS };

static enum token_find_verdict take(struct slice text, enum coding coding, char *out,
                                    struct slice *token)
{
    size_t length = 0;
    while (text.len > 0) {
        if (length == TOKEN_MAX)
            return TOKEN_FIND_LONG;
        switch (coding) {
        case AS_IT_IS:
            out[length++] = text.ptr[0];
            text = slice_from(text, 1);
            break;
        case ESCAPED:
            out[length++] = http_query_unescape(&text);
            break;
        case ESCAPED_WITH_PLUS:
            out[length++] = http_query_decode(&text);
            break;
        }
    }
    while (length > 0 && out[length - 1] == '\n')
        length--;
    *token = (struct slice){out, length};
    return length > 0 ? TOKEN_FIND_FOUND : TOKEN_FIND_NONE;
}

/* ---- parts of a request ---- */

static struct slice in_query(struct slice query, struct slice name)
{
    while (query.len > 0) {
        struct slice key, value;
        http_query_next(&query, &key, &value);
        if (value.len > 0 && decodes_to(key, name))
            return value;
    }
    return (struct slice){0};
}

static struct slice in_header(const struct http_head *head, struct slice name)
{
    unsigned count;
    const struct http_field *field = http_head_only(head, name, &count);
    return field ? field->value : (struct slice){0};
}

/* The first that is offered; browsers cannot send another header field with a WebSocket. */
static struct slice in_subprotocols(const struct http_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        struct slice rest = head->fields[i].value, offer;
        if (!slice_equal_nocase(head->fields[i].name, SLICE("sec-websocket-protocol")))
            continue;
        while (http_head_list_next(&rest, &offer))
            if (slice_cut_prefix(&offer, SLICE(WS_BEARER)) && offer.len > 0)
                return offer;
    }
    return (struct slice){0};
}

/* Unlike websockify, which cuts at the first colon and leaves "[" of an IPv6 address. */
static struct slice in_host(struct slice host)
{
    const char *bracket =
        host.len > 0 && host.ptr[0] == '[' ? memchr(host.ptr, ']', host.len) : NULL;
    if (bracket)
        return (struct slice){host.ptr, (size_t)(bracket - host.ptr) + 1};
    return http_char_cut(&host, ':');
}

/* Cuts as many segments as the pattern has; a capture is one of them. */
static struct slice in_path(struct slice path, const char *pattern)
{
    for (; *pattern; pattern++)
        if (*pattern == '/')
            (void)http_char_cut(&path, '/');
    if (path.len > 0 && memchr(path.ptr, '/', path.len))
        path.len = 0;
    return path;
}

unsigned token_find_parts(const char *from)
{
    struct slice name = slice_of(from);
    struct slice part = http_char_cut(&name, ':');
    bool header = slice_equal(part, SLICE("header"));
    if (slice_equal(part, SLICE("path")))
        return TOKEN_IN_PATH;
    if (slice_equal(part, SLICE("query")))
        return TOKEN_IN_QUERY;
    return slice_equal(part, SLICE("host")) ||
                   (header && (slice_equal_nocase(name, SLICE("Host")) ||
                               slice_equal_nocase(name, SLICE("Origin"))))
               ? TOKEN_IN_HOST
               : 0;
}

unsigned token_find_all_parts(const struct config_texts *places)
{
    unsigned parts = 0;
    for (size_t i = 0; i < places->count; i++)
        parts |= token_find_parts(places->items[i]);
    return parts;
}

enum token_find_verdict token_find_in(const char *from, const struct token_request *request,
                                      char out[static TOKEN_MAX], struct slice *token)
{
    struct slice name = slice_of(from);
    struct slice part = http_char_cut(&name, ':');
    const struct http_head *head = request->head;
    struct slice text = {0};
    enum coding coding = AS_IT_IS;
    if (slice_equal(part, SLICE("query"))) {
        text = in_query(head->query, name);
        coding = ESCAPED_WITH_PLUS;
    } else if (slice_equal(part, SLICE("header"))) {
        text = in_header(head, name);
    } else if (slice_equal(part, SLICE("cookie"))) {
        text = cookie_find(head, name);
    } else if (slice_equal(part, SLICE("host"))) {
        text = in_host(head->host);
    } else if (slice_equal(part, SLICE("subprotocol"))) {
        text = in_subprotocols(head);
    } else if (slice_equal(part, SLICE("user"))) {
        text = request->user;
    } else if (slice_equal(part, SLICE("path"))) {
        text = in_path(request->path, request->pattern);
        coding = ESCAPED;
    }
    return take(text, coding, out, token);
}

enum token_find_verdict token_find_first(const struct config_texts *places,
                                         const struct token_request *request,
                                         char out[static TOKEN_MAX], struct slice *token)
{
    enum token_find_verdict verdict = TOKEN_FIND_NONE;
    for (size_t i = 0; i < places->count && verdict == TOKEN_FIND_NONE; i++)
        verdict = token_find_in(places->items[i], request, out, token);
    return verdict;
}
