#include "core/access/access.h"

#include "base/ascii.h"
#include "codec/http/uri.h"
#include "codec/ip.h"

struct origin {
    struct slice scheme, host;
    uint16_t port; /* 0: none, and the scheme has no default */
};

static uint16_t default_port(struct slice scheme)
{
    if (slice_equal_nocase(scheme, SLICE("https")) || slice_equal_nocase(scheme, SLICE("wss")))
        return 443;
    if (slice_equal_nocase(scheme, SLICE("http")) || slice_equal_nocase(scheme, SLICE("ws")))
        return 80;
    return 0;
}

/* At most five digits that name a port; `missing` when there are none. */
static bool read_port(struct slice digits, uint16_t missing, uint16_t *port)
{
    uint64_t value = missing;
    bool given = digits.ptr && digits.len > 0;
    if (digits.len > 5 || (given && !ascii_decimal(digits, UINT16_MAX, &value)))
        return false;
    *port = (uint16_t)value;
    return !given || value > 0;
}

/* The characters of a name or an address only: no path, no second origin, no userinfo. */
static bool is_host(struct slice host)
{
    if (host.len == 0)
        return false;
    bool bracketed = host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (bracketed)
        host = (struct slice){host.ptr + 1, host.len - 2};
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool named = ascii_is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
        if (!named && !(bracketed && c == ':'))
            return false;
    }
    return host.len > 0;
}

static bool is_scheme(struct slice scheme)
{
    for (size_t i = 0; i < scheme.len; i++) {
        char c = scheme.ptr[i];
        bool other = ascii_is_digit(c) || c == '+' || c == '-' || c == '.';
        if (!ascii_is_letter(c) && (i == 0 || !other))
            return false;
    }
    return scheme.len > 0;
}

/* serialized-origin of RFC 6454 section 6.2, except "null". */
static bool read_origin(struct slice text, struct origin *origin)
{
    const char *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
    if (!colon)
        return false;
    struct slice digits;
    origin->scheme = (struct slice){text.ptr, (size_t)(colon - text.ptr)};
    struct slice rest = {colon, text.len - origin->scheme.len};
    if (!is_scheme(origin->scheme) || rest.len < 3 || memcmp(rest.ptr, "://", 3) != 0)
        return false;
    uri_split_authority((struct slice){rest.ptr + 3, rest.len - 3}, &origin->host, &digits);
    if (digits.ptr && digits.len == 0)
        return false;
    return is_host(origin->host) && read_port(digits, default_port(origin->scheme), &origin->port);
}

struct slice access_origin_public(struct slice origin)
{
    struct slice rest = origin;
    const char *authority = memmem(origin.ptr, origin.len, "://", 3);
    if (authority)
        rest = slice_from(origin, (size_t)(authority - origin.ptr) + 3);
    size_t length = 0;
    while (length < rest.len && !memchr("/?#@", rest.ptr[length], 4))
        length++;
    bool named = length < rest.len && rest.ptr[length] == '@';
    return (struct slice){origin.ptr, named ? 0 : origin.len - rest.len + length};
}

/* `pattern` is an origin of the configuration, which may have "*." before its host. */
static bool is_listed(const struct origin *origin, struct slice pattern)
{
    static const char mark[] = "://*.";
    const char *star = memmem(pattern.ptr, pattern.len, mark, sizeof(mark) - 1);
    size_t scheme = star ? (size_t)(star - pattern.ptr) : 0;
    struct origin listed;
    if (!star)
        return read_origin(pattern, &listed) && listed.port == origin->port &&
               slice_equal_nocase(listed.scheme, origin->scheme) &&
               slice_equal_nocase(listed.host, origin->host);

    struct slice digits, suffix;
    listed.scheme = (struct slice){pattern.ptr, scheme};
    size_t before = scheme + sizeof(mark) - 2; /* the dot belongs to the suffix */
    uri_split_authority((struct slice){pattern.ptr + before, pattern.len - before}, &suffix,
                        &digits);
    if (!read_port(digits, default_port(listed.scheme), &listed.port) ||
        listed.port != origin->port || !slice_equal_nocase(listed.scheme, origin->scheme) ||
        origin->host.len <= suffix.len)
        return false;
    size_t labels = origin->host.len - suffix.len;
    return origin->host.ptr[0] != '.' &&
           slice_equal_nocase((struct slice){origin->host.ptr + labels, suffix.len}, suffix);
}

static bool is_same_host(const struct origin *origin, struct slice authority, bool secure)
{
    struct slice host, digits;
    uint16_t port, usual = default_port(origin->scheme);
    if (!authority.ptr || usual == 0 || (secure && usual != 443))
        return false;
    uri_split_authority(authority, &host, &digits);
    return read_port(digits, usual, &port) && port == origin->port &&
           slice_equal_nocase(host, origin->host);
}

enum reason access_origin(struct slice origin, struct slice host, bool secure,
                          const struct config_texts *allowed)
{
    struct origin parsed;
    if (!origin.ptr || config_texts_has(allowed, SLICE("any")))
        return REASON_none;
    if (slice_equal(origin, SLICE("null")))
        return config_texts_has(allowed, origin) ? REASON_none : REASON_origin_refused;
    if (!read_origin(origin, &parsed))
        return REASON_origin_refused;
    if (is_same_host(&parsed, host, secure))
        return REASON_none;
    for (size_t i = 0; i < allowed->count; i++)
        if (is_listed(&parsed, slice_of(allowed->items[i])))
            return REASON_none;
    return REASON_origin_refused;
}

bool access_is_rebind_safe(struct slice authority)
{
    static const struct slice local = {"localhost", 9};
    struct slice host, port;
    uint8_t address[IP_BYTES];
    if (!authority.ptr)
        return true;
    uri_split_authority(authority, &host, &port);
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        return ip_parse_v6((struct slice){host.ptr + 1, host.len - 2}, address);
    if (ip_parse_v4(host, address))
        return true;
    if (host.len > 0 && host.ptr[host.len - 1] == '.')
        host.len--;
    if (host.len < local.len)
        return false;
    size_t labels = host.len - local.len;
    return slice_equal_nocase(slice_from(host, labels), local) &&
           (labels == 0 || host.ptr[labels - 1] == '.');
}

static bool holds(const struct config_cidr *range, const uint8_t *address)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    bool ipv4_range = range->bits >= 96 && ip_is_v4(range->bytes);
    if (ipv4_range != ip_is_v4(address) || memcmp(range->bytes, address, whole) != 0)
        return false;
    return rest == 0 || (range->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool access_is_in_ranges(const struct config_cidrs *ranges, const uint8_t *address)
{
    for (size_t i = 0; address && i < ranges->count; i++)
        if (holds(&ranges->items[i], address))
            return true;
    return false;
}

enum reason access_address(const uint8_t *address, const struct config_cidrs *allow,
                           const struct config_cidrs *deny)
{
    bool refused = access_is_in_ranges(deny, address) ||
                   (allow->count > 0 && !access_is_in_ranges(allow, address));
    return refused ? REASON_address_refused : REASON_none;
}
