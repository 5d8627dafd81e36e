/*
 * One direction of a session. Bytes that the sink does not take at once become the carry; while
 * there is a carry, the source is not read. There is no queue. Bytes that come in a duct are
 * carried in it, behind a carry in memory.
 *
 *                   read                      write
 *      source ------------->  scratch  ------------------>  sink
 *                                |  not taken        ^
 *                                +----->  carry -----+  first, once the sink is writable
 *
 * Pure: uses transports only by their contract.
 *
 * Owns: the carry, and a duct that is in use. Thread: its worker. Errors: the transport's, as
 * struct io; then BROKEN. Lifetime: pipe_free releases the carry; the sink is borrowed.
 */
#ifndef WSLUICE_CORE_BRIDGE_PIPE_H
#define WSLUICE_CORE_BRIDGE_PIPE_H

#include "base/transport.h"

enum pipe_state {
    PIPE_WAITING, /* there is no sink yet: the source is not read */
    PIPE_FLOWING, /* the source is read, the sink is written */
    PIPE_ENDING,  /* nothing more is taken from the source; the carry is still sent */
    PIPE_SHUT,    /* the sink is shut down: FIN is sent */
    PIPE_BROKEN,  /* the sink has failed, or there is none: bytes of the source are dropped */
};

struct pipe {
    struct transport *sink; /* borrowed; NULL while WAITING, or BROKEN from the start */
    uint8_t *carry;         /* owned; NULL when the sink took everything */
    struct duct *duct;      /* owned; follows the carry; NULL: none */
    uint32_t carry_at, carry_length;
    uint32_t left;       /* bytes in the carry and in the kernel, at the last check of the clock */
    uint8_t state;       /* enum pipe_state */
    bool blocked;        /* wait until the sink is writable; true whenever there is a carry */
    uint64_t bytes;      /* payload that the sink has taken or the carry holds */
    uint64_t stalled_at; /* the bridge's: since when the sink blocks; 0: it does not */
    /* Since when the bridge's clock has seen nothing move; 0: no check since the last move. */
    uint64_t still_since;
};

/* The most that may be sent at once. */
#define PIPE_SEND_MAX ((size_t)1 << 30)

/* Sends, and carries what is not taken. Only while not blocked. IO_OK, or IO_FAIL: BROKEN. */
WSL_MUST_CHECK struct io pipe_send(struct pipe *pipe, const uint8_t *bytes, size_t length);

/*
 * Sends `length` bytes of a header and then what the duct holds; takes the duct over. Only while
 * not blocked. IO_OK, or IO_FAIL: BROKEN.
 */
WSL_MUST_CHECK struct io pipe_send_duct(struct pipe *pipe, const uint8_t *header, size_t length,
                                        struct duct *duct);

/* Adds to the carry what must not be sent yet. Only while blocked. IO_OK, or IO_FAIL: BROKEN. */
WSL_MUST_CHECK struct io pipe_append(struct pipe *pipe, const uint8_t *bytes, size_t length);

/* Call it when the sink may be writable. IO_OK and `blocked` is updated, or IO_FAIL: BROKEN. */
WSL_MUST_CHECK struct io pipe_resume(struct pipe *pipe);

/* Shuts the sink down. Only while ENDING and not blocked; then SHUT, BROKEN, or blocked. */
WSL_MUST_CHECK struct io pipe_shutdown(struct pipe *pipe);

/* Drops the carry; the sink is not used any more. */
void pipe_break(struct pipe *pipe);

void pipe_free(struct pipe *pipe);

/* Bytes that wait for the sink. */
static inline size_t pipe_carried(const struct pipe *pipe)
{
    return pipe->carry_length - pipe->carry_at + (pipe->duct ? pipe->duct->held : 0);
}

/* May the source be read? Bytes that cannot be sent any more are read and dropped. */
static inline bool pipe_wants_source(const struct pipe *pipe)
{
    return pipe->state != PIPE_WAITING && !(pipe->state == PIPE_FLOWING && pipe->blocked);
}

static inline bool pipe_wants_sink(const struct pipe *pipe)
{
    return pipe->blocked;
}

static inline bool pipe_is_finished(const struct pipe *pipe)
{
    return pipe->state == PIPE_SHUT || pipe->state == PIPE_BROKEN;
}

#endif
