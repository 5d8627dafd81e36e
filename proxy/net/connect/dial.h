/*
 * Reaching one target: resolve, connect, send what must come first, and shake hands when it speaks
 * TLS.
 *
 * The happy path: a numeric address or a Unix path is connected at once; a name goes to the
 * resolver and comes back as addresses, families alternating. The first attempt starts, the next
 * one 250 ms later or when one fails (RFC 8305 section 5); the first to connect wins, the others
 * are closed. Each attempt beyond the first one needs a descriptor that a session does not count
 * on, so they come out of a number that all dials of a loop share. When that is used up the attempt
 * under way gets its share of the time for itself, and then gives its descriptor to the next. The
 * winner gets the preface, a PROXY header, before anything else; with TLS the handshake follows.
 * One deadline spans it all.
 *
 * What can fail: the name, every address (the last failure is reported), whose program it is, the
 * preface, TLS, the deadline, memory and descriptors.
 *
 * Owns: attempts, the winner until it is handed over. Thread: its loop's. Errors: a reason and a
 * line of detail. Lifetime: from dial_start until the callback or dial_cancel; it frees itself when
 * the loop has let go of it.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_H
#define WSLUICE_NET_CONNECT_DIAL_H

#include "net/connect/dial_result.h"

struct dial;

/*
 * NULL: it is over already, and *result says how (a Unix socket connects at once). Otherwise the
 * callback will come, never from within this call.
 */
WSL_MUST_CHECK struct dial *dial_start(const struct dial_request *request,
                                       struct dial_result *result);

/* No callback comes after this. NULL is fine. */
void dial_cancel(struct dial *dial);

#endif
