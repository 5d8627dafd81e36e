/*
 * A transport without a socket. The test sets which bytes can be read and how many a write takes;
 * written bytes are kept. A caller that breaks the contract of base/transport.h (a read after the
 * end, a write after the shutdown, bytes that were not taken and are not offered again) aborts the
 * test.
 *
 *      in:   bytes from the peer: those that arrived can be read, then comes `in_end`
 *      out:  takes `room` bytes; a sealed fake (as TLS) takes all or nothing, and keeps inside the
 *            bytes without room
 *
 * Owns: its buffers, until fake_free. Thread: any. Errors: aborts. Lifetime: see Owns.
 */
#ifndef WSLUICE_TESTS_FAKE_TRANSPORT_H
#define WSLUICE_TESTS_FAKE_TRANSPORT_H

#include "base/transport.h"

#define FAKE_NO_LIMIT SIZE_MAX

struct fake {
    struct transport transport;
    /* in */
    uint8_t *in;
    size_t in_capacity, in_length, in_at;
    size_t arrived;     /* of in_length; FAKE_NO_LIMIT: all */
    size_t read_max;    /* bytes per read */
    struct io in_end;   /* IO_WANT_READ: open; IO_EOF; IO_FAIL */
    bool never_drained; /* the next read, not this one, reports the end of the bytes */
    /* out */
    uint8_t *out;
    size_t out_capacity, out_length; /* out_length includes `inside` */
    size_t room;                     /* shrinks with every byte */
    size_t inside;
    bool sealed;
    bool no_fill, no_pour;      /* fake_duct.h: these are not possible */
    unsigned shutdowns_wanting; /* calls of shutdown that return IO_WANT_WRITE first */
    bool is_shut;               /* shutdown returned IO_OK */
    uint8_t *owed;              /* not taken; the next write must begin with it */
    size_t owed_length;
    /* failures */
    unsigned calls, fail_call; /* the n-th call fails, from 1; 0: none */
    enum reason fail_reason;
    enum reason broken; /* writes fail with it */
    bool out_failed, in_over;
    unsigned reads, writes;
};

static inline struct fake *fake_of(struct transport *transport)
{
    return WSL_CONTAINER(transport, struct fake, transport);
}

static inline bool fake_call_fails(struct fake *fake)
{
    return ++fake->calls == fake->fail_call;
}

static inline struct io fake_ready(struct transport *transport)
{
    (void)transport;
    return io_status(IO_OK);
}

static inline size_t fake_readable(const struct fake *fake)
{
    size_t arrived = fake->arrived < fake->in_length ? fake->arrived : fake->in_length;
    return arrived - fake->in_at;
}

/* True: the descriptor of a socket in this state is readable. */
static inline bool fake_is_readable(const struct fake *fake)
{
    bool all = fake->in_at == fake->in_length;
    return fake_readable(fake) > 0 || (all && fake->in_end.status != IO_WANT_READ);
}

static inline struct io fake_read(struct transport *transport, uint8_t *buffer, size_t capacity)
{
    struct fake *fake = fake_of(transport);
    wsl_assert(!fake->in_over && capacity >= TRANSPORT_READ_MIN);
    fake->reads++;
    if (fake_call_fails(fake)) {
        fake->in_over = true;
        return io_fail(fake->fail_reason);
    }
    size_t n = fake_readable(fake);
    if (n == 0) {
        bool all = fake->in_at == fake->in_length;
        fake->in_over = all && fake->in_end.status != IO_WANT_READ;
        return all ? fake->in_end : io_status(IO_WANT_READ);
    }
    n = n < capacity ? n : capacity;
    n = n < fake->read_max ? n : fake->read_max;
    memcpy(buffer, fake->in + fake->in_at, n);
    fake->in_at += n;
    bool drained = !fake->never_drained && !fake_is_readable(fake) && n < capacity;
    return (struct io){.status = IO_OK, .n = n, .drained = drained};
}

static inline size_t fake_take_room(struct fake *fake, size_t length)
{
    size_t n = length < fake->room ? length : fake->room;
    if (fake->room != FAKE_NO_LIMIT)
        fake->room -= n;
    return n;
}

static inline struct io fake_write_failed(struct fake *fake, enum reason reason)
{
    fake->out_failed = true;
    return io_fail(reason);
}

static inline struct io fake_flush(struct transport *transport)
{
    struct fake *fake = fake_of(transport);
    wsl_assert(!fake->out_failed);
    if (fake_call_fails(fake) || (fake->inside > 0 && fake->broken != REASON_none))
        return fake_write_failed(fake, fake->broken ? fake->broken : fake->fail_reason);
    fake->inside -= fake_take_room(fake, fake->inside);
    return io_status(fake->inside > 0 ? IO_WANT_WRITE : IO_OK);
}

static inline struct io fake_write(struct transport *transport, const uint8_t *buffer,
                                   size_t length)
{
    struct fake *fake = fake_of(transport);
    wsl_assert(!fake->out_failed && !fake->is_shut && length > 0);
    wsl_assert(fake->owed_length <= length);
    wsl_assert(memcmp(fake->owed, buffer, fake->owed_length) == 0);
    fake->writes++;
    if (fake_call_fails(fake) || fake->broken != REASON_none)
        return fake_write_failed(fake, fake->broken ? fake->broken : fake->fail_reason);
    fake->inside -= fake_take_room(fake, fake->inside);
    size_t n = fake->inside > 0 ? 0 : fake_take_room(fake, length);
    if (fake->sealed && fake->inside == 0) {
        fake->inside = length - n;
        n = length;
    }
    wsl_assert(fake->out_length + n <= fake->out_capacity && length - n <= fake->out_capacity);
    memcpy(fake->out + fake->out_length, buffer, n);
    fake->out_length += n;
    fake->owed_length = length - n;
    memcpy(fake->owed, buffer + n, length - n);
    if (n == 0)
        return io_status(IO_WANT_WRITE);
    return (struct io){.status = IO_OK, .n = n, .blocked = n < length || fake->inside > 0};
}

static inline struct io fake_shutdown(struct transport *transport)
{
    struct fake *fake = fake_of(transport);
    wsl_assert(!fake->out_failed && !fake->is_shut && fake->owed_length == 0);
    if (fake_call_fails(fake))
        return fake_write_failed(fake, fake->fail_reason);
    fake->inside -= fake_take_room(fake, fake->inside);
    if (fake->inside > 0)
        return io_status(IO_WANT_WRITE);
    if (fake->shutdowns_wanting > 0) {
        fake->shutdowns_wanting--;
        return io_status(IO_WANT_WRITE);
    }
    fake->is_shut = true;
    return io_status(IO_OK);
}

/* A new connection, with unlimited room. */
static inline void fake_init(struct fake *fake, size_t in_capacity, size_t out_capacity)
{
    static const struct transport_ops ops = {
        .handshake = fake_ready,
        .read = fake_read,
        .write = fake_write,
        .flush = fake_flush,
        .shutdown = fake_shutdown,
    };
    *fake = (struct fake){
        .transport = {&ops},
        .in = malloc(in_capacity + 1),
        .in_capacity = in_capacity,
        .arrived = FAKE_NO_LIMIT,
        .read_max = FAKE_NO_LIMIT,
        .in_end = {.status = IO_WANT_READ},
        .out = malloc(out_capacity + 1),
        .out_capacity = out_capacity,
        .room = FAKE_NO_LIMIT,
        .owed = malloc(out_capacity + 1),
        .fail_reason = REASON_client_io,
    };
    wsl_assert(fake->in && fake->out && fake->owed);
}

static inline void fake_free(struct fake *fake)
{
    free(fake->in);
    free(fake->out);
    free(fake->owed);
}

/* The peer sends. */
static inline void fake_send(struct fake *fake, const void *bytes, size_t length)
{
    wsl_assert(fake->in_length + length <= fake->in_capacity);
    if (length > 0)
        memcpy(fake->in + fake->in_length, bytes, length);
    fake->in_length += length;
}

/* True: the descriptor of a socket in this state is writable. */
static inline bool fake_is_writable(const struct fake *fake)
{
    return fake->room > 0 || fake->broken != REASON_none;
}

/* A reset: bytes that arrived can still be read, then every call fails. */
static inline void fake_break(struct fake *fake, enum reason reason)
{
    if (fake->arrived < fake->in_length)
        fake->in_length = fake->arrived;
    fake->in_end = io_fail(reason);
    fake->broken = reason;
}

#endif
