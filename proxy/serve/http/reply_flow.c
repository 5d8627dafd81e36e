#include "serve/http/reply_flow.h"

#include <errno.h>
#include <unistd.h>

/* Enough for most files of a web page: head and file go out in one write. */
#define FIRST_OF_FILE ((size_t)64 * 1024)

struct reply_flow {
    struct reply_body body; /* the unsent part: offset and length change */
    uint64_t body_sent;
    size_t head_at, head_length; /* of `head`: bytes taken, and bytes in all */
    size_t borrowed;             /* bytes of `head` that belong to the body */
    bool no_sendfile;            /* the transport cannot, or not this file */
    char head[];                 /* followed by a copy of a BORROWED body */
};

static bool init(struct reply_flow *flow, const struct reply *reply,
                 const struct reply_terms *terms, bool copied)
{
    *flow = (struct reply_flow){.body = reply->body};
    if (reply->body.source != REPLY_FILE)
        flow->body.offset = 0;
    flow->head_length = reply_head(reply, terms, flow->head);
    if (flow->head_length == 0)
        return false;
    if (!copied)
        return true;
    flow->borrowed = (size_t)reply->body.length;
    memcpy(flow->head + flow->head_length, reply->body.bytes, flow->borrowed);
    flow->head_length += flow->borrowed;
    return true;
}

struct reply_flow *reply_flow_create(const struct reply *reply, const struct reply_terms *terms)
{
    bool body = reply_sends_body(reply, terms);
    bool copied = body && reply->body.source == REPLY_BORROWED;
    size_t room = reply_head_max(reply, terms) + (copied ? (size_t)reply->body.length : 0);
    struct reply_flow *flow = malloc(sizeof(*flow) + room);
    bool ready = flow && init(flow, reply, terms, copied);
    if (!ready || !body || copied)
        reply_release(reply);
    if (!ready) {
        free(flow);
        return NULL;
    }
    if (!body || copied)
        flow->body = (struct reply_body){.source = REPLY_EMPTY};
    return flow;
}

void reply_flow_free(struct reply_flow *flow)
{
    if (!flow)
        return;
    reply_release(&(struct reply){.body = flow->body});
    free(flow);
}

/* ---- pieces ---- */

/* IO_OK: n bytes of the file, at least one. */
static struct io read_file(const struct reply_flow *flow, uint8_t *out, size_t length)
{
    ssize_t n;
    do
        n = pread(flow->body.fd, out, length, (off_t)flow->body.offset);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return (struct io){.n = (size_t)n};
    return io_fail(n == 0 ? REASON_file_changed : REASON_file_io);
}

static struct io read_body(const struct reply_flow *flow, uint8_t *out, size_t length)
{
    length = size_min(flow->body.length, length);
    if (length == 0)
        return io_status(IO_OK);
    if (flow->body.source == REPLY_FILE)
        return read_file(flow, out, length);
    memcpy(out, flow->body.bytes + flow->body.offset, length);
    return (struct io){.n = length};
}

static void consume(struct reply_flow *flow, size_t taken)
{
    size_t head = size_min(flow->head_length - flow->head_at, taken);
    flow->head_at += head;
    flow->body.offset += taken - head;
    flow->body.length -= taken - head;
    flow->body_sent += taken - head;
}

/* Head and body in one write: a short head should not use a segment of its own. */
static struct io write_gathered(struct reply_flow *flow, struct transport *transport,
                                uint8_t *scratch)
{
    size_t head = size_min(flow->head_length - flow->head_at, REPLY_FLOW_PIECE);
    size_t room = REPLY_FLOW_PIECE - head;
    if (flow->body.source == REPLY_FILE && !flow->no_sendfile && room > FIRST_OF_FILE)
        room = FIRST_OF_FILE;
    memcpy(scratch, flow->head + flow->head_at, head);
    struct io io = read_body(flow, scratch + head, room);
    if (io.status != IO_OK)
        return io;
    return transport_write(transport, scratch, head + io.n);
}

static struct io write_file(struct reply_flow *flow, struct transport *transport, uint8_t *scratch)
{
    struct io io = transport_send_file(transport, flow->body.fd, flow->body.offset,
                                       size_min(flow->body.length, REPLY_FLOW_PIECE));
    if (io.status == IO_EOF)
        return io_fail(REASON_file_changed);
    if (io.status != IO_WANT_READ)
        return io;
    flow->no_sendfile = true;
    return write_gathered(flow, transport, scratch);
}

static struct io write_piece(struct reply_flow *flow, struct transport *transport, uint8_t *scratch)
{
    const struct reply_body *body = &flow->body;
    bool head_sent = flow->head_at == flow->head_length;
    if (head_sent && body->source != REPLY_FILE)
        return transport_write(transport, (const uint8_t *)body->bytes + body->offset,
                               size_min(body->length, REPLY_FLOW_PIECE));
    /* No body, as in most refusals: the head needs no copy. */
    if (!head_sent && body->length == 0)
        return transport_write(transport, (const uint8_t *)flow->head + flow->head_at,
                               size_min(flow->head_length - flow->head_at, REPLY_FLOW_PIECE));
    return head_sent && !flow->no_sendfile ? write_file(flow, transport, scratch)
                                           : write_gathered(flow, transport, scratch);
}

static bool is_written(const struct reply_flow *flow)
{
    return flow->head_at == flow->head_length && flow->body.length == 0;
}

struct io reply_flow_turn(struct reply_flow *flow, struct transport *transport,
                          uint8_t scratch[static REPLY_FLOW_PIECE])
{
    flow->no_sendfile = flow->no_sendfile || !transport_sends_files(transport);
    uint64_t before = reply_flow_sent(flow);
    while (!is_written(flow) && reply_flow_sent(flow) - before < REPLY_FLOW_PIECE) {
        struct io io = write_piece(flow, transport, scratch);
        if (io.status != IO_OK)
            return io;
        consume(flow, io.n);
        if (io.blocked)
            return io_status(IO_WANT_WRITE);
    }
    return is_written(flow) ? transport_flush(transport) : io_status(IO_WANT_WRITE);
}

/* ---- progress ---- */

uint64_t reply_flow_sent(const struct reply_flow *flow)
{
    return flow->head_at + flow->body_sent;
}

uint64_t reply_flow_body_sent(const struct reply_flow *flow)
{
    size_t head = flow->head_length - flow->borrowed;
    return flow->body_sent + (flow->head_at > head ? flow->head_at - head : 0);
}
