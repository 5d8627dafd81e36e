/*
 * The PROXY protocol, versions 1 and 2, decoded and encoded: a header in front of a connection's
 * bytes that names the client of a proxy (The PROXY protocol, haproxy.org, sections 2.1, 2.2 and
 * 2.2.1 to 2.2.6).
 *
 * Pure. Owns: nothing. Thread: any. Errors: PROXY_PROTO_BAD with a reason. Lifetime: decoded slices
 * borrow the buffer.
 */
#ifndef WSLUICE_CODEC_PROXY_PROTO_H
#define WSLUICE_CODEC_PROXY_PROTO_H

#include "base/base.h"
#include "base/reason.h"
#include "codec/ip.h"

#define PROXY_PROTO_V1_MAX 107  /* with its CRLF, section 2.1 */
#define PROXY_PROTO_MAX    4096 /* of either version; a longer one is refused and never written */

enum proxy_proto_kind {
    PROXY_PROTO_LOCAL,   /* v2: the proxy's own connection, such as a health check */
    PROXY_PROTO_UNKNOWN, /* UNKNOWN, UNSPEC or a Unix socket: use the connection's address */
    PROXY_PROTO_ADDRESS, /* TCP over IPv4 or IPv6 */
};

/* TLS between the client and the proxy, PP2_TYPE_SSL. */
struct proxy_proto_tls {
    bool used;
    bool certificate; /* the client presented one, now or in the session that it resumed */
    bool verified;    /* and it is good */
    struct slice version, cipher, common_name; /* "TLSv1.3"; ptr NULL: not given */
};

struct proxy_proto {
    enum proxy_proto_kind kind;
    struct ip_port source, destination; /* with PROXY_PROTO_ADDRESS */
    /* Version 2 only; ptr NULL: not given. */
    struct slice authority;       /* the host that the client asked for, by SNI */
    struct slice alpn, unique_id; /* the id: 128 bytes at most */
    struct proxy_proto_tls tls;
    struct slice user; /* encoded only, as type 0xE0: the client's name, if it is known */
    bool checksum;     /* decoded: it was there and right; encoded: write one */
};

enum proxy_proto_verdict {
    PROXY_PROTO_MORE,   /* a beginning of a header */
    PROXY_PROTO_DONE,   /* a header of *consumed bytes, then what the client sent */
    PROXY_PROTO_ABSENT, /* no header: the bytes are the client's */
    PROXY_PROTO_BAD,    /* a malformed header; *bad is set */
};

/*
 * Call it with all bytes so far each time that more arrive; it keeps no state, and at most
 * PROXY_PROTO_MAX bytes decide. The verdict does not depend on how the input is cut.
 *
 * Version 1 is exactly the specification's line: one space between its parts, no leading zeros, no
 * LF without a CR. One extension: the dotted tail of "::ffff:192.0.2.1", which real proxies write.
 * Version 2: an unknown command, family or transport is bad, and so is UDP. The TLVs of a TCP or
 * Unix header must fill it exactly; unknown types are skipped, known ones may occur once, and a
 * checksum (section 2.2.3) must be right. The data of LOCAL and UNSPEC is skipped unread, as the
 * specification demands.
 */
WSL_MUST_CHECK enum proxy_proto_verdict proxy_proto_decode(const uint8_t *bytes, size_t length,
                                                           struct proxy_proto *header,
                                                           size_t *consumed, enum reason *bad);

/*
 * A header for a target; returns its length, or 0 if it does not fit. If the families of the two
 * addresses differ, both are written as IPv6. Without an address, version 1 writes UNKNOWN and
 * version 2 a bare LOCAL, which every receiver has to accept; it may refuse PROXY with UNSPEC, as
 * HAProxy does.
 */
WSL_MUST_CHECK size_t proxy_proto_encode_v1(uint8_t *out, size_t capacity,
                                            const struct proxy_proto *header);
WSL_MUST_CHECK size_t proxy_proto_encode_v2(uint8_t *out, size_t capacity,
                                            const struct proxy_proto *header);

#endif
