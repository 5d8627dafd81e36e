#include "codec/http/forwarded.h"

#include "codec/http/http_char.h"

struct forwarded_walk forwarded_begin(const struct http_head *head, enum forwarded_kind kind)
{
    return (struct forwarded_walk){.head = head, .kind = kind, .field = head->field_count};
}

/* A quote after an odd number of "\" does not end its quoted-string. */
static bool is_escaped(struct slice text, size_t at)
{
    size_t start = at;
    while (start > 0 && text.ptr[start - 1] == '\\')
        start--;
    return (at - start) % 2 == 1;
}

/*
 * Cuts off the last element: the text after the last comma outside of a quoted-string. Read
 * backwards, the first quote ends a quoted-string; if none begins it, the rest is one element,
 * which is malformed.
 */
static struct slice cut_last(struct slice *list)
{
    bool quoted = false;
    size_t at = list->len;
    for (; at > 0 && (quoted || list->ptr[at - 1] != ','); at--)
        if (list->ptr[at - 1] == '"')
            quoted = !quoted || is_escaped(*list, at - 1);
    struct slice element = http_char_trim(slice_from(*list, at));
    list->len = at > 0 ? at - 1 : 0;
    return element;
}

/* The length of the quoted-string at the beginning, with its quotes; 0: none, or not closed. */
static size_t quoted_length(struct slice text)
{
    if (text.len == 0 || text.ptr[0] != '"')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '"')
            return i + 1;
        if (text.ptr[i] == '\\')
            i++;
    }
    return 0;
}

/*
 * Cuts off one parameter, up to ";" or the end. An address needs no escapes, so they are not
 * resolved, and a value with some is no address.
 */
static bool cut_parameter(struct slice *rest, struct slice *name, struct slice *value)
{
    const char *equals = memchr(rest->ptr, '=', rest->len);
    if (!equals)
        return false;
    *name = (struct slice){rest->ptr, (size_t)(equals - rest->ptr)};
    *rest = slice_from(*rest, name->len + 1);

    size_t quoted = quoted_length(*rest);
    struct slice behind = slice_from(*rest, quoted);
    const char *semicolon = memchr(behind.ptr, ';', behind.len);
    size_t length = semicolon ? (size_t)(semicolon - behind.ptr) : behind.len;
    struct slice plain = http_char_trim((struct slice){behind.ptr, length});
    *value = quoted ? (struct slice){rest->ptr + 1, quoted - 2} : plain;
    *rest = slice_from(behind, length);
    if (quoted ? plain.len > 0 : plain.len == 0 || memchr(plain.ptr, '"', plain.len))
        return false;
    return http_char_is_token(*name);
}

/* The value of "for" in a forwarded-element, RFC 7239 section 4; false: none, or malformed. */
static bool read_element(struct slice rest, struct slice *node)
{
    *node = (struct slice){0};
    for (;;) {
        rest = http_char_trim(rest);
        if (rest.len > 0 && rest.ptr[0] != ';') {
            struct slice name, value;
            if (!cut_parameter(&rest, &name, &value))
                return false;
            if (slice_equal_nocase(name, SLICE("for"))) {
                if (node->ptr)
                    return false;
                *node = value;
            }
        }
        if (rest.len == 0)
            return node->ptr != NULL;
        rest = slice_from(rest, 1);
    }
}

/* node-port of RFC 7239 section 6: a number, or "_" and an obfuscated name. */
static bool read_port(struct slice text, uint16_t *port)
{
    if (ip_parse_port(text, port))
        return true;
    *port = 0;
    return text.len > 1 && text.ptr[0] == '_' && http_char_is_token(text);
}

/* An IPv6 address without brackets has no port, even if its last group looks like one. */
static bool read_node(struct slice text, struct ip_port *node)
{
    bool bracket = text.len > 0 && text.ptr[0] == '[';
    node->port = 0;
    if (!bracket && ip_parse(text, node->address))
        return true;
    const char *end = text.len > 0 ? memchr(text.ptr, bracket ? ']' : ':', text.len) : NULL;
    if (!end)
        return false;
    struct slice address = {text.ptr + bracket, (size_t)(end - text.ptr) - bracket};
    struct slice behind = slice_from(text, (size_t)(end - text.ptr) + bracket);
    if (!(bracket ? ip_parse_v6(address, node->address) : ip_parse_v4(address, node->address)))
        return false;
    return behind.len == 0 ||
           (behind.ptr[0] == ':' && read_port(slice_from(behind, 1), &node->port));
}

/* The last element that is not empty and not yet read, over all fields; false: none is left. */
static bool previous_element(struct forwarded_walk *walk, struct slice *element)
{
    struct slice name =
        walk->kind == FORWARDED_STANDARD ? SLICE("Forwarded") : SLICE("X-Forwarded-For");
    for (;;) {
        while (walk->rest.len > 0) {
            *element = cut_last(&walk->rest);
            if (element->len > 0)
                return true;
        }
        do {
            if (walk->field == 0)
                return false;
            walk->field--;
        } while (!slice_equal_nocase(walk->head->fields[walk->field].name, name));
        walk->rest = walk->head->fields[walk->field].value;
    }
}

enum forwarded_hop forwarded_next(struct forwarded_walk *walk, struct ip_port *hop)
{
    struct slice node;
    if (!previous_element(walk, &node))
        return FORWARDED_END;
    if (walk->kind == FORWARDED_STANDARD && !read_element(node, &node))
        return FORWARDED_OPAQUE;
    return read_node(node, hop) ? FORWARDED_ADDRESS : FORWARDED_OPAQUE;
}

enum forwarded_scheme forwarded_scheme(const struct http_head *head)
{
    unsigned count;
    struct slice word, rest;
    const struct http_field *field = http_head_only(head, SLICE("X-Forwarded-Proto"), &count);
    if (!field)
        return FORWARDED_UNKNOWN;
    rest = field->value;
    if (!http_head_list_next(&rest, &word))
        return FORWARDED_UNKNOWN;
    if (slice_equal_nocase(word, SLICE("https")) || slice_equal_nocase(word, SLICE("wss")))
        return FORWARDED_TLS;
    bool plain = slice_equal_nocase(word, SLICE("http")) || slice_equal_nocase(word, SLICE("ws"));
    return plain ? FORWARDED_PLAIN : FORWARDED_UNKNOWN;
}
