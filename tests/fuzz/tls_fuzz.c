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
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>
#include <sys/ioctl.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

enum {
    BUFFER = 256 * 1024,
    SAID_MAX = 1 << 20,    /* by each side */
    RECORDS_MAX = 1 << 15, /* of the peer */
    TINY = 4608,           /* about the smallest socket buffer that Linux gives */
    /* The bounds of tls_read.c. */
    READ_RECORDS = 512 + 65536 / 21 + 1,
    MESSAGES = 32,
    HANDSHAKE_TICKETS = 2, /* of OpenSSL as a server; they are messages, too */
    MESSAGE_BYTES = 65536,
    REPLIES_MAX = 16384, /* 4096 before, and those of the last reads */
};

enum mode {
    MODE_CLIENT = 1, /* the role of the transport */
    MODE_TLS_1_2 = 2,
    MODE_TINY = 4,
    MODE_ESTABLISHED = 8, /* the handshake is done without tampering */
    MODE_NEIGHBOUR = 16,  /* afterwards another connection uses the scratch */
};

struct world {
    struct tls_scratch *scratch;
    struct tls_ctx *ctx[2];
    SSL_CTX *other[2]; /* of the peer, by the transport's role */
    uint8_t pattern[SAID_MAX + BUFFER];
    uint8_t buffer[BUFFER];
};

struct script {
    const uint8_t *bytes;
    size_t left;
    bool is_client;
    struct tls_peer peer;
    struct transport *t;
    int fd; /* the transport's */
    bool established;
    struct io end, failure;  /* of reads, of writes; IO_OK: none yet */
    bool shut;               /* the transport was */
    bool refused;            /* the peer requested something that ends the session */
    bool tampered;           /* the peer's bytes were changed, dropped or inserted */
    bool peer_over;          /* the peer sent close_notify or FIN, or closed */
    size_t said, heard;      /* peer to transport */
    size_t written, arrived; /* transport to peer */
    size_t messages, reads;  /* messages that the peer sent, reads with data */
    /* The peer's stream: where its records end, and how far the transport has received it. */
    size_t pushed, received;
    size_t record_end, header_at;
    uint8_t header[5];
    size_t ends[RECORDS_MAX];
    size_t end_count;
};

static struct world world;

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* ---- fixed randomness and time ---- */

static uint64_t random_state;

static int random_bytes(unsigned char *bytes, int length)
{
    for (int i = 0; i < length; i++) {
        random_state = random_state * 6364136223846793005U + 1442695040888963407U;
        bytes[i] = (uint8_t)(random_state >> 56);
    }
    return 1;
}

static int random_status(void)
{
    return 1;
}

time_t time(time_t *result)
{
    const time_t now = 1800000000;
    if (result)
        *result = now;
    return now;
}

static void set_up(void)
{
    static const RAND_METHOD method = {
        .bytes = random_bytes, .pseudorand = random_bytes, .status = random_status};
    struct pki pki;
    char error[256];
    wsl_assert(RAND_set_rand_method(&method) == 1);
    pki_create(&pki);
    pki_write_leaf(&pki, "server.pem", "server", "DNS:desk.test");
    struct pki_path ca = pki_path(&pki, "ca.pem"), leaf = pki_path(&pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    const struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_2};
    const struct config_target target = {
        .address = {.host = "desk.test"}, .tls = true, .ca = ca.text};
    world.ctx[0] = tls_lab_server(&config, error, sizeof(error));
    world.ctx[1] = tls_lab_client(&target, error, sizeof(error));
    world.other[0] = SSL_CTX_new(TLS_client_method());
    world.other[1] = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(world.other[1], leaf.text, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(world.other[1], leaf.text, SSL_FILETYPE_PEM);
    world.scratch = tls_scratch_create();
    wsl_assert(world.ctx[0] && world.ctx[1] && world.scratch);
    pki_remove(&pki);
    for (size_t i = 0; i < sizeof(world.pattern); i++)
        world.pattern[i] = (uint8_t)(i * 2654435761U >> 20);
}

/* ---- the input ---- */

static uint8_t next(struct script *s)
{
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->bytes++;
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

/* Exact for small numbers, then in growing steps, up to about 64 KiB. */
static size_t next_size(struct script *s)
{
    size_t n = next(s);
    return n < 64 ? n : n < 128 ? (n - 63) * 64 : (n - 127) * 512;
}

/* ---- the peer's bytes ---- */

static void note_record_ends(struct script *s, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t at = s->pushed++;
        if (s->header_at < sizeof(s->header))
            s->header[s->header_at++] = bytes[i];
        if (s->header_at == sizeof(s->header) && s->record_end == 0)
            s->record_end = at + 1 + (size_t)(s->header[3] << 8 | s->header[4]);
        if (s->record_end != at + 1)
            continue;
        wsl_assert(s->tampered || s->end_count < RECORDS_MAX);
        if (s->end_count < RECORDS_MAX)
            s->ends[s->end_count++] = at + 1;
        s->header_at = s->record_end = 0;
    }
}

static void push(struct script *s, size_t limit)
{
    char *pending;
    long length = BIO_get_mem_data(s->peer.out, &pending);
    uint8_t *copy = length > 0 ? malloc((size_t)length) : NULL;
    if (copy)
        memcpy(copy, pending, (size_t)length);
    size_t sent = s->peer.fd >= 0 ? tls_peer_push(&s->peer, limit) : 0;
    note_record_ends(s, copy, sent);
    free(copy);
}

static size_t records_up_to(const struct script *s, size_t offset)
{
    size_t low = 0, high = s->end_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->ends[middle] <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool peer_is_intact(const struct script *s)
{
    return SSL_is_init_finished(s->peer.ssl) && !s->peer_over;
}

/* A number of records of a number of bytes. */
static void peer_sends_records(struct script *s)
{
    size_t count = 1 + next(s), length = at_most(1 + next_size(s), 16384);
    if (next(s) & 1)
        count *= 16;
    for (; count > 0 && peer_is_intact(s) && s->end_count < RECORDS_MAX / 2; count--) {
        if (s->said + length > SAID_MAX || BIO_pending(s->peer.out) > BUFFER)
            return;
        ERR_clear_error();
        if (SSL_write(s->peer.ssl, world.pattern + s->said, (int)length) != (int)length)
            return;
        s->said += length;
    }
}

/* A number of KeyUpdates and tickets, or of HelloRequests. */
static void peer_sends_messages(struct script *s)
{
    uint8_t kind = next(s), count = next(s) & 63;
    for (; count > 0 && peer_is_intact(s); count--) {
        bool sent;
        size_t before = BIO_ctrl_pending(s->peer.out);
        ERR_clear_error();
        if (SSL_version(s->peer.ssl) == TLS1_2_VERSION)
            sent = s->is_client && SSL_renegotiate(s->peer.ssl) == 1;
        else if (s->is_client && kind & 1)
            sent = SSL_new_session_ticket(s->peer.ssl) == 1;
        else
            sent = SSL_key_update(s->peer.ssl, kind & 2 ? SSL_KEY_UPDATE_REQUESTED
                                                        : SSL_KEY_UPDATE_NOT_REQUESTED) == 1;
        (void)SSL_do_handshake(s->peer.ssl);
        s->refused = s->refused || SSL_version(s->peer.ssl) == TLS1_2_VERSION;
        s->messages += sent && BIO_ctrl_pending(s->peer.out) > before;
    }
}

/* Changes, moves, drops or inserts bytes that are not sent yet. */
static void tamper(struct script *s)
{
    char *bytes, extra[16];
    uint8_t how = next(s) & 3;
    long length = BIO_get_mem_data(s->peer.out, &bytes);
    size_t at = length > 0 ? next_size(s) % (size_t)length : 0, left = (size_t)length - at;
    s->tampered = true;
    if (how == 3) {
        size_t count = next(s) & 15;
        for (size_t i = 0; i < count; i++)
            extra[i] = (char)next(s);
        BIO_write(s->peer.out, extra, (int)count);
    } else if (left == 0) {
        return;
    } else if (how == 0) {
        bytes[at] ^= (char)next(s);
    } else if (how == 1) { /* swaps two parts */
        uint8_t *copy = malloc((size_t)length);
        memcpy(copy, bytes + at, left);
        memcpy(copy + left, bytes, at);
        memcpy(bytes, copy, (size_t)length);
        free(copy);
    } else {
        uint8_t value = next(s);
        memset(bytes + at, value, at_most(left, 1 + (next(s) & 15)));
    }
}

static void peer_ends(struct script *s)
{
    uint8_t how = next(s) & 3;
    ERR_clear_error();
    if (how & 1 && peer_is_intact(s))
        (void)SSL_shutdown(s->peer.ssl);
    push(s, SIZE_MAX);
    s->tampered = s->tampered || BIO_pending(s->peer.out) > 0 || !SSL_is_init_finished(s->peer.ssl);
    if (how & 2 && s->peer.fd >= 0)
        shutdown(s->peer.fd, SHUT_WR);
    if (how == 0 && s->peer.fd >= 0) {
        tls_peer_hang_up(&s->peer);
        s->tampered = true; /* with unread bytes the kernel sends a reset */
    }
    s->peer_over = true;
}

static void peer_reads(struct script *s, size_t limit)
{
    if (s->peer.fd < 0)
        return;
    size_t got = tls_peer_read(&s->peer, world.buffer, at_most(1 + limit, BUFFER));
    wsl_assert(s->arrived + got <= s->written);
    wsl_assert(memcmp(world.buffer, world.pattern + s->arrived, got) == 0);
    s->arrived += got;
}

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
        wsl_assert(s->tampered || s->peer_over || s->shut);
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
    size_t allowed = MESSAGES + s->reads + s->heard / MESSAGE_BYTES;
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
    wsl_assert(io.n <= capacity && s->heard + io.n <= s->said);
    wsl_assert(memcmp(world.buffer, world.pattern + s->heard, io.n) == 0);
    s->heard += io.n;
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
    if (!s->established || s->shut || s->failure.status != IO_OK || s->written + length > SAID_MAX)
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
        size_t now = s->heard + s->arrived + s->pushed;
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
    wsl_assert(s->heard == s->said);
    wsl_assert(s->end.status != IO_FAIL || (s->is_client && s->peer_over) || s->refused);
    if (s->failure.status == IO_OK && !s->peer_over && !s->refused)
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
