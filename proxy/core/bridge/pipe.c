#include "core/bridge/pipe.h"

static void drop_carry(struct pipe *pipe)
{
    free(pipe->carry);
    pipe->carry = NULL;
    pipe->carry_at = pipe->carry_length = 0;
}

void pipe_break(struct pipe *pipe)
{
    drop_carry(pipe);
    pipe->blocked = false;
    pipe->state = PIPE_BROKEN;
}

void pipe_free(struct pipe *pipe)
{
    drop_carry(pipe);
}

static struct io fail(struct pipe *pipe, struct io io)
{
    pipe_break(pipe);
    return io;
}

/* One write; returns how much was taken and sets `blocked`. */
static struct io offer(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    struct io io = transport_write(pipe->sink, bytes, length);
    if (io.status == IO_FAIL)
        return io;
    pipe->blocked = io.status != IO_OK || io.blocked || io.n < length;
    return (struct io){.status = IO_OK, .n = io.status == IO_OK ? io.n : 0};
}

struct io pipe_send(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    wsl_assert(!pipe->blocked && !pipe->carry && length <= PIPE_SEND_MAX);
    struct io io = offer(pipe, bytes, length);
    if (WSL_UNLIKELY(io.status == IO_FAIL))
        return fail(pipe, io);
    if (WSL_LIKELY(io.n == length))
        return io;

    size_t rest = length - io.n;
    pipe->carry = malloc(rest);
    if (!pipe->carry)
        return fail(pipe, io_fail(REASON_out_of_memory));
    memcpy(pipe->carry, bytes + io.n, rest);
    pipe->carry_at = 0;
    pipe->carry_length = (uint32_t)rest;
    return io;
}

struct io pipe_append(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    wsl_assert(pipe->blocked && length > 0 && length <= PIPE_SEND_MAX / 2);
    size_t left = pipe->carry_length - pipe->carry_at;
    uint8_t *carry = left <= PIPE_SEND_MAX / 2 ? malloc(left + length) : NULL;
    if (!carry)
        return fail(pipe, io_fail(REASON_out_of_memory));
    if (left > 0)
        memcpy(carry, pipe->carry + pipe->carry_at, left);
    memcpy(carry + left, bytes, length);
    drop_carry(pipe);
    pipe->carry = carry;
    pipe->carry_length = (uint32_t)(left + length);
    return io_status(IO_OK);
}

struct io pipe_resume(struct pipe *pipe)
{
    struct io io = transport_flush(pipe->sink);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    pipe->blocked = io.status != IO_OK;
    if (pipe->blocked || !pipe->carry)
        return io_status(IO_OK);

    uint32_t left = pipe->carry_length - pipe->carry_at;
    io = offer(pipe, pipe->carry + pipe->carry_at, left);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    pipe->carry_at += (uint32_t)io.n;
    if (pipe->carry_at == pipe->carry_length)
        drop_carry(pipe);
    return io;
}

struct io pipe_shutdown(struct pipe *pipe)
{
    wsl_assert(pipe->state == PIPE_ENDING && !pipe->blocked);
    struct io io = transport_shutdown(pipe->sink);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    if (io.status == IO_OK)
        pipe->state = PIPE_SHUT;
    else
        pipe->blocked = true;
    return io_status(IO_OK);
}
