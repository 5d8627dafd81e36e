/*
 * One direction of a session: what the sink does not take at once becomes the carry, and as long as
 * there is one, the source is not read. There is no queue.
 *
 *                   read                      write
 *      source ------------->  scratch  ------------------>  sink
 *                                |  not taken        ^
 *                                +----->  carry -----+  first, once the sink is writable
 *
 * Pure: works on transports by their contract only.
 *
 * Owns: the carry. Thread: its worker. Errors: the transport's, as struct io; then BROKEN.
 * Lifetime: pipe_free releases the carry; the sink is borrowed.
 */
#ifndef WSLUICE_CORE_BRIDGE_PIPE_H
#define WSLUICE_CORE_BRIDGE_PIPE_H

#include "base/transport.h"

enum pipe_state {
    PIPE_WAITING, /* there is no sink yet: the source is left alone */
    PIPE_FLOWING, /* the source is read, the sink is written */
    PIPE_ENDING,  /* nothing more is taken from the source; what was taken still goes out */
    PIPE_SHUT,    /* the sink was told that nothing more comes */
    PIPE_BROKEN,  /* the sink has failed, or there is none: what the source sends is dropped */
};

struct pipe {
    struct transport *sink; /* borrowed; NULL while WAITING, or BROKEN from the start */
    uint8_t *carry;         /* owned; NULL when the sink took everything */
    uint32_t carry_at, carry_length;
    uint8_t state;       /* enum pipe_state */
    bool blocked;        /* wait until the sink is writable; true whenever there is a carry */
    uint64_t bytes;      /* payload that the sink has taken or the carry holds */
    uint64_t stalled_at; /* the bridge's: since when the sink holds it back; 0: it does not */
    /* The bridge's clock: what it saw at its last look. */
    uint64_t still_since; /* since when nothing has moved; 0: not looked at since the last move */
    uint64_t left;        /* bytes in the carry and in the kernel */
};

/* No more than this may be offered at once. */
#define PIPE_SEND_MAX ((size_t)1 << 30)

/*
 * Sends, and carries what is not taken. Only while not blocked. IO_OK, or IO_FAIL: the pipe is then
 * BROKEN.
 */
WSL_MUST_CHECK struct io pipe_send(struct pipe *pipe, const uint8_t *bytes, size_t length);

/* The sink may be writable: pushes on. IO_OK with `blocked` as it then is, or IO_FAIL. */
WSL_MUST_CHECK struct io pipe_resume(struct pipe *pipe);

/* ENDING and not blocked: tells the sink that nothing more comes; then SHUT, BROKEN, or blocked. */
WSL_MUST_CHECK struct io pipe_shutdown(struct pipe *pipe);

/* The sink is of no use any more. */
void pipe_break(struct pipe *pipe);

void pipe_free(struct pipe *pipe);

/* May the source be read? In every state but one, since what can't be sent is dropped. */
static inline bool pipe_wants_source(const struct pipe *pipe)
{
    return pipe->state != PIPE_WAITING && !(pipe->state == PIPE_FLOWING && pipe->blocked);
}

static inline bool pipe_wants_sink(const struct pipe *pipe)
{
    return pipe->blocked;
}

static inline bool pipe_finished(const struct pipe *pipe)
{
    return pipe->state == PIPE_SHUT || pipe->state == PIPE_BROKEN;
}

#endif
