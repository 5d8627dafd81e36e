/*
 * The targets that an answer may name: an answer of a service, a claim of a ticket, a line of a
 * file. Without rules, all but the addresses of this machine and of its link, and but Unix sockets.
 *
 * An address is checked as it is connected to, so that neither a spelling (0x7f.1, 0, a scope) nor
 * a name that resolves to it makes a difference. These are refused unless a rule opens them:
 *
 *     loopback, "this network" (0.0.0.0 connects to this machine), link-local, multicast,
 *     broadcast; the services that clouds have for their machines, wherever they are;
 *     IPv6 addresses that lead to one of these over IPv4: ::/96, NAT64 (64:ff9b::/96, and all of
 *     64:ff9b:1::/48), 6to4 (2002::/16), Teredo (2001::/32), ISATAP, ::ffff:0:0:0/96
 *
 * A rule opens such an address only if all addresses of the rule are of that kind: 127.0.0.0/8
 * opens 127.0.0.1, and 0.0.0.0/0 does not; one that embeds IPv4, or belongs to a cloud's service,
 * needs a rule of its own. A name opens none, except localhost, which is a name for loopback.
 *
 * An IPv4 range has no IPv6 addresses, and an IPv6 range no IPv4 ones; IPv4-mapped ones are IPv4.
 * The machine's other addresses are not known to be its own.
 *
 * Pure. Owns: the rules. Thread: const once made, then any. Errors: NULL: out of memory. Lifetime:
 * permit_create to permit_free; borrows the texts of the configuration.
 */
#ifndef WSLUICE_CORE_ACCESS_PERMIT_H
#define WSLUICE_CORE_ACCESS_PERMIT_H

#include "base/base.h"
#include "config/model/config.h"

struct permit;

/* Each text is a valid rule (permit_rule.h); none: the addresses above are refused. */
WSL_MUST_CHECK struct permit *permit_create(const struct config_texts *rules);
void permit_free(struct permit *permit); /* NULL is fine */

/*
 * The functions below: `permit` NULL permits everything. A host is a name or an address in any
 * spelling; an address is 16 bytes, IPv4 as ::ffff:a.b.c.d.
 */

/* Before the host is looked up: an address of it may be permitted. */
WSL_MUST_CHECK bool permit_has_host(const struct permit *permit, struct slice host, uint16_t port);

/* Before one of its addresses is connected to. */
WSL_MUST_CHECK bool permit_has_address(const struct permit *permit, struct slice host,
                                       const uint8_t *address, uint16_t port);

/* The path of a Unix socket, or '@' and a name. The last segment may be a link: see dial.h. */
WSL_MUST_CHECK bool permit_has_path(const struct permit *permit, struct slice path);

#endif
