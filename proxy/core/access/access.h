/*
 * Access by the page that a browser shows (Origin), and by address.
 *
 * Pure. Owns: nothing. Thread: any. Errors: REASON_origin_refused, REASON_address_refused.
 * Lifetime: none.
 */
#ifndef WSLUICE_CORE_ACCESS_ACCESS_H
#define WSLUICE_CORE_ACCESS_ACCESS_H

#include "base/base.h"
#include "base/reason.h"
#include "config/model/config.h"

/*
 * May a page of this origin (RFC 6454; ptr NULL: none sent, so not a browser) open a session? In
 * this order:
 *
 * - no Origin: yes, the check protects users of browsers only;
 * - `allowed` has "any": yes;
 * - "null": only if `allowed` lists it;
 * - not exactly scheme "://" host [":" port]: no. That includes lists of origins;
 * - `allowed` lists it: same scheme, host (in any case) and port (80 and 443 may be left out). An
 *   entry with "*." before its host stands for every name below it, but not for the name itself;
 * - the client's Host field names the same host and port, and the scheme fits. If the client came
 *   over TLS (`secure`), only https and wss fit, else a page that an attacker on the network has
 *   changed would reach what TLS protects. Without `secure` http and ws fit as well: a proxy in
 *   front may have ended TLS and not say so. If Host has no port, it is the default one of the
 *   origin's scheme. The name may be one that an attacker points at us (DNS rebinding); a route
 *   with a `host` is not found by such a name.
 */
WSL_MUST_CHECK enum reason access_origin(struct slice origin, struct slice host, bool secure,
                                         const struct config_texts *allowed);

/*
 * The part of an Origin field that may be logged: scheme, host and port. Browsers send nothing
 * else; a user name, a path or a query of another client may be a secret. len 0: nothing.
 */
struct slice access_origin_public(struct slice origin);

/*
 * Is this Host (ptr NULL: none was sent) one that no DNS record can point at us: an address,
 * localhost or a name below it? Browsers resolve those by themselves.
 */
WSL_MUST_CHECK bool access_is_rebind_safe(struct slice host);

/*
 * Is the address in any of the ranges? An address is 16 bytes, IPv4 as ::ffff:a.b.c.d. NULL: none,
 * as of the peer of a Unix socket; it is in no range. An IPv4 range holds IPv4 addresses only, and
 * an IPv6 range none of them: "::/0" is all of IPv6.
 */
bool access_is_in_ranges(const struct config_cidrs *ranges, const uint8_t *address);

/* `deny` first; then `allow`, unless it is empty. */
WSL_MUST_CHECK enum reason access_address(const uint8_t *address, const struct config_cidrs *allow,
                                          const struct config_cidrs *deny);

#endif
