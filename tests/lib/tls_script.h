/*
 * The peer of the fuzzer of TLS connections: a script of operations from the input, with fixed
 * randomness and time.
 *
 * Owns: contexts and scratch, for the life of the process. Thread: one. Errors: abort.
 * Lifetime: a script lives for one input.
 */
#ifndef WSLUICE_TESTS_LIB_TLS_SCRIPT_H
#define WSLUICE_TESTS_LIB_TLS_SCRIPT_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>
#include <sys/ioctl.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

enum {
    BUFFER = 256 * 1024,
    SENT_MAX = 1 << 20,    /* by each side */
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
    uint8_t pattern[SENT_MAX + BUFFER];
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
    struct io end, failure;        /* of reads, of writes; IO_OK: none yet */
    bool shut;                     /* the transport was */
    bool refused;                  /* the peer requested something that ends the session */
    bool tampered;                 /* the peer's bytes were changed, dropped or inserted */
    bool peer_ended;               /* the peer sent close_notify or FIN, or closed */
    size_t peer_bytes, read_bytes; /* peer to transport */
    size_t written, arrived;       /* transport to peer */
    size_t messages, reads;        /* messages that the peer sent, reads with data */
    /* The peer's stream: where its records end, and how far the transport has received it. */
    size_t pushed, received;
    size_t record_end, header_at;
    uint8_t header[5];
    size_t ends[RECORDS_MAX];
    size_t end_count;
};

static struct world world;

/* ---- fixed randomness and time ---- */

static uint64_t random_state;

static inline int random_bytes(unsigned char *bytes, int length)
{
    for (int i = 0; i < length; i++) {
        random_state = random_state * 6364136223846793005U + 1442695040888963407U;
        bytes[i] = (uint8_t)(random_state >> 56);
    }
    return 1;
}

static inline int random_status(void)
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

static inline void set_up(void)
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

static inline uint8_t next(struct script *s)
{
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->bytes++;
}

static inline size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

/* Exact for small numbers, then in growing steps, up to about 64 KiB. */
static inline size_t next_size(struct script *s)
{
    size_t n = next(s);
    return n < 64 ? n : n < 128 ? (n - 63) * 64 : (n - 127) * 512;
}

/* ---- the peer's bytes ---- */

static inline void note_record_ends(struct script *s, const uint8_t *bytes, size_t length)
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

static inline void push(struct script *s, size_t limit)
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

static inline size_t records_up_to(const struct script *s, size_t offset)
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

static inline bool peer_is_intact(const struct script *s)
{
    return SSL_is_init_finished(s->peer.ssl) && !s->peer_ended;
}

/* A number of records of a number of bytes. */
static inline void peer_sends_records(struct script *s)
{
    size_t count = 1 + next(s), length = at_most(1 + next_size(s), 16384);
    if (next(s) & 1)
        count *= 16;
    for (; count > 0 && peer_is_intact(s) && s->end_count < RECORDS_MAX / 2; count--) {
        if (s->peer_bytes + length > SENT_MAX || BIO_pending(s->peer.out) > BUFFER)
            return;
        ERR_clear_error();
        if (SSL_write(s->peer.ssl, world.pattern + s->peer_bytes, (int)length) != (int)length)
            return;
        s->peer_bytes += length;
    }
}

/* A number of KeyUpdates and tickets, or of HelloRequests. */
static inline void peer_sends_messages(struct script *s)
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
static inline void tamper(struct script *s)
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

static inline void peer_ends(struct script *s)
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
    s->peer_ended = true;
}

static inline void peer_reads(struct script *s, size_t limit)
{
    if (s->peer.fd < 0)
        return;
    size_t got = tls_peer_read(&s->peer, world.buffer, at_most(1 + limit, BUFFER));
    wsl_assert(s->arrived + got <= s->written);
    wsl_assert(memcmp(world.buffer, world.pattern + s->arrived, got) == 0);
    s->arrived += got;
}

#endif
