#include "core/bridge/pipe.h"

static void drop_carry(struct pipe *pipe)
{
    free(pipe->carry);
    pipe->carry = NULL;
    pipe->carry_at = pipe->carry_length = 0;
}

static void drop_duct(struct pipe *pipe)
{
    if (pipe->duct)
        duct_give(pipe->duct);
    pipe->duct = NULL;
}

void pipe_break(struct pipe *pipe)
{
    drop_carry(pipe);
    drop_duct(pipe);
    pipe->blocked = false;
    pipe->state = PIPE_BROKEN;
}

void pipe_free(struct pipe *pipe)
{
    drop_carry(pipe);
    drop_duct(pipe);
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

static bool carry_on(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    pipe->carry = malloc(length);
    if (!pipe->carry)
        return false;
    memcpy(pipe->carry, bytes, length);
    pipe->carry_at = 0;
    pipe->carry_length = (uint32_t)length;
    return true;
}

struct io pipe_send(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    wsl_assert(!pipe->blocked && !pipe->carry && !pipe->duct && length <= PIPE_SEND_MAX);
    struct io io = offer(pipe, bytes, length);
    if (WSL_UNLIKELY(io.status == IO_FAIL))
        return fail(pipe, io);
    if (WSL_LIKELY(io.n == length))
        return io;

    return carry_on(pipe, bytes + io.n, length - io.n) ? io
                                                       : fail(pipe, io_fail(REASON_out_of_memory));
}

/* ---- ducts ---- */

/* Into the carry: its sink needs them in memory, or others are to follow them. */
static bool empty_duct(struct pipe *pipe)
{
    size_t left = pipe->carry_length - pipe->carry_at, held = pipe->duct->held;
    uint8_t *bytes = malloc(left + held);
    if (!bytes)
        return false;
    if (pipe->carry)
        memcpy(bytes, pipe->carry + pipe->carry_at, left);
    if (!duct_read(pipe->duct, bytes + left)) {
        free(bytes);
        return false;
    }
    drop_carry(pipe);
    drop_duct(pipe);
    pipe->carry = bytes;
    pipe->carry_length = (uint32_t)(left + held);
    return true;
}

/* One write of the duct, behind the carry. */
static struct io pour(struct pipe *pipe)
{
    struct io io = transport_pour(pipe->sink, pipe->duct);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    pipe->blocked = pipe->duct->held > 0;
    if (!pipe->blocked)
        drop_duct(pipe);
    else if (io.status == IO_WANT_READ && !empty_duct(pipe))
        return fail(pipe, io_fail(REASON_out_of_memory));
    return (struct io){.status = IO_OK, .n = io.status == IO_OK ? io.n : 0};
}

struct io pipe_send_duct(struct pipe *pipe, const uint8_t *header, size_t length, struct duct *duct)
{
    wsl_assert(!pipe->blocked && !pipe->carry && !pipe->duct && length > 0);
    pipe->duct = duct;
    struct io io = transport_write_more(pipe->sink, header, length);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    size_t taken = io.status == IO_OK ? io.n : 0;
    if (taken == length) {
        io = pour(pipe);
        io.n += io.status == IO_OK ? taken : 0;
        return io;
    }
    pipe->blocked = true;
    if (!carry_on(pipe, header + taken, length - taken))
        return fail(pipe, io_fail(REASON_out_of_memory));
    return (struct io){.status = IO_OK, .n = taken};
}

/* ---- later ---- */

struct io pipe_append(struct pipe *pipe, const uint8_t *bytes, size_t length)
{
    wsl_assert(pipe->blocked && length > 0 && length <= PIPE_SEND_MAX / 2);
    if (pipe->duct && !empty_duct(pipe))
        return fail(pipe, io_fail(REASON_out_of_memory));
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

static struct io resume_carry(struct pipe *pipe)
{
    struct io io = offer(pipe, pipe->carry + pipe->carry_at, pipe->carry_length - pipe->carry_at);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    pipe->carry_at += (uint32_t)io.n;
    if (pipe->carry_at == pipe->carry_length)
        drop_carry(pipe);
    if (pipe->blocked || !pipe->duct)
        return io;
    size_t taken = io.n;
    io = pour(pipe);
    io.n += taken;
    return io;
}

struct io pipe_resume(struct pipe *pipe)
{
    struct io io = transport_flush(pipe->sink);
    if (io.status == IO_FAIL)
        return fail(pipe, io);
    pipe->blocked = io.status != IO_OK;
    if (!pipe->blocked && pipe->carry)
        return resume_carry(pipe);
    if (!pipe->blocked && pipe->duct)
        return pour(pipe);
    return io_status(IO_OK);
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
