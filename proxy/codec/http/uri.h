/*
 * Paths and authorities of a request in one form, RFC 3986: whatever is compared with a rule is
 * normalised here first, once, so that no second spelling of a path slips past the rule.
 *
 * Owns: nothing. Thread: any. Errors: REASON_http_path. Lifetime: slices borrow the caller's bytes.
 */
#ifndef WSLUICE_CODEC_HTTP_URI_H
#define WSLUICE_CODEC_HTTP_URI_H

#include "base/base.h"
#include "base/reason.h"

/* Room for the normal form of so many bytes: each may become an escape. */
#define URI_NORMAL_MAX(length) (3 * (length))

/*
 * The normal form of a path ("/" and what follows up to "?"):
 *
 * - an escape of an unreserved character (ALPHA DIGIT - . _ ~) is decoded, the digits of any other
 *   are upper-cased (RFC 3986 sections 6.2.2.1 and 6.2.2.2); no escape is decoded twice;
 * - what a path must not hold raw (section 3.3), but browsers send, becomes an escape: { | } ^ [ ]
 *   and the like. So each path has one spelling, and it is visible ASCII;
 * - "//" is collapsed: clients that glue "/" and "/vnc" together are common, and no rule speaks of
 *   empty segments. A "/" at the end stays and counts.
 *
 * Refused, raw or escaped: control characters, NUL among them; "\", which some take for "/"; "."
 * and ".." as a segment, which browsers have resolved before they send. Escaped: "/". Raw: "?" and
 * "#". And an escape without two digits.
 *
 * `out` has room for URI_NORMAL_MAX(path.len) bytes and is not where `path` lies; `normal` is what
 * was written there. Normalising a normal form changes nothing.
 */
WSL_MUST_CHECK enum reason uri_normalise(struct slice path, char *out, struct slice *normal);

/*
 * Splits host [":" port] at its port; brackets stay with an IPv6 address. `port` is empty when
 * there is none. Splits only: the authority of a request was judged with its head (http_head.h).
 */
void uri_split_authority(struct slice authority, struct slice *host, struct slice *port);

#endif
