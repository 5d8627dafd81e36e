/*
 * The PROXY protocol, versions 1 and 2, both ways: who the client of a proxy is, told in front of
 * its bytes (The PROXY protocol, haproxy.org, sections 2.1, 2.2 and 2.2.1 to 2.2.6).
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
    PROXY_PROTO_LOCAL,   /* v2: the proxy speaks for itself, a health check for example */
    PROXY_PROTO_UNKNOWN, /* UNKNOWN, UNSPEC or a Unix socket: no address but the connection's */
    PROXY_PROTO_ADDRESS, /* TCP over IPv4 or IPv6 */
};

/* How the client reached the proxy by TLS, PP2_TYPE_SSL. */
struct proxy_proto_tls {
    bool used;
    bool certificate; /* the client presented one, now or in the session that it resumed */
    bool verified;    /* and it is good */
    struct slice version, cipher, common_name; /* "TLSv1.3"; ptr NULL: not told */
};

struct proxy_proto {
    enum proxy_proto_kind kind;
    struct ip_port source, destination; /* with PROXY_PROTO_ADDRESS */
    /* Version 2 only; ptr NULL: not told. */
    struct slice authority;       /* the host that the client asked for, by SNI */
    struct slice alpn, unique_id; /* the id: 128 bytes at most */
    struct proxy_proto_tls tls;
    bool checksum; /* decoded: it was there and right; encoded: write one */
};

enum proxy_proto_verdict {
    PROXY_PROTO_MORE,   /* a beginning of a header */
    PROXY_PROTO_DONE,   /* a header of *consumed bytes, then what the client sent */
    PROXY_PROTO_ABSENT, /* these bytes begin no header: they are the client's */
    PROXY_PROTO_BAD,    /* a header that does not hold to its grammar; *bad says so */
};

/*
 * Called with all bytes so far, from the first one on, each time that there are more; keeps no
 * state and at most PROXY_PROTO_MAX bytes decide. However the input is cut, the verdict is the
 * same.
 *
 * Version 1 is exactly the specification's line: one space between its parts, no leading zeros, no
 * LF without a CR; only the dotted tail of "::ffff:192.0.2.1" is taken as well, which real proxies
 * write. Version 2: a command, family or transport that the specification does not know is bad, and
 * so is UDP. The TLVs of a TCP or Unix header must fill it exactly; unknown types are skipped,
 * known ones come once, and a checksum (section 2.2.3) that is there must be right. What LOCAL and
 * UNSPEC carry is skipped unread, as the specification demands.
 */
WSL_MUST_CHECK enum proxy_proto_verdict proxy_proto_decode(const uint8_t *bytes, size_t length,
                                                           struct proxy_proto *header,
                                                           size_t *consumed, enum reason *bad);

/*
 * A header for a target; returns its length, or 0 when it does not fit. When the families of the
 * two addresses differ, both are written as IPv6. Where there is no address, version 1 says UNKNOWN
 * and version 2 LOCAL, bare: every receiver has to take that, while PROXY with UNSPEC is one that
 * it may refuse, and HAProxy does.
 */
WSL_MUST_CHECK size_t proxy_proto_encode_v1(uint8_t *out, size_t capacity,
                                            const struct proxy_proto *header);
WSL_MUST_CHECK size_t proxy_proto_encode_v2(uint8_t *out, size_t capacity,
                                            const struct proxy_proto *header);

#endif
