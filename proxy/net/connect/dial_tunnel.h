/*
 * The tunnel of a dial through a forward proxy (codec/tunnel): on a socket that is connected to the
 * proxy, asks it for the target, and reads its answer and not a byte more, so that what the target
 * sends first is still there for the next reader.
 *
 * Owns: its buffers, which may hold a password and are wiped; the descriptor is the result's.
 * Thread: the dial's. Errors: in the result. Lifetime: dial_tunnel_create to dial_tunnel_free.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_TUNNEL_H
#define WSLUICE_NET_CONNECT_DIAL_TUNNEL_H

#include "net/connect/dial_result.h"

struct dial_tunnel;

/* The proxy, or without one the target: what the first connection of a dial goes to. */
struct config_address dial_tunnel_hop(const struct dial_request *request);

/* The same as a text for the log: "proxy gate:3128", or the target. May be `text`. */
const char *dial_tunnel_hop_name(const struct dial_request *request, char *text, size_t size);

/* A failure to connect to the hop, with the proxy to blame if there is one. */
enum reason dial_tunnel_hop_reason(const struct dial_request *request, enum reason reason);

/* NULL: out of memory. */
WSL_MUST_CHECK struct dial_tunnel *dial_tunnel_create(const struct dial_request *request,
                                                      struct dial_result *result);
void dial_tunnel_free(struct dial_tunnel *tunnel); /* NULL is fine */

/* True: open, or the result has failed. False: wait for the result's watch, and call again. */
WSL_MUST_CHECK bool dial_tunnel_proceed(struct dial_tunnel *tunnel);

#endif
