/*
 * The address of the client behind trusted proxies: the first hop, seen from here, that is not
 * trusted.
 *
 *      client ----> 203.0.113.9 ----> 10.0.0.2 ----> wsluice
 *      198.51.100.1   trusted          trusted, the peer
 *
 *      X-Forwarded-For: made-up, 198.51.100.1, 203.0.113.9
 *
 *      203.0.113.9     added by 10.0.0.2, which is trusted: the next hop
 *      198.51.100.1    added by 203.0.113.9, which is trusted: the client, as it is not trusted
 *      made-up         added by the client: ignored
 *
 * Pure. Owns: nothing. Thread: any. Errors: REASON_http_forwarded. Lifetime: none.
 */
#ifndef WSLUICE_CORE_ACCESS_CLIENT_ADDRESS_H
#define WSLUICE_CORE_ACCESS_CLIENT_ADDRESS_H

#include "base/reason.h"
#include "codec/ip.h"

struct config_cidrs;
struct http_head;

struct client_address {
    struct ip_port ip;
    bool known; /* false: it has none, as over a Unix socket */
};

/* Ignores the ports. */
bool client_address_is_same(const struct client_address *a, const struct client_address *b);

/*
 * May this peer name another client, in a PROXY header or in a header field? The peer of a Unix
 * socket may if any proxy is trusted: the permissions of the socket say who can connect to it.
 */
bool client_address_trusts(const struct config_cidrs *trusted, const struct client_address *peer);

/*
 * The client of a request that came from `peer`: the peer of the socket, or the address that a
 * trusted one named in its PROXY header.
 *
 * - A peer that is not trusted is the client; its header fields do not count.
 * - Otherwise the hops are followed from the nearest on, as long as the hop is trusted. An entry
 *   that is not an address ("unknown", an obfuscated name, malformed) ends this at the hop that
 *   added it; so does the end of the list.
 * - If Forwarded and X-Forwarded-For are both there, they must lead to the same address, else the
 *   request is refused: a proxy that knows only one of them passes the other one on as the client
 *   wrote it, and it is unknown which one that is. Preferring one would let clients choose their
 *   address.
 */
WSL_MUST_CHECK enum reason client_address_find(const struct http_head *head,
                                               const struct config_cidrs *trusted,
                                               const struct client_address *peer,
                                               struct client_address *client);

#endif
