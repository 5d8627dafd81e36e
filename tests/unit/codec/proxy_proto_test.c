#include "codec/proxy_proto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SIGNATURE      "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal) (literal), sizeof(literal) - 1

struct outcome {
    enum proxy_proto_verdict verdict;
    enum reason bad;
    size_t consumed;
    uint8_t *bytes; /* what the header's slices point into */
    struct proxy_proto header;
};

/* Decodes a copy of exact size, so that the sanitizer reports an overrun. */
static void call(struct outcome *out, const void *bytes, size_t length)
{
    free(out->bytes);
    out->bytes = malloc(length ? length : 1);
    assert_non_null(out->bytes);
    memcpy(out->bytes, bytes, length);
    memset(&out->header, 0xA5, sizeof(out->header));
    out->bad = REASON_none;
    out->verdict = proxy_proto_decode(out->bytes, length, &out->header, &out->consumed, &out->bad);
}

/* The verdict on the whole; every prefix has the same verdict or MORE. */
static void decode(struct outcome *whole, const void *bytes, size_t length)
{
    struct outcome part = {0};
    *whole = (struct outcome){0};
    call(whole, bytes, length);
    for (size_t cut = 0; cut < length; cut++) {
        call(&part, bytes, cut);
        if (part.verdict == PROXY_PROTO_MORE)
            assert_true(whole->verdict != PROXY_PROTO_DONE || cut < whole->consumed);
        else
            assert_int_equal(part.verdict, whole->verdict);
        if (part.verdict == PROXY_PROTO_DONE)
            assert_int_equal(part.consumed, whole->consumed);
    }
    free(part.bytes);
    assert_int_equal(whole->bad,
                     whole->verdict == PROXY_PROTO_BAD ? REASON_proxy_malformed : REASON_none);
}

static void assert_verdict(const void *bytes, size_t length, enum proxy_proto_verdict verdict)
{
    struct outcome out;
    decode(&out, bytes, length);
    if (out.verdict != verdict)
        fail_msg("verdict %d instead of %d for: %.*s", out.verdict, verdict, (int)length,
                 (const char *)bytes);
    free(out.bytes);
}

static void assert_end(const struct ip_port *end, const char *address, unsigned port)
{
    char text[IP_TEXT];
    ip_print(end->address, text);
    assert_string_equal(text, address);
    assert_int_equal(end->port, port);
}

static void assert_slice(struct slice slice, const char *text)
{
    if (!text) {
        assert_null(slice.ptr);
        return;
    }
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.ptr, text, slice.len);
}

static struct ip_port end_of(const char *address, uint16_t port)
{
    struct ip_port end = {.port = port};
    assert_true(ip_parse(slice_of(address), end.address));
    return end;
}

/* ---- version 1 ---- */

static void test_v1_addresses(void **state)
{
    static const struct {
        const char *line, *source, *destination;
        unsigned source_port, destination_port;
    } lines[] = {
        {"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "192.0.2.1", "198.51.100.7", 56324,
         443},
        {"PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", "255.255.255.255", "0.0.0.0", 65535, 0},
        {"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "2001:db8::1", "::1", 1, 2},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:202 1 2\r\n", "192.0.2.1", "192.0.2.2", 1, 2},
        {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:"
         "ffff 65535 65535\r\n",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         65535, 65535},
    };
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct outcome out;
        char text[256];
        size_t length = strlen(lines[i].line);
        snprintf(text, sizeof(text), "%sGET / HTTP/1.1\r\n", lines[i].line);
        decode(&out, text, strlen(text));
        assert_int_equal(out.verdict, PROXY_PROTO_DONE);
        assert_int_equal(out.consumed, length);
        assert_int_equal(out.header.kind, PROXY_PROTO_ADDRESS);
        assert_end(&out.header.source, lines[i].source, lines[i].source_port);
        assert_end(&out.header.destination, lines[i].destination, lines[i].destination_port);
        assert_false(out.header.tls.used);
        assert_slice(out.header.authority, NULL);
        free(out.bytes);
    }
}

static void test_v1_unknown(void **state)
{
    static const char *const lines[] = {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n",
                                        "PROXY UNKNOWN any \r text of the sender\r\n",
                                        "PROXY UNKNOWN ffff::ffff ffff::ffff 65535 65535\r\n"};
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct outcome out;
        decode(&out, lines[i], strlen(lines[i]));
        assert_int_equal(out.verdict, PROXY_PROTO_DONE);
        assert_int_equal(out.consumed, strlen(lines[i]));
        assert_int_equal(out.header.kind, PROXY_PROTO_UNKNOWN);
        free(out.bytes);
    }
}

static void test_v1_refuses(void **state)
{
    static const char *const lines[] = {"PROXY \r\n",
                                        "PROXY TCP\r\n",
                                        "PROXY TCP4\r\n",
                                        "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY UNKNOWNX\r\n",
                                        "PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1  2\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2\r\n",
                                        "PROXY TCP4 1.1.1.1\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n",
                                        "PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n",
                                        "PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY TCP4 ::1 ::2 1 2\r\n",
                                        "PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n",
                                        "PROXY TCP6 ::1%eth0 ::2 1 2\r\n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n",
                                        "PROXY UNKNOWN\n",
                                        "PROXY \n",
                                        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\r\n"};
    for (size_t i = 0; i < WSL_COUNT(lines); i++)
        assert_verdict(lines[i], strlen(lines[i]), PROXY_PROTO_BAD);
    assert_verdict(BYTES("PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n"), PROXY_PROTO_BAD);
}

static void test_v1_size_limit(void **state)
{
    char text[200];
    memset(text, 'x', sizeof(text));
    memcpy(text, "PROXY UNKNOWN ", 14);
    assert_verdict(text, PROXY_PROTO_V1_MAX - 1, PROXY_PROTO_MORE);
    assert_verdict(text, PROXY_PROTO_V1_MAX, PROXY_PROTO_BAD);
    memcpy(text + PROXY_PROTO_V1_MAX - 2, "\r\n", 2);
    assert_verdict(text, sizeof(text), PROXY_PROTO_DONE);
    memcpy(text + PROXY_PROTO_V1_MAX - 2, "x\r\n", 3);
    assert_verdict(text, sizeof(text), PROXY_PROTO_BAD);
}

/* ---- neither version ---- */

static void test_absent_at_the_first_different_byte(void **state)
{
    static const struct {
        const char *bytes;
        size_t length, tells;
    } cases[] = {
        {BYTES("GET / HTTP/1.1\r\n"), 1},
        {BYTES("PUT / HTTP/1.1\r\n"), 2},
        {BYTES("PROXY_ / HTTP/1.1\r\n"), 6},
        {BYTES("PROXY\tTCP4 1.1.1.1 2.2.2.2 1 2\r\n"), 6},
        {BYTES("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), 1},
        {BYTES("\x16\x03\x01\x02\x00"), 1},
        {BYTES("\r\nGET / HTTP/1.1\r\n"), 3},
        {BYTES("\r\n\r\n\0\r\nQUIT\r"), 12},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        assert_verdict(cases[i].bytes, cases[i].length, PROXY_PROTO_ABSENT);
        assert_verdict(cases[i].bytes, cases[i].tells, PROXY_PROTO_ABSENT);
        assert_verdict(cases[i].bytes, cases[i].tells - 1, PROXY_PROTO_MORE);
    }
}

/* ---- version 2 ---- */

static void test_v2_tcp4(void **state)
{
    struct outcome out;
    decode(&out, BYTES(SIGNATURE "\x21\x11\x00\x0C"
                                 "\xC0\x00\x02\x01"
                                 "\xC6\x33\x64\x07"
                                 "\xDC\x04"
                                 "\x01\xBB"
                                 "GET"));
    assert_int_equal(out.verdict, PROXY_PROTO_DONE);
    assert_int_equal(out.consumed, 28);
    assert_int_equal(out.header.kind, PROXY_PROTO_ADDRESS);
    assert_end(&out.header.source, "192.0.2.1", 56324);
    assert_end(&out.header.destination, "198.51.100.7", 443);
    assert_false(out.header.checksum);
    free(out.bytes);
}

static void test_v2_tcp6(void **state)
{
    struct outcome out;
    decode(&out, BYTES(SIGNATURE "\x21\x21\x00\x24"
                                 "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01"
                                 "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\x00\x02\x01"
                                 "\x00\x01\xFF\xFF"));
    assert_int_equal(out.verdict, PROXY_PROTO_DONE);
    assert_int_equal(out.consumed, 52);
    assert_end(&out.header.source, "2001:db8::1", 1);
    assert_end(&out.header.destination, "192.0.2.1", 65535);
    free(out.bytes);
}

/* A header of version 2 from its parts. */
struct v2 {
    uint8_t bytes[PROXY_PROTO_MAX + 64];
    size_t length;
};

static void v2_add(struct v2 *v2, const void *bytes, size_t length)
{
    memcpy(v2->bytes + v2->length, bytes, length);
    v2->length += length;
    size_t rest = v2->length - 16;
    v2->bytes[14] = (uint8_t)(rest >> 8);
    v2->bytes[15] = (uint8_t)rest;
}

static struct v2 v2_begin(uint8_t command, uint8_t family, size_t addresses)
{
    struct v2 v2 = {.length = 16};
    memcpy(v2.bytes, SIGNATURE, 12);
    v2.bytes[12] = command;
    v2.bytes[13] = family;
    static const uint8_t zeros[216];
    v2_add(&v2, zeros, addresses);
    return v2;
}

static void test_v2_without_addresses(void **state)
{
    static const struct {
        uint8_t command, family;
        size_t rest;
        enum proxy_proto_kind kind;
    } cases[] = {
        {0x20, 0x00, 0, PROXY_PROTO_LOCAL},     {0x20, 0x11, 12, PROXY_PROTO_LOCAL},
        {0x20, 0x11, 3, PROXY_PROTO_LOCAL},     {0x20, 0xFF, 7, PROXY_PROTO_LOCAL},
        {0x21, 0x00, 0, PROXY_PROTO_UNKNOWN},   {0x21, 0x00, 9, PROXY_PROTO_UNKNOWN},
        {0x21, 0x31, 216, PROXY_PROTO_UNKNOWN},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct v2 v2 = v2_begin(cases[i].command, cases[i].family, cases[i].rest);
        struct outcome out;
        decode(&out, v2.bytes, v2.length);
        assert_int_equal(out.verdict, PROXY_PROTO_DONE);
        assert_int_equal(out.consumed, v2.length);
        assert_int_equal(out.header.kind, cases[i].kind);
        free(out.bytes);
    }
}

static void test_v2_refuses(void **state)
{
    for (unsigned command = 0; command < 256; command++) {
        struct v2 v2 = v2_begin((uint8_t)command, 0x11, 12);
        assert_verdict(v2.bytes, v2.length,
                       command == 0x20 || command == 0x21 ? PROXY_PROTO_DONE : PROXY_PROTO_BAD);
    }
    for (unsigned family = 0; family < 256; family++) {
        struct v2 v2 = v2_begin(0x21, (uint8_t)family, 216);
        bool good = family == 0x00 || family == 0x11 || family == 0x21 || family == 0x31;
        assert_verdict(v2.bytes, v2.length, good ? PROXY_PROTO_DONE : PROXY_PROTO_BAD);
    }
    static const struct {
        uint8_t family;
        size_t needed;
    } needs[] = {{0x11, 12}, {0x21, 36}, {0x31, 216}};
    for (size_t i = 0; i < WSL_COUNT(needs); i++) {
        struct v2 v2 = v2_begin(0x21, needs[i].family, needs[i].needed - 1);
        assert_verdict(v2.bytes, v2.length, PROXY_PROTO_BAD);
    }
}

static void test_v2_size_limit(void **state)
{
    struct v2 v2 = v2_begin(0x21, 0x11, 12);
    static const uint8_t noop[4096] = {0x04};
    size_t length = PROXY_PROTO_MAX - v2.length - 3;
    v2_add(&v2, (uint8_t[]){0x04, (uint8_t)(length >> 8), (uint8_t)length}, 3);
    v2_add(&v2, noop, length);
    assert_int_equal(v2.length, PROXY_PROTO_MAX);
    assert_verdict(v2.bytes, v2.length, PROXY_PROTO_DONE);
    v2.bytes[14] = 0x10; /* 4112 and more: too long, refused at once */
    assert_verdict(v2.bytes, 16, PROXY_PROTO_BAD);
}

#define TLVS                                                                                       \
    "\x01\x00\x02h2"                                                                               \
    "\x02\x00\x0C"                                                                                 \
    "desk.example"                                                                                 \
    "\xEA\x00\x03xyz" /* of an unknown type */                                                     \
    "\x04\x00\x00"                                                                                 \
    "\x05\x00\x03\x01\x02\x03"                                                                     \
    "\x20\x00\x2A\x07\0\0\0\0"                                                                     \
    "\x21\x00\x07TLSv1.3"                                                                          \
    "\x25\x00\x03RSA"                                                                              \
    "\x23\x00\x0A"                                                                                 \
    "TLS_AES_XX"                                                                                   \
    "\x22\x00\x05"                                                                                 \
    "alice"

static void test_v2_tlvs(void **state)
{
    struct v2 v2 = v2_begin(0x21, 0x11, 12);
    struct outcome out;
    v2_add(&v2, BYTES(TLVS));
    decode(&out, v2.bytes, v2.length);
    assert_int_equal(out.verdict, PROXY_PROTO_DONE);
    assert_slice(out.header.alpn, "h2");
    assert_slice(out.header.authority, "desk.example");
    assert_slice(out.header.unique_id, "\1\2\3");
    assert_true(out.header.tls.used && out.header.tls.certificate && out.header.tls.verified);
    assert_slice(out.header.tls.version, "TLSv1.3");
    assert_slice(out.header.tls.cipher, "TLS_AES_XX");
    assert_slice(out.header.tls.common_name, "alice");
    free(out.bytes);

    /* One byte fewer or more: the TLVs do not fill the header. */
    v2.bytes[15]--;
    assert_verdict(v2.bytes, v2.length, PROXY_PROTO_BAD);
    v2.bytes[15] += 2;
    assert_verdict(v2.bytes, v2.length + 1, PROXY_PROTO_BAD);
}

static void test_v2_refuses_tlvs(void **state)
{
    static const char id[129 + 3] = {0x05, 0x00, (char)129};
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {BYTES("\x04")},
        {BYTES("\x04\x00")},
        {BYTES("\x04\x00\x01")},
        {BYTES("\x04\xFF\xFF")},
        {BYTES("\x01\x00\x01x\x01\x00\x01y")},       /* twice */
        {BYTES("\x02\x00\x00\x02\x00\x00")},         /* likewise */
        {BYTES("\x05\x00\x00\x05\x00\x00")},         /* likewise */
        {id, sizeof(id)},                            /* too long */
        {BYTES("\x20\x00\x04\x01\0\0\0")},           /* too short for the fixed part of SSL */
        {BYTES("\x20\x00\x07\x01\0\0\0\0\x21\x00")}, /* a nested TLV is cut */
        {BYTES("\x20\x00\x09\x01\0\0\0\0\x21\x00\x02x")},
        {BYTES("\x20\x00\x0B\x01\0\0\0\0\x21\x00\x00\x21\x00\x00")},
        {BYTES("\x20\x00\x0B\x01\0\0\0\0\x22\x00\x00\x22\x00\x00")},
        {BYTES("\x20\x00\x0B\x01\0\0\0\0\x23\x00\x00\x23\x00\x00")},
        {BYTES("\x20\x00\x05\x01\0\0\0\0\x20\x00\x05\x01\0\0\0\0")},
        {BYTES("\x03\x00\x03\0\0\0")},
        {BYTES("\x03\x00\x04\0\0\0\0")}, /* wrong */
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct v2 v2 = v2_begin(0x21, 0x11, 12);
        v2_add(&v2, cases[i].bytes, cases[i].length);
        assert_verdict(v2.bytes, v2.length, PROXY_PROTO_BAD);
    }
}

static void test_v2_client_without_a_verified_certificate(void **state)
{
    static const struct {
        uint8_t client, verify;
        bool used, certificate, verified;
    } cases[] = {{0x01, 0, true, false, false}, {0x01, 1, true, false, false},
                 {0x03, 0, true, true, true},   {0x05, 0, true, true, true},
                 {0x03, 1, true, true, false},  {0x00, 0, false, false, false}};
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct v2 v2 = v2_begin(0x21, 0x11, 12);
        struct outcome out;
        v2_add(&v2, (uint8_t[]){0x20, 0, 5, cases[i].client, 0, 0, 0, cases[i].verify}, 8);
        decode(&out, v2.bytes, v2.length);
        assert_int_equal(out.verdict, PROXY_PROTO_DONE);
        assert_int_equal(out.header.tls.used, cases[i].used);
        assert_int_equal(out.header.tls.certificate, cases[i].certificate);
        assert_int_equal(out.header.tls.verified, cases[i].verified);
        free(out.bytes);
    }
}

/* CRC-32C by its definition, bit by bit. */
static void test_v2_checksum(void **state)
{
    struct v2 v2 = v2_begin(0x21, 0x11, 12);
    struct outcome out;
    v2_add(&v2, BYTES("\x03\x00\x04\0\0\0\0\x04\x00\x01x"));
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < v2.length * 8; i++) {
        uint32_t bit = (crc ^ v2.bytes[i / 8] >> i % 8) & 1;
        crc = crc >> 1 ^ (bit ? 0x82F63B78 : 0);
    }
    for (unsigned i = 0; i < 4; i++)
        v2.bytes[16 + 12 + 3 + i] = (uint8_t)(~crc >> (24 - 8 * i));
    decode(&out, v2.bytes, v2.length);
    assert_int_equal(out.verdict, PROXY_PROTO_DONE);
    assert_true(out.header.checksum);
    free(out.bytes);

    for (size_t i = 16; i < v2.length; i++) {
        if (i == 28) /* the type: it is no checksum then */
            continue;
        v2.bytes[i] ^= 0x40;
        assert_verdict(v2.bytes, v2.length, PROXY_PROTO_BAD);
        v2.bytes[i] ^= 0x40;
    }
    v2_add(&v2, v2.bytes + 28, 7); /* twice */
    assert_verdict(v2.bytes, v2.length, PROXY_PROTO_BAD);
}

/* Written by HAProxy 2.6 for a client with a certificate. */
static void test_v2_of_haproxy(void **state)
{
    struct outcome out;
    decode(&out, BYTES(SIGNATURE "!\x11\x00"
                                 "e\x7F\x00\x00\x01\x7F\x00\x00\x01\x84\x00"
                                 "D#\x03\x00\x04\xCD#\xC8\xF7\x01\x00\x08http/1.1\x02\x00\x0C"
                                 "desk.example\x05\x00\x02"
                                 "42 \x00"
                                 "0\x07\x00\x00\x00\x00!\x00\x07TLSv1.3\x22\x00\x05"
                                 "alice#\x00\x16TLS_AES_256_GCM_SHA384hello"));
    assert_int_equal(out.verdict, PROXY_PROTO_DONE);
    assert_int_equal(out.consumed, 16 + 0x65);
    assert_end(&out.header.source, "127.0.0.1", 33792);
    assert_end(&out.header.destination, "127.0.0.1", 17443);
    assert_true(out.header.checksum);
    assert_slice(out.header.alpn, "http/1.1");
    assert_slice(out.header.authority, "desk.example");
    assert_slice(out.header.unique_id, "42");
    assert_true(out.header.tls.used && out.header.tls.certificate && out.header.tls.verified);
    assert_slice(out.header.tls.version, "TLSv1.3");
    assert_slice(out.header.tls.cipher, "TLS_AES_256_GCM_SHA384");
    assert_slice(out.header.tls.common_name, "alice");
    free(out.bytes);
}

/* ---- encoder ---- */

static void test_writes_v1(void **state)
{
    static const struct {
        enum proxy_proto_kind kind;
        const char *source, *destination, *line;
    } cases[] = {
        {PROXY_PROTO_ADDRESS, "192.0.2.1", "192.0.2.2",
         "PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n"},
        {PROXY_PROTO_ADDRESS, "2001:db8::1", "::1", "PROXY TCP6 2001:db8::1 ::1 1234 443\r\n"},
        {PROXY_PROTO_ADDRESS, "192.0.2.1", "::1", "PROXY TCP6 ::ffff:c000:201 ::1 1234 443\r\n"},
        {PROXY_PROTO_UNKNOWN, "::", "::", "PROXY UNKNOWN\r\n"},
        {PROXY_PROTO_LOCAL, "::", "::", "PROXY UNKNOWN\r\n"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct proxy_proto header = {.kind = cases[i].kind,
                                     .source = end_of(cases[i].source, 1234),
                                     .destination = end_of(cases[i].destination, 443)};
        uint8_t out[PROXY_PROTO_V1_MAX];
        size_t length = strlen(cases[i].line);
        assert_int_equal(proxy_proto_encode_v1(out, sizeof(out), &header), length);
        assert_memory_equal(out, cases[i].line, length);
        assert_int_equal(proxy_proto_encode_v1(out, length, &header), length);
        assert_int_equal(proxy_proto_encode_v1(out, length - 1, &header), 0);
    }
}

static void test_writes_v2(void **state)
{
    struct proxy_proto header = {.kind = PROXY_PROTO_ADDRESS,
                                 .source = end_of("192.0.2.1", 56324),
                                 .destination = end_of("198.51.100.7", 443)};
    static const char plain[] = SIGNATURE "\x21\x11\x00\x0C"
                                          "\xC0\x00\x02\x01"
                                          "\xC6\x33\x64\x07"
                                          "\xDC\x04"
                                          "\x01\xBB";
    uint8_t out[PROXY_PROTO_MAX];
    assert_int_equal(proxy_proto_encode_v2(out, sizeof(out), &header), sizeof(plain) - 1);
    assert_memory_equal(out, plain, sizeof(plain) - 1);

    /* Without an address, the rest is not written either. */
    header.authority = SLICE("desk.example");
    header.checksum = true;
    for (unsigned kind = PROXY_PROTO_LOCAL; kind <= PROXY_PROTO_UNKNOWN; kind++) {
        header.kind = kind;
        assert_int_equal(proxy_proto_encode_v2(out, sizeof(out), &header), 16);
        assert_memory_equal(out, SIGNATURE "\x20\x00\x00\x00", 16);
        assert_int_equal(proxy_proto_encode_v2(out, 15, &header), 0);
    }
}

static void test_round_trip(void **state)
{
    struct proxy_proto header = {.kind = PROXY_PROTO_ADDRESS,
                                 .source = end_of("192.0.2.1", 56324),
                                 .destination = end_of("2001:db8::2", 443),
                                 .authority = SLICE("desk.example"),
                                 .alpn = SLICE("http/1.1"),
                                 .unique_id = SLICE("42"),
                                 .tls = {.used = true,
                                         .certificate = true,
                                         .verified = true,
                                         .version = SLICE("TLSv1.3"),
                                         .cipher = SLICE("TLS_AES_128_GCM_SHA256"),
                                         .common_name = SLICE("alice")},
                                 .checksum = true};
    uint8_t bytes[PROXY_PROTO_MAX];
    struct outcome out;
    size_t length = proxy_proto_encode_v2(bytes, sizeof(bytes), &header);
    assert_true(length > 0);
    decode(&out, bytes, length);
    assert_int_equal(out.verdict, PROXY_PROTO_DONE);
    assert_int_equal(out.consumed, length);
    assert_end(&out.header.source, "192.0.2.1", 56324);
    assert_end(&out.header.destination, "2001:db8::2", 443);
    assert_slice(out.header.authority, "desk.example");
    assert_slice(out.header.alpn, "http/1.1");
    assert_slice(out.header.unique_id, "42");
    assert_true(out.header.tls.used && out.header.tls.certificate && out.header.tls.verified);
    assert_slice(out.header.tls.version, "TLSv1.3");
    assert_slice(out.header.tls.cipher, "TLS_AES_128_GCM_SHA256");
    assert_slice(out.header.tls.common_name, "alice");
    assert_true(out.header.checksum);
    free(out.bytes);
    for (size_t capacity = 0; capacity < length; capacity++)
        assert_int_equal(proxy_proto_encode_v2(bytes, capacity, &header), 0);
}

static void test_written_size(void **state)
{
    static char name[PROXY_PROTO_MAX];
    static uint8_t out[2 * PROXY_PROTO_MAX];
    struct proxy_proto header = {.kind = PROXY_PROTO_ADDRESS,
                                 .authority = {name, PROXY_PROTO_MAX - 16 - 36 - 3}};
    assert_int_equal(proxy_proto_encode_v2(out, sizeof(out), &header), PROXY_PROTO_MAX);
    header.authority.len++;
    assert_int_equal(proxy_proto_encode_v2(out, sizeof(out), &header), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v1_addresses),
        cmocka_unit_test(test_v1_unknown),
        cmocka_unit_test(test_v1_refuses),
        cmocka_unit_test(test_v1_size_limit),
        cmocka_unit_test(test_absent_at_the_first_different_byte),
        cmocka_unit_test(test_v2_tcp4),
        cmocka_unit_test(test_v2_tcp6),
        cmocka_unit_test(test_v2_without_addresses),
        cmocka_unit_test(test_v2_refuses),
        cmocka_unit_test(test_v2_size_limit),
        cmocka_unit_test(test_v2_tlvs),
        cmocka_unit_test(test_v2_refuses_tlvs),
        cmocka_unit_test(test_v2_client_without_a_verified_certificate),
        cmocka_unit_test(test_v2_checksum),
        cmocka_unit_test(test_v2_of_haproxy),
        cmocka_unit_test(test_writes_v1),
        cmocka_unit_test(test_writes_v2),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_written_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
