#include "codec/ip.h"

#include "base/ascii.h"

static const uint8_t v4_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

void ip_from_v4(const uint8_t octets[static 4], uint8_t address[static IP_BYTES])
{
    memcpy(address, v4_prefix, sizeof(v4_prefix));
    memcpy(address + sizeof(v4_prefix), octets, 4);
}

bool ip_is_v4(const uint8_t address[static IP_BYTES])
{
    return memcmp(address, v4_prefix, sizeof(v4_prefix)) == 0;
}

/* The digits at the beginning of `text`, `most` at most, without leading zeros; 0: none. */
static size_t read_decimal(struct slice text, size_t most, unsigned *value)
{
    size_t length = 0;
    *value = 0;
    while (length < text.len && length < most && ascii_is_digit(text.ptr[length]))
        *value = *value * 10 + (unsigned)(text.ptr[length++] - '0');
    return length > 1 && text.ptr[0] == '0' ? 0 : length;
}

bool ip_parse_port(struct slice text, uint16_t *port)
{
    unsigned value;
    size_t length = read_decimal(text, 5, &value);
    if (length == 0 || length != text.len || value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

static bool parse_octets(struct slice text, uint8_t octets[static 4])
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0) {
            if (text.len == 0 || text.ptr[0] != '.')
                return false;
            text = slice_from(text, 1);
        }
        unsigned value;
        size_t length = read_decimal(text, 3, &value);
        if (length == 0 || value > UINT8_MAX)
            return false;
        octets[i] = (uint8_t)value;
        text = slice_from(text, length);
    }
    return text.len == 0;
}

bool ip_parse_v4(struct slice text, uint8_t address[static IP_BYTES])
{
    uint8_t octets[4];
    if (!parse_octets(text, octets))
        return false;
    ip_from_v4(octets, address);
    return true;
}

/* Up to four hexadecimal digits at the beginning of `text`; 0: none. */
static size_t read_group(struct slice text, uint8_t group[static 2])
{
    size_t length = 0;
    unsigned value = 0;
    for (; length < text.len && length < 4 && ascii_hex(text.ptr[length]) >= 0; length++)
        value = value << 4 | (unsigned)ascii_hex(text.ptr[length]);
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)value;
    return length;
}

/* The groups in their order, and the place of "::". */
struct groups {
    uint8_t bytes[IP_BYTES];
    size_t length, gap;
    bool has_gap;
};

static bool read_groups(struct slice text, struct groups *groups)
{
    if (text.len >= 2 && memcmp(text.ptr, "::", 2) == 0) {
        groups->has_gap = true;
        text = slice_from(text, 2);
    }
    while (text.len > 0) {
        uint8_t group[2];
        size_t digits = read_group(text, group);
        if (digits < text.len && text.ptr[digits] == '.') {
            uint8_t *place = groups->bytes + groups->length;
            groups->length += 4;
            return groups->length <= IP_BYTES && parse_octets(text, place);
        }
        if (digits == 0 || groups->length == IP_BYTES)
            return false;
        memcpy(groups->bytes + groups->length, group, sizeof(group));
        groups->length += sizeof(group);
        text = slice_from(text, digits);
        if (text.len == 0)
            break;
        if (text.ptr[0] != ':' || text.len == 1)
            return false;
        text = slice_from(text, 1);
        if (text.ptr[0] == ':') {
            if (groups->has_gap)
                return false;
            groups->has_gap = true;
            groups->gap = groups->length;
            text = slice_from(text, 1);
        }
    }
    return true;
}

bool ip_parse_v6(struct slice text, uint8_t address[static IP_BYTES])
{
    struct groups groups = {0};
    if (!read_groups(text, &groups))
        return false;
    /* "::" stands for one group at least. */
    if (groups.has_gap ? groups.length > IP_BYTES - 2 : groups.length != IP_BYTES)
        return false;
    size_t before = groups.has_gap ? groups.gap : groups.length;
    size_t behind = groups.length - before;
    memset(address, 0, IP_BYTES);
    memcpy(address, groups.bytes, before);
    memcpy(address + IP_BYTES - behind, groups.bytes + before, behind);
    return true;
}

bool ip_parse(struct slice text, uint8_t address[static IP_BYTES])
{
    return ip_parse_v4(text, address) || ip_parse_v6(text, address);
}

static unsigned group_of(const uint8_t *address, unsigned index)
{
    size_t at = (size_t)index * 2;
    return (unsigned)address[at] << 8 | address[at + 1];
}

/* RFC 5952 section 4.2: the longest run of zero groups, the first of equals, two groups or more. */
static unsigned longest_zeros(const uint8_t *address, unsigned *start)
{
    unsigned best = 1, run = 0;
    for (unsigned i = 0; i < 8; i++) {
        run = group_of(address, i) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *start = i + 1 - run;
        }
    }
    return best > 1 ? best : 0;
}

size_t ip_print_v6(const uint8_t address[static IP_BYTES], char text[static IP_TEXT])
{
    unsigned start = 0, zeros = longest_zeros(address, &start);
    size_t length = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (zeros > 0 && i == start) {
            text[length++] = ':';
            text[length++] = ':';
            i += zeros - 1;
            continue;
        }
        const char *colon = i > 0 && text[length - 1] != ':' ? ":" : "";
        length +=
            (size_t)snprintf(text + length, IP_TEXT - length, "%s%x", colon, group_of(address, i));
    }
    text[length] = '\0';
    return length;
}

size_t ip_print(const uint8_t address[static IP_BYTES], char text[static IP_TEXT])
{
    const uint8_t *octets = address + sizeof(v4_prefix);
    if (!ip_is_v4(address))
        return ip_print_v6(address, text);
    return (size_t)snprintf(text, IP_TEXT, "%u.%u.%u.%u", octets[0], octets[1], octets[2],
                            octets[3]);
}
