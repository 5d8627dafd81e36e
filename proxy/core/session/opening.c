#include "core/session/opening.h"

#include "base/text/secret.h"
#include "base/text/writer.h"
#include "codec/ws/ws_handshake.h"

/* RFC 8446 section 5.1: the content type of a record that carries a ClientHello. */
#define TLS_HANDSHAKE_RECORD 0x16

static enum opening_verdict refuse(struct opening *opening, enum reason reason)
{
    opening->refusal = reason;
    return OPENING_REFUSED;
}

/* Wipes and frees the bytes that are held. */
static void release(struct opening *opening)
{
    secret_free(opening->held, opening->held_capacity);
    opening->held = NULL;
    opening->held_length = opening->held_capacity = 0;
}

/* realloc would leave a copy behind. */
static bool grow(struct opening *opening, size_t needed)
{
    size_t length = opening->held_length;
    size_t capacity = opening->held_capacity ? opening->held_capacity * 2 : 512;
    while (capacity < needed)
        capacity *= 2;
    char *grown = malloc(capacity);
    if (!grown)
        return false;
    if (opening->held)
        memcpy(grown, opening->held, length);
    release(opening);
    opening->held = grown;
    opening->held_length = length;
    opening->held_capacity = capacity;
    return true;
}

static bool hold(struct opening *opening, const char *bytes, size_t length)
{
    size_t needed = opening->held_length + length;
    if ((!opening->held || needed > opening->held_capacity) && !grow(opening, needed))
        return false;
    memcpy(opening->held + opening->held_length, bytes, length);
    opening->held_length = needed;
    return true;
}

static enum reason prepare_answer(struct opening *opening, const struct ws_handshake *handshake,
                                  struct slice fields)
{
    size_t capacity = WS_ANSWER_MAX + handshake->subprotocol.len + fields.len;
    opening->answer = malloc(capacity);
    if (!opening->answer)
        return REASON_out_of_memory;
    opening->answer_length = ws_handshake_response(opening->answer, capacity, handshake, fields);
    return opening->answer_length > 0 ? REASON_none : REASON_internal;
}

/* The texts lie behind the pointers to them. */
static bool copy_texts(const struct slice *from, size_t count, struct config_texts *texts)
{
    size_t size = count * sizeof(*texts->items);
    for (size_t i = 0; i < count; i++)
        size += from[i].len + 1;
    char **items = malloc(size);
    if (!items)
        return false;
    char *end = (char *)(items + count);
    for (size_t i = 0; i < count; end += from[i].len + 1, i++) {
        memcpy(end, from[i].ptr, from[i].len);
        end[from[i].len] = '\0';
        items[i] = end;
    }
    *texts = (struct config_texts){(const char *const *)items, count};
    return true;
}

static enum reason keep_offers(struct opening *opening, const struct http_head *head,
                               const struct opening_terms *terms)
{
    struct slice offers[WS_SUBPROTOCOLS_MAX];
    size_t count;
    enum reason bad =
        ws_handshake_offers(head, terms->subprotocols, terms->subprotocol_count, offers, &count);
    if (bad == REASON_none && count > 0 && !copy_texts(offers, count, &opening->offers))
        bad = REASON_out_of_memory;
    return bad;
}

static enum reason choose(struct opening *opening, const struct http_head *head,
                          const struct opening_terms *terms, struct ws_handshake *handshake)
{
    if (terms->target_chooses) {
        handshake->subprotocol = (struct slice){0};
        return keep_offers(opening, head, terms);
    }
    enum reason bad = REASON_none;
    if (terms->subprotocol_count > 0)
        bad = ws_handshake_prefer(head, terms->subprotocols, terms->subprotocol_count, handshake);
    if (bad == REASON_none && terms->target_is_told && handshake->subprotocol.len > 0 &&
        !copy_texts(&handshake->subprotocol, 1, &opening->offers))
        bad = REASON_out_of_memory;
    return bad;
}

bool opening_choose(struct opening *opening, const char *subprotocol)
{
    static const char name[] = "Sec-WebSocket-Protocol: ";
    size_t before = opening->answer_length - strlen("\r\n");
    size_t capacity = opening->answer_length + strlen(name) + strlen(subprotocol) + strlen("\r\n");
    struct writer w = writer_to(malloc(capacity), capacity);
    if (!w.out)
        return false;
    writer_add(&w, opening->answer, before);
    writer_add_slice(&w, slice_of(name));
    writer_add_slice(&w, slice_of(subprotocol));
    writer_add_slice(&w, SLICE("\r\n\r\n"));
    free(opening->answer);
    opening->answer = (char *)w.out;
    opening->answer_length = w.length;
    return true;
}

static bool keep_early(struct opening *opening, struct slice rest)
{
    if (rest.len == 0)
        return true;
    opening->early = malloc(rest.len);
    if (!opening->early)
        return false;
    memcpy(opening->early, rest.ptr, rest.len);
    opening->early_length = rest.len;
    return true;
}

enum opening_verdict opening_upgrade(struct opening *opening, const struct opening_request *request,
                                     const struct opening_terms *terms)
{
    struct ws_handshake handshake;
    enum reason reason = ws_handshake_check(&request->head, &handshake);
    if (reason == REASON_none)
        reason = choose(opening, &request->head, terms, &handshake);
    if (reason == REASON_none)
        reason = prepare_answer(opening, &handshake, terms->fields);
    if (reason == REASON_none && !keep_early(opening, request->rest))
        reason = REASON_out_of_memory;
    return reason == REASON_none ? OPENING_UPGRADE : refuse(opening, reason);
}

/* ---- the body of a request ---- */

static enum opening_verdict take_body(struct opening_request *request)
{
    request->body = (struct slice){request->rest.ptr, (size_t)request->head.body_length};
    request->rest = slice_from(request->rest, request->body.len);
    return OPENING_BODY;
}

/* The head is parsed again: its slices point into what is held, which may have moved. */
static enum opening_verdict feed_body(struct opening *opening, const char *bytes, size_t length,
                                      const struct http_limits *limits,
                                      struct opening_request *request)
{
    struct http_scan scan = {0};
    size_t consumed = 0;
    enum reason bad = REASON_internal;
    if (length > 0 && !hold(opening, bytes, length))
        return refuse(opening, REASON_out_of_memory);
    if (opening->held_length < opening->awaited)
        return OPENING_MORE;
    if (http_head_parse(&request->head, opening->held, opening->held_length, limits, &scan,
                        &consumed, &bad) != HTTP_HEAD)
        return refuse(opening, bad);
    request->rest = (struct slice){opening->held + consumed, opening->held_length - consumed};
    opening->awaited = 0;
    return take_body(request);
}

enum opening_verdict opening_body(struct opening *opening, struct opening_request *request,
                                  size_t most)
{
    const struct http_head *head = &request->head;
    if (http_head_has(head, SLICE("Expect")) || http_head_has(head, SLICE("Transfer-Encoding")))
        return refuse(opening, REASON_http_body);
    if (head->body_length > most)
        return refuse(opening, REASON_http_body_too_large);
    if (request->rest.len >= head->body_length)
        return take_body(request);
    size_t head_length = (size_t)(request->rest.ptr - head->method.ptr);
    if (opening->held)
        head_length = (size_t)(request->rest.ptr - opening->held);
    else if (!hold(opening, head->method.ptr, head_length + request->rest.len))
        return refuse(opening, REASON_out_of_memory);
    opening->awaited = head_length + (size_t)head->body_length;
    return OPENING_MORE;
}

/* ---- bytes of the client ---- */

enum opening_verdict opening_feed(struct opening *opening, const char *bytes, size_t length,
                                  const struct http_limits *limits, struct opening_request *request)
{
    size_t consumed = 0;
    enum reason bad = REASON_none;
    bool in_parts = opening->held != NULL;
    opening->pending = opening->head_only = false;
    if (opening->awaited > 0)
        return feed_body(opening, bytes, length, limits, request);
    if (in_parts) {
        if (length > 0 && !hold(opening, bytes, length))
            return refuse(opening, REASON_out_of_memory);
        bytes = opening->held;
        length = opening->held_length;
    }
    switch (
        http_head_parse(&request->head, bytes, length, limits, &opening->scan, &consumed, &bad)) {
    case HTTP_MORE:
        if (!in_parts && !hold(opening, bytes, length))
            return refuse(opening, REASON_out_of_memory);
        return OPENING_MORE;
    case HTTP_HEAD:
        request->body = (struct slice){0};
        request->rest = (struct slice){bytes + consumed, length - consumed};
        opening->head_only = slice_equal(request->head.method, SLICE("HEAD"));
        return OPENING_REQUEST;
    case HTTP_BAD:
        break;
    }
    if ((uint8_t)bytes[0] == TLS_HANDSHAKE_RECORD)
        bad = REASON_tls_unavailable;
    return refuse(opening, bad);
}

bool opening_may_stay(const struct http_head *head, bool body_read)
{
    return head->minor_version >= 1 && (!head->has_body || body_read) &&
           !http_head_has(head, SLICE("Upgrade")) &&
           !http_head_lists(head, SLICE("Connection"), SLICE("close"));
}

bool opening_next(struct opening *opening, const struct opening_request *request)
{
    struct slice rest = request->rest;
    opening->scan = (struct http_scan){0};
    opening->pending = rest.len > 0;
    if (rest.len == 0) {
        release(opening);
        return true;
    }
    if (!opening->held)
        return hold(opening, rest.ptr, rest.len);
    memmove(opening->held, rest.ptr, rest.len);
    explicit_bzero(opening->held + rest.len, opening->held_capacity - rest.len);
    opening->held_length = rest.len;
    return true;
}

void opening_free(struct opening *opening)
{
    release(opening);
    free(opening->answer);
    free(without_const(opening->offers.items));
    free(opening->early);
    *opening = (struct opening){0};
}
