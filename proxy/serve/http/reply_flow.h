/*
 * An answer on its way out: its head, then its body from memory or from a file, as the transport
 * takes it.
 *
 *      memory        head + first piece in one write, then pieces from where they lie
 *      file, plain   head + first piece in one write, then sendfile
 *      file, TLS     pieces read into the worker's scratch, each one encrypted and written
 *
 * So an answer holds its head and nothing else, however large it is and however slow its reader;
 * TLS has its usual carry besides. A piece that the transport did not take is read from the file
 * once more: what it says by then goes out. Each turn moves a few pieces, so that one fast reader
 * does not starve the others.
 *
 * A file is sent from the page cache in the worker's loop; whoever opens it in the pool may read
 * ahead there. One that became shorter cuts the answer off: its length was promised.
 *
 * Owns: head and body. Thread: its worker's. Errors: IO_FAIL with a reason, then only free.
 * Lifetime: reply_flow_create to reply_flow_free.
 */
#ifndef WSLUICE_SERVE_HTTP_REPLY_FLOW_H
#define WSLUICE_SERVE_HTTP_REPLY_FLOW_H

#include "base/transport.h"
#include "serve/http/reply.h"

/* Of the scratch: no more than this is used. */
#define REPLY_FLOW_PIECE ((size_t)224 * 1024)

struct reply_flow;

/* Takes the body over, whatever comes of it. NULL: out of memory, or a Location that is none. */
WSL_MUST_CHECK struct reply_flow *reply_flow_create(const struct reply *reply,
                                                    const struct reply_terms *terms);
void reply_flow_free(struct reply_flow *flow); /* NULL is fine */

/*
 * IO_OK: the transport and its socket have taken everything. IO_WANT_WRITE: call again when the
 * descriptor is writable, which it may be at once.
 */
WSL_MUST_CHECK struct io reply_flow_turn(struct reply_flow *flow, struct transport *transport,
                                         uint8_t scratch[static REPLY_FLOW_PIECE]);

/* Bytes that were taken so far, of all and of the body. */
uint64_t reply_flow_sent(const struct reply_flow *flow);
uint64_t reply_flow_body_sent(const struct reply_flow *flow);

#endif
