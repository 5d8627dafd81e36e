/*
 * Who the client is, behind proxies that are trusted to say so: the first hop, seen from here, that
 * is none of them.
 *
 *      client --> 203.0.113.9 --> 10.0.0.2 --> us      X-Forwarded-For: made-up, 198.51.100.1,
 * 203.0.113.9 198.51.100.1    |              |                                      ^             |
 *                     |              +-- peer, trusted: believe the last -----------------+
 *                     +-- trusted: believe the one before: the client ------+
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

/*
 * May this peer speak for others, in a PROXY header or in a field? Who may connect to a Unix socket
 * is a matter of its permissions: such a peer may, where any proxy may.
 */
bool client_address_trusts(const struct config_cidrs *trusted, const struct client_address *peer);

/*
 * The client of a request that came from `peer`: the socket's, or what a trusted one said in its
 * PROXY header.
 *
 * - A peer that is not trusted is the client, whatever its request says.
 * - Otherwise hop by hop, nearest first, as long as the hop is trusted. An entry that is no address
 *   ("unknown", an obfuscated name, malformed) ends the walk at the hop that added it; so does the
 *   end of the list.
 * - Where Forwarded and X-Forwarded-For are both there, they must lead to the same address, else
 * the request is refused. A proxy that knows only one of them passes on the other as the client
 * wrote it, and nobody here can tell which one that is: to prefer one would let clients choose
 * their address.
 */
WSL_MUST_CHECK enum reason client_address_find(const struct http_head *head,
                                               const struct config_cidrs *trusted,
                                               const struct client_address *peer,
                                               struct client_address *client);

#endif
