/*
 * The first lock: who may come, by the page that a browser shows (Origin) and by address.
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
 * May a page of this origin (RFC 6454; ptr NULL: none sent, so no browser) open a session here? In
 * this order:
 *
 * - no Origin: yes, it protects browsers' users only;
 * - `allowed` has "any": yes, whatever it says;
 * - "null": only where it is listed;
 * - not exactly scheme "://" host [":" port]: no. That includes lists of origins;
 * - `allowed` lists it: same scheme, host (case aside) and port (80 and 443 may be left out).
 *   an entry with "*." in front of its host stands for any name below, and not for that name
 * itself;
 * - the Host field that the client sent names the same host and port, and the scheme fits: if the
 *   client came over TLS (`secure`), only https or wss, else a page that anybody on the network may
 *   have changed would reach what TLS protects. Without `secure` both fit: a proxy in front may
 *   have ended TLS and not say so. A port missing in Host counts as the default one of the origin's
 *   scheme. This also holds for a name that somebody else points at us (DNS rebinding); a route
 *   with a `host` is not found by that name.
 */
WSL_MUST_CHECK enum reason access_origin(struct slice origin, struct slice host, bool secure,
                                         const struct config_texts *allowed);

/*
 * Is this Host (ptr NULL: none was sent) one that no DNS record of somebody else can make: an
 * address, localhost or a name below it? Browsers resolve those by themselves.
 */
WSL_MUST_CHECK bool access_is_own_name(struct slice host);

/*
 * Is the address in any of the ranges? An address is 16 bytes, IPv4 as ::ffff:a.b.c.d; NULL: it has
 * none, as the peer of a Unix socket: no range holds it. An IPv4 range holds IPv4 addresses only,
 * mapped or not, and an IPv6 range none of them: "::/0" is all of IPv6.
 */
bool access_holds(const struct config_cidrs *ranges, const uint8_t *address);

/* `deny` first; then `allow`, unless it is empty. */
WSL_MUST_CHECK enum reason access_address(const uint8_t *address, const struct config_cidrs *allow,
                                          const struct config_cidrs *deny);

#endif
