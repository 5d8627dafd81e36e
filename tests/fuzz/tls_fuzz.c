/*
 * A TLS transport in either role. Its peer is OpenSSL over memory BIOs; the input cuts, changes,
 * moves and replaces the peer's bytes before they reach the transport's socket. After every step:
 *
 * - the scratch is empty, so that connections can share it;
 * - data arrives in order and unchanged, also if records are tampered with, and completely if not;
 * - a read decrypts a bounded number of records, and accepts a bounded number of messages;
 * - the bytes that the socket does not take are bounded;
 * - an end or a failure is final.
 *
 * Randomness and time are fixed, so that an input always behaves the same.
 *
 * Input: one byte of modes, then operations of one byte each, with the arguments they take.
 */
#include "lib/tls_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* ---- the transport ---- */

static void expect_empty_scratch(void)
{
    wsl_assert(world.scratch->in_at == world.scratch->in_end && world.scratch->out_end == 0);
}

static int unread(const struct script *s)
{
    int length = 0;
    wsl_assert(ioctl(s->fd, FIONREAD, &length) == 0);
    return length;
}

/* Each call receives a bounded number of bytes, for records of any size. */
static void note_received(struct script *s, int before)
{
    size_t begin = s->received;
    s->received += (size_t)(before - unread(s));
    wsl_assert(s->tampered ||
               records_up_to(s, s->received) - records_up_to(s, begin) <= READ_RECORDS);
}

static void shake_hands(struct script *s)
{
    if (s->established || s->end.status != IO_OK)
        return;
    int before = unread(s);
    struct io io = transport_handshake(s->t);
    note_received(s, before);
    wsl_assert(io.status != IO_EOF);
    s->established = io.status == IO_OK;
    if (io.status == IO_FAIL) {
        s->end = s->failure = io;
        wsl_assert(s->tampered || s->peer_ended || s->shut);
    }
    ERR_clear_error();
    if (!SSL_is_init_finished(s->peer.ssl) && s->peer.fd >= 0) {
        tls_peer_pull(&s->peer);
        (void)SSL_do_handshake(s->peer.ssl);
    }
}

/* After our close_notify OpenSSL ignores HelloRequest, which then costs no more than a record. */
static void expect_bounded_messages(const struct script *s)
{
    size_t allowed = MESSAGES + s->reads + s->read_bytes / MESSAGE_BYTES;
    bool all = BIO_pending(s->peer.out) == 0 && unread(s) == 0;
    wsl_assert(s->tampered || s->shut || !all || s->messages <= allowed);
}

static struct io read_once(struct script *s, bool large)
{
    size_t capacity = large ? BUFFER : TRANSPORT_READ_MIN;
    int before = unread(s);
    struct io io = transport_read(s->t, world.buffer, capacity);
    note_received(s, before);
    wsl_assert(io.status != IO_WANT_WRITE && (io.status == IO_OK) == (io.n > 0));
    if (s->end.status != IO_OK)
        wsl_assert(io.status == s->end.status && io.reason == s->end.reason);
    wsl_assert(io.n <= capacity && s->read_bytes + io.n <= s->peer_bytes);
    wsl_assert(memcmp(world.buffer, world.pattern + s->read_bytes, io.n) == 0);
    s->read_bytes += io.n;
    s->reads += io.n > 0;
    if (io.status == IO_EOF || io.status == IO_FAIL)
        s->end = io;
    if (io.status == IO_WANT_READ)
        expect_bounded_messages(s);
    return io;
}

static void write_once(struct script *s)
{
    size_t length = next_size(s);
    length = at_most(1 + length * (next(s) & 7), TLS_WRITE_MAX);
    if (!s->established || s->shut || s->failure.status != IO_OK || s->written + length > SENT_MAX)
        return;
    struct io io = transport_write(s->t, world.pattern + s->written, length);
    wsl_assert(io.n == (io.status == IO_OK ? length : 0));
    wsl_assert(io.status == IO_OK || io.status == IO_WANT_WRITE || io.status == IO_FAIL);
    s->written += io.n;
    if (io.status == IO_FAIL)
        s->failure = io;
}

static void flush(struct script *s)
{
    if (s->failure.status != IO_OK)
        return;
    struct io io = transport_flush(s->t);
    wsl_assert(io.status == IO_OK || io.status == IO_WANT_WRITE || io.status == IO_FAIL);
    if (io.status == IO_FAIL)
        s->failure = io;
}

static void shut_down(struct script *s)
{
    if (s->failure.status != IO_OK)
        return;
    struct io io = transport_shutdown(s->t);
    s->shut = true;
    if (io.status == IO_FAIL)
        s->failure = io;
}

static void operate(struct script *s)
{
    switch (next(s) % 14) {
    case 0:
    case 1:
        peer_sends_records(s);
        break;
    case 2:
        peer_sends_messages(s);
        break;
    case 3:
        push(s, 1 + next_size(s));
        break;
    case 4:
        push(s, SIZE_MAX);
        break;
    case 5:
        tamper(s);
        break;
    case 6:
        peer_ends(s);
        break;
    case 7:
        peer_reads(s, next_size(s));
        break;
    case 8:
        shake_hands(s);
        break;
    case 9:
    case 10:
        if (s->established)
            (void)read_once(s, next(s) & 1);
        break;
    case 11:
        write_once(s);
        break;
    case 12:
        flush(s);
        break;
    case 13:
        shut_down(s);
        break;
    }
    expect_empty_scratch();
}

/* ---- the end ---- */

/* The most bytes that may wait for the peer: the socket, one write and some replies. */
static size_t most_unsent(const struct script *s)
{
    int buffer;
    socklen_t size = sizeof(buffer);
    wsl_assert(getsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &buffer, &size) == 0);
    return (size_t)buffer + TLS_SCRATCH_OUT + REPLIES_MAX;
}

/* Both sides read and write until nothing moves, in a bounded number of steps. */
static void run_dry(struct script *s)
{
    enum { STEPS_MAX = 4000, QUIET = 8 };
    size_t moved = 0, before = BIO_number_written(s->peer.in);
    for (int step = 0, quiet = 0; quiet < QUIET; step++) {
        wsl_assert(step < STEPS_MAX);
        push(s, SIZE_MAX);
        shake_hands(s);
        if (s->established) {
            (void)read_once(s, true);
            flush(s);
        }
        peer_reads(s, BUFFER);
        expect_empty_scratch();
        size_t now = s->read_bytes + s->arrived + s->pushed;
        quiet = now == moved ? quiet + 1 : 0;
        moved = now;
    }
    wsl_assert(BIO_number_written(s->peer.in) - before <= most_unsent(s));
}

/* Without tampering everything arrives. */
static void expect_everything(const struct script *s)
{
    if (!s->established || s->tampered || s->messages + HANDSHAKE_TICKETS > MESSAGES)
        return;
    wsl_assert(s->read_bytes == s->peer_bytes);
    wsl_assert(s->end.status != IO_FAIL || (s->is_client && s->peer_ended) || s->refused);
    if (s->failure.status == IO_OK && !s->peer_ended && !s->refused)
        wsl_assert(s->arrived == s->written);
}

static void open_pair(struct script *s, uint8_t mode)
{
    s->is_client = mode & MODE_CLIENT;
    s->fd = tls_peer_open(&s->peer, world.other[s->is_client], mode & MODE_TINY ? TINY : 0);
    SSL_set_max_proto_version(s->peer.ssl, mode & MODE_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
    if (s->is_client)
        SSL_set_accept_state(s->peer.ssl);
    else
        SSL_set_connect_state(s->peer.ssl);
    s->t = tls_create(world.ctx[s->is_client], &world.scratch, s->fd);
    wsl_assert(s->t);
}

static void close_pair(struct script *s)
{
    transport_close(s->t);
    tls_peer_close(&s->peer);
    expect_empty_scratch();
}

/* Another connection on the same scratch is not affected. */
static void expect_neighbour_to_work(uint8_t mode)
{
    static struct script s;
    s = (struct script){0};
    open_pair(&s, mode & (MODE_CLIENT | MODE_TLS_1_2));
    wsl_assert(tls_peer_handshake(&s.peer, s.t).status == IO_OK);
    wsl_assert(SSL_write(s.peer.ssl, "hello", 5) == 5);
    tls_peer_push(&s.peer, SIZE_MAX);
    wsl_assert(transport_read(s.t, world.buffer, BUFFER).n == 5);
    wsl_assert(memcmp(world.buffer, "hello", 5) == 0);
    close_pair(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static struct script s;
    if (size < 1)
        return 0;
    if (!world.scratch) {
        set_up();
        expect_neighbour_to_work(0); /* makes the keys of tickets, too */
    }
    random_state = 1;
    s = (struct script){.bytes = input + 1, .left = size - 1};
    open_pair(&s, input[0]);
    for (int i = 0; i < 100 && input[0] & MODE_ESTABLISHED && !s.established; i++) {
        ERR_clear_error();
        (void)SSL_do_handshake(s.peer.ssl);
        push(&s, SIZE_MAX);
        shake_hands(&s);
    }
    while (s.left > 0)
        operate(&s);
    run_dry(&s);
    expect_everything(&s);
    close_pair(&s);
    if (input[0] & MODE_NEIGHBOUR)
        expect_neighbour_to_work(input[0]);
    return 0;
}
