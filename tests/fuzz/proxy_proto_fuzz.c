/*
 * Each prefix of the input gets the verdict of the whole or MORE, and no verdict depends on bytes
 * behind the header. A decoded header can be encoded in either version and decoded again.
 *
 * Input: the first bytes of a connection; read a second time, the parts of a header to encode.
 */
#include "codec/proxy_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 1024

struct outcome {
    enum proxy_proto_verdict verdict;
    enum reason bad;
    size_t consumed;
    struct proxy_proto header;
};

static struct outcome decode(const uint8_t *bytes, size_t length)
{
    struct outcome out = {.bad = REASON_none};
    out.verdict = proxy_proto_decode(bytes, length, &out.header, &out.consumed, &out.bad);
    wsl_assert(out.bad == (out.verdict == PROXY_PROTO_BAD ? REASON_proxy_malformed : REASON_none));
    return out;
}

static bool same_slice(struct slice a, struct slice b)
{
    return !a.ptr == !b.ptr && slice_equal(a, b);
}

static bool same_end(const struct ip_port *a, const struct ip_port *b)
{
    return memcmp(a->address, b->address, IP_BYTES) == 0 && a->port == b->port;
}

static void assert_same_tlvs(const struct proxy_proto *a, const struct proxy_proto *b)
{
    wsl_assert(same_slice(a->authority, b->authority) && same_slice(a->alpn, b->alpn));
    wsl_assert(same_slice(a->unique_id, b->unique_id) && a->checksum == b->checksum);
    wsl_assert(a->tls.used == b->tls.used);
    if (!a->tls.used)
        return;
    wsl_assert(a->tls.certificate == b->tls.certificate && a->tls.verified == b->tls.verified);
    wsl_assert(same_slice(a->tls.version, b->tls.version));
    wsl_assert(same_slice(a->tls.cipher, b->tls.cipher));
    wsl_assert(same_slice(a->tls.common_name, b->tls.common_name));
}

/*
 * Version 2 keeps all facts of a client with an address, version 1 those that it has fields for. A
 * client without an address stays without one.
 */
static void check_round_trip(const struct proxy_proto *header)
{
    static const enum proxy_proto_kind bare[] = {PROXY_PROTO_UNKNOWN, PROXY_PROTO_LOCAL};
    uint8_t bytes[PROXY_PROTO_MAX];
    for (unsigned version = 1; version <= 2; version++) {
        size_t length = version == 1 ? proxy_proto_encode_v1(bytes, PROXY_PROTO_V1_MAX, header)
                                     : proxy_proto_encode_v2(bytes, sizeof(bytes), header);
        wsl_assert(length > 0);
        struct outcome out = decode(bytes, length);
        wsl_assert(out.verdict == PROXY_PROTO_DONE && out.consumed == length);
        if (header->kind != PROXY_PROTO_ADDRESS) {
            wsl_assert(out.header.kind == bare[version - 1]);
            continue;
        }
        wsl_assert(out.header.kind == PROXY_PROTO_ADDRESS);
        wsl_assert(same_end(&header->source, &out.header.source));
        wsl_assert(same_end(&header->destination, &out.header.destination));
        if (version == 2)
            assert_same_tlvs(header, &out.header);
    }
}

static void check_cuts(const uint8_t *data, size_t size, const struct outcome *whole)
{
    size_t step = size < 128 ? 1 : size / 64;
    for (size_t cut = 0; cut < size; cut += step) {
        uint8_t *copy = malloc(cut ? cut : 1); /* exact size: the sanitizer reports an overrun */
        wsl_assert(copy);
        memcpy(copy, data, cut);
        struct outcome part = decode(copy, cut);
        bool has_all = whole->verdict == PROXY_PROTO_DONE && cut >= whole->consumed;
        wsl_assert(part.verdict == whole->verdict ||
                   (part.verdict == PROXY_PROTO_MORE && !has_all));
        wsl_assert(part.verdict != PROXY_PROTO_DONE || part.consumed == whole->consumed);
        free(copy);
    }
}

/* The next bytes of the input; none at its end. */
static struct slice take(struct slice *rest, size_t wanted)
{
    struct slice taken = {rest->ptr, wanted < rest->len ? wanted : rest->len};
    *rest = slice_from(*rest, taken.len);
    return taken;
}

static unsigned take_byte(struct slice *rest)
{
    struct slice byte = take(rest, 1);
    return byte.len ? (uint8_t)byte.ptr[0] : 0;
}

static struct slice take_text(struct slice *rest, unsigned present)
{
    struct slice text = take(rest, present ? take_byte(rest) % 129 : 0);
    return present ? text : (struct slice){0};
}

static struct ip_port take_end(struct slice *rest, bool v4)
{
    struct ip_port end = {.port = (uint16_t)(take_byte(rest) << 8 | take_byte(rest))};
    struct slice bytes = take(rest, v4 ? 4 : IP_BYTES);
    memcpy(end.address, bytes.ptr, bytes.len);
    if (v4)
        ip_from_v4(
            (const uint8_t[4]){end.address[0], end.address[1], end.address[2], end.address[3]},
            end.address);
    return end;
}

static void check_built(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    unsigned shape = take_byte(&rest), tls = take_byte(&rest);
    struct proxy_proto header = {.kind = shape % 3, .checksum = shape & 0x80};
    header.source = take_end(&rest, shape & 0x10);
    header.destination = take_end(&rest, shape & 0x20);
    header.authority = take_text(&rest, shape & 0x04);
    header.alpn = take_text(&rest, shape & 0x08);
    header.unique_id = take_text(&rest, shape & 0x40);
    header.tls.used = tls & 0x01;
    header.tls.certificate = tls & 0x02;
    header.tls.verified = header.tls.certificate && (tls & 0x04);
    header.tls.version = take_text(&rest, tls & 0x08);
    header.tls.cipher = take_text(&rest, tls & 0x10);
    header.tls.common_name = take_text(&rest, tls & 0x20);
    check_round_trip(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    struct outcome whole = decode(data, size);
    check_cuts(data, size, &whole);
    if (whole.verdict == PROXY_PROTO_DONE) {
        wsl_assert(whole.consumed > 0 && whole.consumed <= size);
        check_round_trip(&whole.header);
    }
    check_built(data, size);
    return 0;
}
