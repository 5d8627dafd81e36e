/*
 * An answer that is being sent: its head, then its body from memory or from a file, as fast as the
 * transport takes it.
 *
 *      memory        head + first piece in one write, then pieces without a copy
 *      file, plain   head + first piece in one write, then sendfile
 *      file, TLS     pieces read into the worker's scratch, each one encrypted and written
 *
 * So the memory of an answer is its head (and the carry of TLS), for any size and any speed of the
 * reader. A piece that the transport did not take is read from the file again, so later changes
 * of the file may be sent. Each turn moves a few pieces, so that a fast reader does not starve the
 * others.
 *
 * A file is sent from the page cache in the worker's loop; a job in the thread pool may read it
 * ahead. If the file has become shorter the answer is cut off, because its length was sent.
 *
 * Owns: head and body. Thread: its worker's. Errors: IO_FAIL with a reason, then only free.
 * Lifetime: reply_flow_create to reply_flow_free.
 */
#ifndef WSLUICE_SERVE_HTTP_REPLY_FLOW_H
#define WSLUICE_SERVE_HTTP_REPLY_FLOW_H

#include "base/transport.h"
#include "serve/http/reply.h"

/* Bytes of the scratch buffer that are used. */
#define REPLY_FLOW_PIECE ((size_t)224 * 1024)

struct reply_flow;

/* Owns the body from here, even on failure. NULL: out of memory, or an invalid Location. */
WSL_MUST_CHECK struct reply_flow *reply_flow_create(const struct reply *reply,
                                                    const struct reply_terms *terms);
void reply_flow_free(struct reply_flow *flow); /* NULL: nothing happens */

/*
 * IO_OK: the transport and its socket have taken everything. IO_WANT_WRITE: call again when the
 * descriptor is writable, which it may be at once.
 */
WSL_MUST_CHECK struct io reply_flow_turn(struct reply_flow *flow, struct transport *transport,
                                         uint8_t scratch[static REPLY_FLOW_PIECE]);

/* Bytes that the transport has taken so far: of the answer, and of its body. */
uint64_t reply_flow_sent(const struct reply_flow *flow);
uint64_t reply_flow_body_sent(const struct reply_flow *flow);

#endif
