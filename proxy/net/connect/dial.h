/*
 * Connects to one target: resolve, connect, open the tunnel of a proxy, send the preface, shake
 * hands if the target speaks TLS.
 *
 * The happy path: a numeric address or a Unix path is connected at once; the resolver turns a name
 * into addresses, families alternating. The first attempt starts, the next one 250 ms later or when
 * one fails (RFC 8305 section 5); the first to connect wins, the others are closed. Each attempt
 * beyond the first needs a descriptor that the session's reservation does not cover, so all dials
 * of a loop share a budget of them. With the budget used up, the attempt under way keeps its
 * descriptor for its share of the time, and then gives it to the next. The winner sends the
 * preface, a PROXY header, before anything else; with TLS the handshake follows. One deadline
 * covers all of it.
 *
 * With a proxy, its name is resolved and its addresses are connected to; it is asked for the target
 * then, whose name it resolves (dial_tunnel.h). A permit cannot check that, so both are refused.
 *
 * With a permit, a name that no rule can permit is not looked up, and addresses that no rule
 * permits are left out before the first attempt.
 *
 * What can fail: the permit, the name, every address (the last failure is reported), the owner of
 * the target's socket, the proxy, the preface, TLS, the deadline, memory and descriptors.
 *
 * Owns: attempts, the winner until it is handed over. Thread: its loop's. Errors: a reason and a
 * line of detail. Lifetime: from dial_start until the callback or dial_cancel; it frees itself when
 * its timer is closed.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_H
#define WSLUICE_NET_CONNECT_DIAL_H

#include "net/connect/dial_result.h"

struct dial;

/*
 * NULL: complete already, with *result (a Unix socket connects at once). Otherwise the callback
 * comes later, never from within this call.
 */
WSL_MUST_CHECK struct dial *dial_start(const struct dial_request *request,
                                       struct dial_result *result);

/* No callback comes after this. NULL is fine. */
void dial_cancel(struct dial *dial);

#endif
