/*
 * Paths and authorities of a request in one form, RFC 3986. A path is normalised here, once, before
 * it is compared with a rule, so that no other spelling of it evades the rule.
 *
 * Owns: nothing. Thread: any. Errors: REASON_http_path. Lifetime: slices borrow the caller's bytes.
 */
#ifndef WSLUICE_CODEC_HTTP_URI_H
#define WSLUICE_CODEC_HTTP_URI_H

#include "base/base.h"
#include "base/reason.h"

/* Room for the normal form of `length` bytes: each may become an escape. */
#define URI_NORMAL_MAX(length) (3 * (length))

/*
 * The normal form of a path ("/" and what follows up to "?"):
 *
 * - an escape of an unreserved character (ALPHA DIGIT - . _ ~) is decoded, the digits of any other
 *   are upper-cased (RFC 3986 sections 6.2.2.1 and 6.2.2.2); no escape is decoded twice;
 * - a character that a path may not hold raw (section 3.3), but that browsers send ({ | } ^ [ ] and
 *   others), is escaped. So each path has one spelling, in visible ASCII;
 * - "//" is collapsed: many clients join "/" and "/vnc", and no rule has empty segments. A "/" at
 * the end is kept and is significant.
 *
 * Refused, raw or escaped: control characters, NUL among them; "\", which some programs take for
 * "/"; "." and ".." as a segment, which browsers resolve before they send. Refused escaped: "/".
 * Refused raw: "?" and "#". Refused: an escape without two digits.
 *
 * `out` has room for URI_NORMAL_MAX(path.len) bytes and does not overlap `path`; `normal` is what
 * was written there. Normalising a normal form changes nothing.
 */
WSL_MUST_CHECK enum reason uri_normalise(struct slice path, char *out, struct slice *normal);

/*
 * Splits host [":" port] at its port; the brackets of an IPv6 address are kept. Without a port,
 * `port` is empty. Does not check: http_head.h has checked the authority of a request.
 */
void uri_split_authority(struct slice authority, struct slice *host, struct slice *port);

#endif
