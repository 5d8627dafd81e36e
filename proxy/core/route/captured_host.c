#include "core/route/captured_host.h"

#include "base/ascii.h"
#include "codec/ip.h"
#include "core/route/expand.h"
#include "core/route/route.h"
#include "core/route/route_table.h"

#define LABEL_MAX 63 /* RFC 1035 section 2.3.4 */

static bool is_hex_digit(char c)
{
    return ascii_hex(c) >= 0;
}

static bool is_of_label(char c)
{
    return ascii_is_alphanumeric(c) || c == '-' || c == '_';
}

static bool all(struct slice text, bool (*is)(char c))
{
    for (size_t i = 0; i < text.len; i++)
        if (!is(text.ptr[i]))
            return false;
    return true;
}

/* ---- names ---- */

static const char *check_labels(struct slice host)
{
    size_t length = 0;
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '.') {
            if (length == 0)
                return "has an empty label";
            length = 0;
        } else if (!is_of_label(host.ptr[i])) {
            return "has a character that no host name has";
        } else if (++length > LABEL_MAX) {
            return "has a label of more than 63 characters";
        }
    }
    return host.len > 0 ? NULL : "is empty";
}

/* URL standard (url.spec.whatwg.org), section 3.5, "ends in a number checker". */
static bool ends_in_number(struct slice host)
{
    if (host.ptr[host.len - 1] == '.')
        host.len--;
    const char *dot = memrchr(host.ptr, '.', host.len);
    struct slice last = dot ? slice_from(host, (size_t)(dot - host.ptr) + 1) : host;
    if (last.len >= 2 && last.ptr[0] == '0' && ascii_lower(last.ptr[1]) == 'x')
        return all(slice_from(last, 2), is_hex_digit);
    return all(last, ascii_is_digit);
}

/* ---- addresses ---- */

/* The next capture of the pattern behind *pattern, which moves behind it; false: no more. */
static bool next_capture(const char **pattern, const struct route_match *match, size_t *index)
{
    const char *open = strchr(*pattern, '{');
    const char *close = open ? strchr(open, '}') : NULL;
    if (!close)
        return false;
    struct slice name = {open + 1, (size_t)(close - open) - 1};
    *pattern = close + 1;
    for (*index = 0; *index < match->capture_count; ++*index)
        if (slice_equal(match->captures[*index].name, name))
            return true;
    return false;
}

static bool has_digit_outside_captures(const char *pattern)
{
    bool inside = false;
    for (; *pattern; pattern++) {
        if (!inside && ascii_is_digit(*pattern))
            return true;
        inside = *pattern == '{' || (inside && *pattern != '}');
    }
    return false;
}

/* False: the pattern also matches with one of `others` in place of a character. */
static bool spells_out(const struct route_capture *capture, struct slice value, const char *others)
{
    char text[CAPTURED_HOST_MAX];
    memcpy(text, value.ptr, value.len);
    for (size_t i = 0; i < value.len; i++) {
        for (const char *other = others; *other; other++) {
            text[i] = *other;
            if (route_capture_matches(capture, (struct slice){text, value.len}))
                return false;
        }
        memcpy(text + i, value.ptr + i, 1);
    }
    return true;
}

static bool is_spelled_out(const char *pattern, const struct route_match *match, const char *others)
{
    bool by_pattern = has_digit_outside_captures(pattern);
    size_t i;
    while (next_capture(&pattern, match, &i)) {
        struct slice value = match->captures[i].value;
        bool has_dot = value.len > 0 && memchr(value.ptr, '.', value.len);
        if (!(by_pattern && !has_dot) && !spells_out(&match->patterns[i], value, others))
            return false;
    }
    return true;
}

static const char *check_address(const char *pattern, const struct route_match *match,
                                 struct slice host, bool is_v6)
{
    uint8_t address[IP_BYTES];
    if (is_v6 && (!ip_parse_v6(host, address) || ip_is_v4(address)))
        return "is no IPv6 address in a plain form";
    if (!is_v6 && !ip_parse_v4(host, address))
        return "ends in a number and is no address of four decimal parts";
    /* Characters outside of the address's alphabet: the first and last letters of each case. */
    if (is_spelled_out(pattern, match, is_v6 ? "gzGZ-_" : "azAZ-_"))
        return NULL;
    return "is an address, and the pattern of its capture is for names";
}

const char *captured_host_make(const char *pattern, const struct route_match *match,
                               char out[static CAPTURED_HOST_MAX + 1])
{
    if (!expand_text(pattern, match->captures, match->capture_count, out, CAPTURED_HOST_MAX + 1)) {
        out[0] = '\0';
        return "is longer than 253 bytes";
    }
    struct slice host = slice_of(out);
    if (strchr(out, ':'))
        return check_address(pattern, match, host, true);
    const char *wrong = check_labels(host);
    if (wrong || !ends_in_number(host))
        return wrong;
    return check_address(pattern, match, host, false);
}
