#include "core/status/link_message.h"

#include "base/ascii.h"
#include "codec/http/http_query.h"

#define MARK "wsluice-link 1 "

static const char *const verbs[LINK_MESSAGE_VERBS] = {
    [LINK_MESSAGE_UNKNOWN] = "none", [LINK_MESSAGE_LIST] = "list", [LINK_MESSAGE_KILL] = "kill",
    [LINK_MESSAGE_DRAIN] = "drain",  [LINK_MESSAGE_END] = "end",   [LINK_MESSAGE_LINK] = "link",
};

/* ---- packets ---- */

size_t link_message_print(const struct link_message_request *request,
                          char packet[static LINK_MESSAGE_REQUEST])
{
    int length = snprintf(packet, LINK_MESSAGE_REQUEST, MARK "%llu %s %.*s",
                          (unsigned long long)request->nonce, verbs[request->verb],
                          (int)request->query.len, request->query.len ? request->query.ptr : "");
    return length > 0 && length < LINK_MESSAGE_REQUEST ? (size_t)length : 0;
}

static bool cut_nonce(struct slice *packet, uint64_t *nonce)
{
    static const struct slice mark = {MARK, sizeof(MARK) - 1};
    struct slice digits;
    return slice_cut_prefix(packet, mark) && slice_cut_to(packet, ' ', &digits) &&
           ascii_decimal(digits, UINT64_MAX, nonce);
}

bool link_message_parse(struct slice packet, struct link_message_request *request)
{
    struct slice verb;
    if (packet.len >= LINK_MESSAGE_REQUEST || !cut_nonce(&packet, &request->nonce) ||
        !slice_cut_to(&packet, ' ', &verb))
        return false;
    request->verb = LINK_MESSAGE_UNKNOWN;
    for (int i = LINK_MESSAGE_LIST; i < LINK_MESSAGE_VERBS; i++)
        if (slice_equal(verb, slice_of(verbs[i])))
            request->verb = (enum link_message_verb)i;
    request->query = packet;
    return true;
}

size_t link_message_head(uint64_t nonce, bool last, char head[static LINK_MESSAGE_HEAD])
{
    return (size_t)snprintf(head, LINK_MESSAGE_HEAD, MARK "%llu %s\n", (unsigned long long)nonce,
                            last ? "last" : "more");
}

bool link_message_answer(struct slice packet, uint64_t *nonce, bool *last, struct slice *body)
{
    struct slice word;
    if (!cut_nonce(&packet, nonce) || !slice_cut_to(&packet, '\n', &word))
        return false;
    *last = slice_equal(word, SLICE("last"));
    *body = packet;
    return *last || slice_equal(word, SLICE("more"));
}

/* ---- lines ---- */

void link_message_put(struct text *text, const char *key, const char *value)
{
    if (!value)
        return;
    text_add_format(text, "&%s=", key);
    text_add_escaped(text, slice_of(value));
}

void link_message_put_number(struct text *text, const char *key, uint64_t value)
{
    text_add_format(text, "&%s=%llu", key, (unsigned long long)value);
}

bool link_message_next(struct slice *line, struct slice *key, char *value, size_t size)
{
    struct slice text;
    size_t length = 0;
    if (line->len == 0)
        return false;
    http_query_next(line, key, &text);
    while (text.len > 0) {
        char byte = http_query_decode(&text);
        if (length + 1 < size)
            value[length++] = byte == '\0' ? '?' : byte;
    }
    value[length] = '\0';
    return true;
}

bool link_message_line(struct slice *text, struct slice *line)
{
    if (text->len == 0)
        return false;
    if (slice_cut_to(text, '\n', line))
        return true;
    *line = *text;
    *text = slice_from(*text, text->len);
    return true;
}

/* ---- the line of facts ---- */

#define NUMBER(field)                                                                              \
    {                                                                                              \
#field, offsetof(struct link_message_facts, field)                                         \
    }

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    NUMBER(pid),       NUMBER(started_at), NUMBER(sessions),     NUMBER(matched), NUMBER(rate_up),
    NUMBER(rate_down), NUMBER(stalled_up), NUMBER(stalled_down), NUMBER(killed),
};

void link_message_facts_print(const struct link_message_facts *facts, struct text *text)
{
    for (size_t i = 0; i < WSL_COUNT(numbers); i++) {
        uint64_t value;
        memcpy(&value, (const char *)facts + numbers[i].offset, sizeof(value));
        link_message_put_number(text, numbers[i].key, value);
    }
    link_message_put(text, "version", facts->version);
    link_message_put(text, "state", facts->state);
    text_add_byte(text, '\n');
}

void link_message_facts_parse(struct slice line, struct link_message_facts *facts)
{
    struct slice key;
    char value[sizeof(facts->version)];
    *facts = (struct link_message_facts){0};
    while (link_message_next(&line, &key, value, sizeof(value))) {
        uint64_t number;
        for (size_t i = 0; i < WSL_COUNT(numbers); i++)
            if (slice_equal(key, slice_of(numbers[i].key)) &&
                ascii_decimal(slice_of(value), UINT64_MAX, &number))
                memcpy((char *)facts + numbers[i].offset, &number, sizeof(number));
        if (slice_equal(key, SLICE("version")))
            snprintf(facts->version, sizeof(facts->version), "%s", value);
        if (slice_equal(key, SLICE("state")))
            snprintf(facts->state, sizeof(facts->state), "%.15s", value);
    }
}
