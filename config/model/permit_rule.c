#include "config/model/permit_rule.h"

#include <arpa/inet.h>

#include "base/ascii.h"
#include "config/model/value.h"

enum { PATH_LENGTH_MAX = 255 };

static const char form[] = "must be HOST:PORT, RANGE:PORT or unix:PATH, such as desk-*.lan:5900, "
                           "10.1.0.0/16:5900-5999, [fd00::]/8:* or unix:/run/desks/*";

/* ---- Unix sockets ---- */

/* The segment behind *rest, which moves behind the "/" that ends it. */
static struct slice next_segment(struct slice *rest)
{
    const char *slash = memchr(rest->ptr, '/', rest->len);
    struct slice segment = {rest->ptr, slash ? (size_t)(slash - rest->ptr) : rest->len};
    *rest = slice_from(*rest, segment.len + (slash != NULL));
    return segment;
}

static bool is_plain_segment(struct slice segment)
{
    return segment.len > 0 && !slice_equal(segment, SLICE(".")) &&
           !slice_equal(segment, SLICE(".."));
}

static const char *check_segments(struct slice path)
{
    if (path.ptr[path.len - 1] == '/')
        return "must be the path of a socket; write /* behind the folder for all in it";
    for (struct slice rest = slice_from(path, 1); rest.len > 0;) {
        struct slice segment = next_segment(&rest);
        if (!is_plain_segment(segment))
            return "must be a path without '//', '.' and '..'";
        if (rest.len > 0 && memchr(segment.ptr, '*', segment.len))
            return "may have '*' in the last segment of its path only";
    }
    return NULL;
}

static const char *parse_unix(struct slice path, struct permit_rule *rule)
{
    if (path.len < 2 || (path.ptr[0] != '/' && path.ptr[0] != '@'))
        return "must be the whole path of a Unix socket, such as unix:/run/desks/*, or unix:@NAME";
    if (path.len > PATH_LENGTH_MAX)
        return "must have at most 255 characters";
    if (ascii_has_control(path))
        return "must not contain control characters";
    *rule = (struct permit_rule){.kind = PERMIT_RULE_UNIX, .pattern = path};
    return path.ptr[0] == '/' ? check_segments(path) : NULL;
}

/* ---- ports ---- */

static bool read_port(struct slice digits, uint16_t *port)
{
    uint64_t value;
    if (digits.len == 0 || digits.len > 5 || !ascii_decimal(digits, UINT16_MAX, &value))
        return false;
    *port = (uint16_t)value;
    return value > 0;
}

static const char *parse_ports(struct slice text, struct permit_rule *rule)
{
    const char *dash = text.len > 0 ? memchr(text.ptr, '-', text.len) : NULL;
    size_t length = dash ? (size_t)(dash - text.ptr) : text.len;
    if (slice_equal(text, SLICE("*"))) {
        rule->lowest = 1;
        rule->highest = UINT16_MAX;
        return NULL;
    }
    if (!read_port((struct slice){text.ptr, length}, &rule->lowest))
        return "must end in a port from 1 to 65535, a range such as 5900-5999, or *";
    rule->highest = rule->lowest;
    if (dash && !read_port(slice_from(text, length + 1), &rule->highest))
        return "must end in a port from 1 to 65535, a range such as 5900-5999, or *";
    return rule->lowest <= rule->highest ? NULL : "must have the lower port first";
}

/* ---- hosts ---- */

/* `text`: ADDRESS or ADDRESS/BITS. */
static const char *parse_range(struct slice text, struct permit_rule *rule)
{
    static const struct value_spec spec = {.type = VALUE_CIDR};
    char copy[INET6_ADDRSTRLEN + 4] = "", why[160];
    struct value value;
    if (text.len >= sizeof(copy))
        return form;
    memcpy(copy, text.ptr, text.len);
    rule->kind = PERMIT_RULE_RANGE;
    switch (value_parse(&spec, copy, &value, why, sizeof(why))) {
    case VALUE_OK:
        rule->range = value.cidr;
        return NULL;
    case VALUE_OUT_OF_RANGE:
        return "must have a prefix length from 0 to 32, or to 128 for IPv6";
    default:
        return memchr(text.ptr, '/', text.len)
                   ? "must be a range that begins with its first address, such as 10.1.0.0/16"
                   : form;
    }
}

/* "[fd00::]/8" */
static const char *parse_bracketed(struct slice text, struct permit_rule *rule)
{
    char plain[INET6_ADDRSTRLEN + 4];
    const char *close = memchr(text.ptr, ']', text.len);
    if (!close || text.len >= sizeof(plain) || !memchr(text.ptr, ':', text.len))
        return form;
    size_t address = (size_t)(close - text.ptr) - 1;
    struct slice bits = slice_from(text, address + 2);
    if (bits.len > 0 && bits.ptr[0] != '/')
        return form;
    memcpy(plain, text.ptr + 1, address);
    memcpy(plain + address, bits.ptr, bits.len);
    return parse_range((struct slice){plain, address + bits.len}, rule);
}

/* Only digits, dots and '*', or hexadecimal: getaddrinfo reads such names as addresses. */
static bool ends_in_number(struct slice host)
{
    const char *dot = memrchr(host.ptr, '.', host.len);
    struct slice last = dot ? slice_from(host, (size_t)(dot - host.ptr) + 1) : host;
    if (last.len >= 2 && last.ptr[0] == '0' && ascii_lower(last.ptr[1]) == 'x')
        return true;
    for (size_t i = 0; i < last.len; i++)
        if (!ascii_is_digit(last.ptr[i]) && last.ptr[i] != '*')
            return false;
    return true;
}

static const char *parse_name(struct slice host, struct permit_rule *rule)
{
    *rule = (struct permit_rule){.kind = PERMIT_RULE_NAME, .pattern = host};
    if (slice_equal(host, SLICE("*")))
        return NULL;
    if (host.len > VALUE_HOST_MAX)
        return "must have at most 253 characters in front of the port";
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (!ascii_is_alphanumeric(c) && !memchr("-_.*", c, 4))
            return form;
        if (c == '.' && (i == 0 || host.ptr[i - 1] == '.'))
            return form;
    }
    if (host.ptr[host.len - 1] == '.')
        return "must be a name without a dot at its end";
    return ends_in_number(host)
               ? "must be a name, or a whole address: write 10.1.0.0/16 for a range"
               : NULL;
}

static bool is_numeric(struct slice host)
{
    for (size_t i = 0; i < host.len; i++)
        if (!ascii_is_digit(host.ptr[i]) && host.ptr[i] != '.')
            return false;
    return true;
}

static const char *parse_host(struct slice host, struct permit_rule *rule)
{
    if (host.ptr[0] == '[')
        return parse_bracketed(host, rule);
    if (memchr(host.ptr, ':', host.len))
        return "must have an IPv6 address in brackets, such as [fd00::]/8:5900";
    if (memchr(host.ptr, '/', host.len) || is_numeric(host))
        return parse_range(host, rule);
    return parse_name(host, rule);
}

const char *permit_rule_parse(const char *text, struct permit_rule *rule)
{
    struct slice rest = slice_of(text);
    *rule = (struct permit_rule){0};
    if (slice_cut_prefix(&rest, SLICE("unix:")))
        return parse_unix(rest, rule);
    if (*text == '\0' || strstr(text, "//"))
        return form;
    const char *colon = memrchr(rest.ptr, ':', rest.len);
    if (!colon || colon == rest.ptr || (rest.ptr[0] == '[' && strchr(colon, ']')))
        return "must have a port: :5900, :5900-5999 or :*";
    size_t length = (size_t)(colon - rest.ptr);
    const char *wrong = parse_host((struct slice){rest.ptr, length}, rule);
    return wrong ? wrong : parse_ports(slice_from(rest, length + 1), rule);
}

const char *permit_rule_check(const char *text)
{
    struct permit_rule rule;
    return strcmp(text, "any") == 0 ? NULL : permit_rule_parse(text, &rule);
}
