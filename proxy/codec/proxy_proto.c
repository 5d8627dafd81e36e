#include "codec/proxy_proto.h"

#include "base/text/writer.h"

/*
 * Version 2:
 *
 *      0          12        13         14        16
 *      +-----------+---------+----------+---------+-----------+-----+-----+---
 *      | signature | version | family   | length  | addresses | TLV | TLV | ...
 *      |           | command | protocol | of the  | by family |     |     |
 *      +-----------+---------+----------+-- rest -+-----------+-----+-----+---
 */
#define FIXED_LENGTH   16
#define VERSION_LOCAL  0x20
#define VERSION_PROXY  0x21
#define TLV_HEADER     3
#define CHECKSUM_BYTES 4
#define UNIQUE_ID_MAX  128
#define SSL_FIXED      5 /* client, verify */

static const uint8_t v1_signature[6] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const uint8_t v2_signature[12] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                         0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

enum family {
    FAMILY_UNSPEC = 0x00,
    FAMILY_TCP4 = 0x11,
    FAMILY_TCP6 = 0x21,
    FAMILY_UNIX = 0x31,
};

enum tlv {
    TLV_ALPN = 0x01,
    TLV_AUTHORITY = 0x02,
    TLV_CRC32C = 0x03,
    TLV_UNIQUE_ID = 0x05,
    TLV_SSL = 0x20,
    TLV_SSL_VERSION = 0x21,
    TLV_SSL_CN = 0x22,
    TLV_SSL_CIPHER = 0x23,
    TLV_USER = 0xe0, /* of PP2_TYPE_MIN_CUSTOM to MAX_CUSTOM, which parties agree on */
};

enum { CLIENT_SSL = 0x01, CLIENT_CERT_CONN = 0x02, CLIENT_CERT_SESS = 0x04 };

static unsigned read_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)read_u16(at) << 16 | read_u16(at + 2);
}

static void write_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void write_u32(uint8_t *at, uint32_t value)
{
    write_u16(at, value >> 16);
    write_u16(at + 2, value & 0xFFFF);
}

/* CRC32c (RFC 3720 appendix B.4), reflected; bit by bit, as a header has about 100 bytes. */
static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82F63B78 & (0 - (crc & 1)));
    }
    return crc;
}

/* Of a whole header, with zeros in place of the checksum (section 2.2.3). */
static uint32_t checksum_of(const uint8_t *header, size_t length, size_t at)
{
    static const uint8_t zeros[CHECKSUM_BYTES];
    uint32_t crc = crc32c(UINT32_MAX, header, at);
    crc = crc32c(crc, zeros, sizeof(zeros));
    crc = crc32c(crc, header + at + sizeof(zeros), length - at - sizeof(zeros));
    return ~crc;
}

/* ---- version 1 ---- */

/* Cuts off the text up to the next space, with the space, or all of it. */
static struct slice cut_word(struct slice *rest)
{
    const char *space = memchr(rest->ptr, ' ', rest->len);
    struct slice word = {rest->ptr, space ? (size_t)(space - rest->ptr) : rest->len};
    *rest = slice_from(*rest, word.len + (space ? 1 : 0));
    return word;
}

static bool read_endpoints(struct slice rest, bool v6, struct proxy_proto *header)
{
    bool (*parse)(struct slice, uint8_t *) = v6 ? ip_parse_v6 : ip_parse_v4;
    struct slice source = cut_word(&rest);
    struct slice destination = cut_word(&rest);
    struct slice source_port = cut_word(&rest);
    return parse(source, header->source.address) &&
           parse(destination, header->destination.address) &&
           ip_parse_port(source_port, &header->source.port) &&
           ip_parse_port(rest, &header->destination.port);
}

/* The text between the signature and CRLF. */
static bool read_v1_line(struct slice rest, struct proxy_proto *header)
{
    struct slice protocol = cut_word(&rest);
    if (slice_equal(protocol, SLICE("UNKNOWN")))
        return true; /* the rest of the line is to be ignored */
    bool v6 = slice_equal(protocol, SLICE("TCP6"));
    header->kind = PROXY_PROTO_ADDRESS;
    return (v6 || slice_equal(protocol, SLICE("TCP4"))) && read_endpoints(rest, v6, header);
}

static enum proxy_proto_verdict decode_v1(const uint8_t *bytes, size_t length,
                                          struct proxy_proto *header, size_t *consumed)
{
    size_t window = length < PROXY_PROTO_V1_MAX ? length : PROXY_PROTO_V1_MAX;
    const uint8_t *end = memchr(bytes, '\n', window);
    if (!end)
        return length < PROXY_PROTO_V1_MAX ? PROXY_PROTO_MORE : PROXY_PROTO_BAD;
    struct slice line = {(const char *)bytes + sizeof(v1_signature),
                         (size_t)(end - bytes) - sizeof(v1_signature)};
    if (line.len == 0 || line.ptr[line.len - 1] != '\r')
        return PROXY_PROTO_BAD;
    line.len--;
    *consumed = (size_t)(end - bytes) + 1;
    return read_v1_line(line, header) ? PROXY_PROTO_DONE : PROXY_PROTO_BAD;
}

/* ---- version 2 ---- */

static struct slice slice_at(const uint8_t *bytes, size_t length)
{
    return (struct slice){(const char *)bytes, length};
}

/* A value that occurs twice is ambiguous. */
static bool store_once(struct slice *place, const uint8_t *value, size_t length)
{
    if (place->ptr)
        return false;
    *place = slice_at(value, length);
    return true;
}

/* The next TLV; false at the end, where *whole says whether the TLVs fill the header. */
static bool next_tlv(const uint8_t **at, const uint8_t *end, uint8_t *type, size_t *length,
                     bool *whole)
{
    size_t left = (size_t)(end - *at);
    *whole = left == 0;
    if (left < TLV_HEADER)
        return false;
    *type = (*at)[0];
    *length = read_u16(*at + 1);
    *at += TLV_HEADER;
    return *length <= left - TLV_HEADER;
}

/* PP2_TYPE_SSL, section 2.2.6 */
static bool read_ssl(const uint8_t *at, size_t size, struct proxy_proto_tls *tls)
{
    const uint8_t *end = at + size;
    if (size < SSL_FIXED)
        return false;
    tls->used = at[0] & CLIENT_SSL;
    tls->certificate = at[0] & (CLIENT_CERT_CONN | CLIENT_CERT_SESS);
    tls->verified = tls->certificate && read_u32(at + 1) == 0;
    at += SSL_FIXED;

    uint8_t type;
    size_t length;
    bool good = true, whole;
    while (next_tlv(&at, end, &type, &length, &whole)) {
        if (type == TLV_SSL_VERSION)
            good = store_once(&tls->version, at, length);
        else if (type == TLV_SSL_CIPHER)
            good = store_once(&tls->cipher, at, length);
        else if (type == TLV_SSL_CN)
            good = store_once(&tls->common_name, at, length);
        if (!good)
            return false;
        at += length;
    }
    return whole;
}

/* `start`: where the TLVs of a whole header begin. */
static bool read_tlvs(const uint8_t *bytes, size_t total, size_t start, struct proxy_proto *header)
{
    const uint8_t *at = bytes + start, *end = bytes + total;
    bool good = true, whole, has_ssl = false;
    uint8_t type;
    size_t length;
    while (next_tlv(&at, end, &type, &length, &whole)) {
        switch (type) {
        case TLV_ALPN:
            good = store_once(&header->alpn, at, length);
            break;
        case TLV_AUTHORITY:
            good = store_once(&header->authority, at, length);
            break;
        case TLV_UNIQUE_ID:
            good = length <= UNIQUE_ID_MAX && store_once(&header->unique_id, at, length);
            break;
        case TLV_SSL:
            good = !has_ssl && read_ssl(at, length, &header->tls);
            has_ssl = true;
            break;
        case TLV_CRC32C:
            good = !header->checksum && length == CHECKSUM_BYTES &&
                   read_u32(at) == checksum_of(bytes, total, (size_t)(at - bytes));
            header->checksum = true;
            break;
        default:
            break;
        }
        if (!good)
            return false;
        at += length;
    }
    return whole;
}

/* The size of a family's two addresses; false: the family is not known. */
static bool address_length(uint8_t family, size_t *length)
{
    switch (family) {
    case FAMILY_TCP4:
        *length = 4 + 4 + 2 + 2;
        return true;
    case FAMILY_TCP6:
        *length = 16 + 16 + 2 + 2;
        return true;
    case FAMILY_UNIX:
        *length = 108 + 108;
        return true;
    default:
        *length = 0;
        return family == FAMILY_UNSPEC;
    }
}

static void read_addresses(const uint8_t *at, uint8_t family, struct proxy_proto *header)
{
    struct ip_port *ends[] = {&header->source, &header->destination};
    if (family != FAMILY_TCP4 && family != FAMILY_TCP6)
        return;
    header->kind = PROXY_PROTO_ADDRESS;
    for (unsigned i = 0; i < 2; i++) {
        if (family == FAMILY_TCP6) {
            memcpy(ends[i]->address, at, IP_BYTES);
            at += IP_BYTES;
        } else {
            ip_from_v4(at, ends[i]->address);
            at += 4;
        }
    }
    for (unsigned i = 0; i < 2; i++, at += 2)
        ends[i]->port = (uint16_t)read_u16(at);
}

/* Checks each field as soon as it is there, so that a bad header is refused without the rest. */
static enum proxy_proto_verdict decode_v2(const uint8_t *bytes, size_t length,
                                          struct proxy_proto *header, size_t *consumed)
{
    size_t addresses = 0;
    if (length > 12 && bytes[12] != VERSION_LOCAL && bytes[12] != VERSION_PROXY)
        return PROXY_PROTO_BAD;
    bool local = length > 12 && bytes[12] == VERSION_LOCAL;
    if (length > 13 && !local && !address_length(bytes[13], &addresses))
        return PROXY_PROTO_BAD;
    if (length < FIXED_LENGTH)
        return PROXY_PROTO_MORE;
    size_t total = FIXED_LENGTH + read_u16(bytes + 14);
    if (total > PROXY_PROTO_MAX || total < FIXED_LENGTH + addresses)
        return PROXY_PROTO_BAD;
    if (length < total)
        return PROXY_PROTO_MORE;

    *consumed = total;
    header->kind = local ? PROXY_PROTO_LOCAL : PROXY_PROTO_UNKNOWN;
    if (local || bytes[13] == FAMILY_UNSPEC)
        return PROXY_PROTO_DONE;
    read_addresses(bytes + FIXED_LENGTH, bytes[13], header);
    return read_tlvs(bytes, total, FIXED_LENGTH + addresses, header) ? PROXY_PROTO_DONE
                                                                     : PROXY_PROTO_BAD;
}

static bool begins_as(const uint8_t *bytes, size_t length, const uint8_t *signature, size_t size)
{
    return memcmp(bytes, signature, length < size ? length : size) == 0;
}

enum proxy_proto_verdict proxy_proto_decode(const uint8_t *bytes, size_t length,
                                            struct proxy_proto *header, size_t *consumed,
                                            enum reason *bad)
{
    if (length == 0)
        return PROXY_PROTO_MORE;
    bool v1 = begins_as(bytes, length, v1_signature, sizeof(v1_signature));
    if (!v1 && !begins_as(bytes, length, v2_signature, sizeof(v2_signature)))
        return PROXY_PROTO_ABSENT;
    if (length < (v1 ? sizeof(v1_signature) : sizeof(v2_signature)))
        return PROXY_PROTO_MORE;
    *header = (struct proxy_proto){.kind = PROXY_PROTO_UNKNOWN};
    enum proxy_proto_verdict verdict = v1 ? decode_v1(bytes, length, header, consumed)
                                          : decode_v2(bytes, length, header, consumed);
    if (verdict == PROXY_PROTO_BAD)
        *bad = REASON_proxy_malformed;
    return verdict;
}

/* ---- encoder ---- */

static bool both_v4(const struct proxy_proto *header)
{
    return ip_is_v4(header->source.address) && ip_is_v4(header->destination.address);
}

size_t proxy_proto_encode_v1(uint8_t *out, size_t capacity, const struct proxy_proto *header)
{
    char line[PROXY_PROTO_V1_MAX + 1] = "PROXY UNKNOWN\r\n";
    if (header->kind == PROXY_PROTO_ADDRESS) {
        char source[IP_TEXT], destination[IP_TEXT];
        bool v4 = both_v4(header);
        size_t (*print)(const uint8_t *, char *) = v4 ? ip_print : ip_print_v6;
        print(header->source.address, source);
        print(header->destination.address, destination);
        snprintf(line, sizeof(line), "PROXY TCP%c %s %s %u %u\r\n", v4 ? '4' : '6', source,
                 destination, header->source.port, header->destination.port);
    }
    size_t length = strlen(line);
    if (length > capacity)
        return 0;
    memcpy(out, line, length);
    return length;
}

/* Begins a TLV whose length tlv_end fills in. */
static size_t tlv_begin(struct writer *w, enum tlv type)
{
    writer_add(w, (const uint8_t[TLV_HEADER]){(uint8_t)type}, TLV_HEADER);
    return w->length;
}

static void tlv_end(struct writer *w, size_t start)
{
    /* A length within PROXY_PROTO_MAX fits two bytes. */
    if (!w->overflow)
        write_u16(w->out + start - 2, (unsigned)(w->length - start));
}

static void put_tlv(struct writer *w, enum tlv type, struct slice value)
{
    if (!value.ptr)
        return;
    size_t start = tlv_begin(w, type);
    writer_add(w, value.ptr, value.len);
    tlv_end(w, start);
}

static void put_ssl(struct writer *w, const struct proxy_proto_tls *tls)
{
    if (!tls->used)
        return;
    uint8_t fixed[SSL_FIXED] = {CLIENT_SSL};
    if (tls->certificate)
        fixed[0] |= CLIENT_CERT_CONN | CLIENT_CERT_SESS;
    write_u32(fixed + 1, tls->certificate && tls->verified ? 0 : 1);
    size_t start = tlv_begin(w, TLV_SSL);
    writer_add(w, fixed, sizeof(fixed));
    put_tlv(w, TLV_SSL_VERSION, tls->version);
    put_tlv(w, TLV_SSL_CIPHER, tls->cipher);
    put_tlv(w, TLV_SSL_CN, tls->common_name);
    tlv_end(w, start);
}

static void put_addresses(struct writer *w, const struct proxy_proto *header)
{
    size_t skip = both_v4(header) ? IP_BYTES - 4 : 0;
    uint8_t ports[4];
    write_u16(ports, header->source.port);
    write_u16(ports + 2, header->destination.port);
    writer_add(w, header->source.address + skip, IP_BYTES - skip);
    writer_add(w, header->destination.address + skip, IP_BYTES - skip);
    writer_add(w, ports, sizeof(ports));
}

size_t proxy_proto_encode_v2(uint8_t *out, size_t capacity, const struct proxy_proto *header)
{
    static const char zeros[CHECKSUM_BYTES];
    struct writer w = writer_to(out, size_min(capacity, PROXY_PROTO_MAX));
    uint8_t rest[FIXED_LENGTH - sizeof(v2_signature)] = {VERSION_LOCAL, FAMILY_UNSPEC};
    bool relayed = header->kind == PROXY_PROTO_ADDRESS;
    if (relayed) {
        rest[0] = VERSION_PROXY;
        rest[1] = both_v4(header) ? FAMILY_TCP4 : FAMILY_TCP6;
    }
    writer_add(&w, v2_signature, sizeof(v2_signature));
    writer_add(&w, rest, sizeof(rest));
    if (relayed) {
        put_addresses(&w, header);
        put_tlv(&w, TLV_ALPN, header->alpn);
        put_tlv(&w, TLV_AUTHORITY, header->authority);
        put_tlv(&w, TLV_UNIQUE_ID, header->unique_id);
        put_ssl(&w, &header->tls);
        put_tlv(&w, TLV_USER, header->user);
        if (header->checksum)
            put_tlv(&w, TLV_CRC32C, (struct slice){zeros, sizeof(zeros)});
    }
    if (w.overflow)
        return 0;
    write_u16(out + FIXED_LENGTH - 2, (unsigned)(w.length - FIXED_LENGTH));
    if (relayed && header->checksum)
        write_u32(out + w.length - CHECKSUM_BYTES,
                  checksum_of(out, w.length, w.length - CHECKSUM_BYTES));
    return w.length;
}
