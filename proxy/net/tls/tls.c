#include "net/tls/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The happy path. OpenSSL reads and writes through a BIO that only moves bytes from and to the
 * scratch; the system calls are here.
 *
 *   read       socket --recv--> scratch.in --BIO--> SSL_read ... SSL_read --> caller's buffer,
 *              piece by piece, until the socket, the buffer or the work for one read is used up
 *   write      caller's bytes --SSL_write--BIO--> scratch.out --send--> socket
 *                                                      `-- what it does not take --> unsent
 *   handshake  both, until SSL_do_handshake has what it wants; data that came along --> early
 *
 * What can fail. The peer resets or stays silent: an errno, which gets the reason of our side. The
 * peer breaks the protocol or is not trusted: OpenSSL leaves a fatal alert in scratch.out, which is
 * sent if the socket takes it at once. Memory for `unsent` or inside OpenSSL runs out. Each ends
 * the connection.
 *
 * Invariants. Between calls the scratch is empty, so connections can share it. While `unsent` has
 * bytes nothing else is encrypted, except for short replies that a read causes.
 */

/*
 * Decrypted bytes are at most one record, of which only the end was received, more than the bytes
 * received. So what is received with this much room to spare fits the caller's buffer.
 */
#define READ_RESERVE ((size_t)SSL3_RT_MAX_PLAIN_LENGTH)

/*
 * The bound of one read's work. OpenSSL takes half a microsecond per record, full or empty, and the
 * smallest has 21 bytes. A read stops after the piece that brings it to READ_RECORDS, so it
 * decrypts less than READ_RECORDS + TLS_SCRATCH_IN / 21 records, in 2 ms. Honest bulk fills the
 * caller's buffer with fewer.
 */
#define READ_RECORDS 512

/*
 * A KeyUpdate costs as much as forty records, so a peer has an allowance of handshake messages
 * after the handshake. A read with data gives one back, and MESSAGE_BYTES of data another. Honest
 * peers send a few tickets at the start, and change keys after gigabytes or hours.
 */
#define MESSAGES_MAX  32
#define MESSAGE_BYTES ((size_t)64 * 1024)

/* Pieces per call of the handshake; a flight of the peer is usually one. */
#define HANDSHAKE_PIECES 8

/* Small, so that data behind the handshake fits the first read, however small its buffer. */
#define HANDSHAKE_READ (TRANSPORT_READ_MIN - READ_RESERVE)
_Static_assert(HANDSHAKE_READ >= 2048, "a ClientHello comes in one piece");

/* A peer that makes us reply (to renegotiation, say) and never reads must not fill our memory. */
#define UNSENT_REPLIES_MAX 4096

/* Ciphertext that had to be set aside; no memory while empty. */
struct stash {
    uint8_t *bytes; /* owned */
    uint32_t at, end;
};

/* The words for what goes wrong, for the peer of this role. */
struct role {
    const struct transport_side *side;
    enum reason handshake, untrusted, hangup, record;
    struct io truncated;
};

struct tls {
    struct transport base;
    SSL *ssl;                    /* owned */
    struct tls_scratch *scratch; /* shared by the worker */
    const struct role *role;
    const char *failure; /* static text */
    struct stash early;  /* received with the handshake, not yet decrypted */
    struct stash unsent; /* encrypted, not yet taken by the socket */
    struct io end;       /* what read says once all data is delivered; IO_OK: not yet */
    int fd;              /* owned */
    uint32_t unsent_replies;
    uint32_t records;       /* that this read has received */
    uint16_t messages_left; /* the peer's allowance of handshake messages */
    bool flooded;           /* the peer has exceeded it */
    bool established;       /* the handshake is done; OpenSSL itself forgets that when it fails */
    enum reason broken;     /* not none: OpenSSL gave up, nothing can be encrypted any more */
};

static const struct role *role_of(bool is_server)
{
    static const struct role server = {
        .side = &transport_client,
        .handshake = REASON_tls_handshake,
        .untrusted = REASON_tls_certificate,
        .hangup = REASON_handshake_eof,
        .record = REASON_client_io,
        .truncated = {.status = IO_EOF},
    };
    static const struct role client = {
        .side = &transport_target,
        .handshake = REASON_target_tls,
        .untrusted = REASON_target_untrusted,
        .hangup = REASON_target_tls,
        .record = REASON_target_tls,
        .truncated = {.status = IO_FAIL, .reason = REASON_target_tls},
    };
    return is_server ? &server : &client;
}

static struct tls *tls_of(struct transport *t)
{
    return WSL_CONTAINER(t, struct tls, base);
}

/* ---- stash ---- */

static bool stash_empty(const struct stash *stash)
{
    return stash->at == stash->end;
}

static void stash_clear(struct stash *stash)
{
    free(stash->bytes);
    *stash = (struct stash){0};
}

/* Exactly as much memory as there are bytes: thousands of stalled clients have one each. */
static bool stash_append(struct stash *stash, const uint8_t *bytes, size_t length)
{
    size_t left = stash->end - stash->at;
    uint8_t *joined = malloc(left + length);
    if (!joined)
        return false;
    if (left > 0)
        memcpy(joined, stash->bytes + stash->at, left);
    memcpy(joined + left, bytes, length);
    free(stash->bytes);
    *stash = (struct stash){.bytes = joined, .end = (uint32_t)(left + length)};
    return true;
}

/* ---- failures ---- */

static struct io fail(struct tls *tls, enum reason reason, const char *detail)
{
    tls->failure = detail;
    return io_fail(reason);
}

static struct io fail_errno(struct tls *tls, int error)
{
    return fail(tls, transport_errno(tls->role->side, error), strerror(error));
}

static struct io fail_memory(struct tls *tls)
{
    tls->broken = REASON_out_of_memory;
    return fail(tls, REASON_out_of_memory, "out of memory");
}

/* The last entry of OpenSSL's error queue speaks of TLS, but a lack of memory may stand before. */
static struct io fail_openssl(struct tls *tls)
{
    unsigned long error = 0, entry;
    while ((entry = ERR_get_error()) != 0) {
        if (ERR_GET_REASON(entry) == ERR_R_MALLOC_FAILURE)
            return fail_memory(tls);
        error = entry;
    }
    int cause = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *detail = ERR_reason_error_string(error);
    tls->broken = tls->established ? tls->role->record : tls->role->handshake;
    if (cause == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        tls->broken = tls->role->untrusted;
    if (cause == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        tls->broken = tls->role->untrusted;
        detail = X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
    }
    return fail(tls, tls->broken, detail ? detail : "TLS failed");
}

/* ---- the bounds of work ---- */

/* One SSL_read handles messages until it has data; without input it returns. */
static void message_cb(int sent, int version, int type, const void *bytes, size_t length, SSL *ssl,
                       void *owner)
{
    struct tls *tls = owner;
    if (sent)
        return;
    if (type == SSL3_RT_HEADER)
        tls->records++;
    if (type != SSL3_RT_HANDSHAKE || !tls->established)
        return;
    if (tls->messages_left > 0) {
        tls->messages_left--;
        return;
    }
    tls->flooded = true;
    tls->scratch->in_at = tls->scratch->in_end;
}

static void allow_messages(struct tls *tls, size_t data)
{
    if (data == 0)
        return;
    size_t left = tls->messages_left + 1 + data / MESSAGE_BYTES;
    tls->messages_left = (uint16_t)(left < MESSAGES_MAX ? left : MESSAGES_MAX);
}

/* ---- system calls ---- */

/*
 * Receives once, behind the early bytes if there are any, so that scratch.in has at most `limit`.
 * IO_OK and IO_WANT_READ speak of the socket alone.
 */
static struct io receive(struct tls *tls, size_t limit)
{
    struct tls_scratch *scratch = tls->scratch;
    size_t early = tls->early.end - tls->early.at;
    wsl_assert(scratch->in_at == scratch->in_end && early <= limit);
    if (early > 0)
        memcpy(scratch->in, tls->early.bytes + tls->early.at, early);
    stash_clear(&tls->early);
    scratch->in_at = 0;
    scratch->in_end = early;
    size_t room = limit - early;
    if (room == 0)
        return io_status(IO_OK);

    ssize_t got;
    do
        got = recv(tls->fd, scratch->in + early, room, 0);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return io_status(IO_EOF);
    if (got < 0)
        return errno == EAGAIN ? io_status(IO_WANT_READ) : fail_errno(tls, errno);
    scratch->in_end += (size_t)got;
    return (struct io){.n = (size_t)got, .drained = (size_t)got < room};
}

/* Returns the bytes that the socket took, or -1 when it is broken. */
static ssize_t send_once(struct tls *tls, const uint8_t *bytes, size_t length)
{
    ssize_t sent;
    do
        sent = send(tls->fd, bytes, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* Sends what OpenSSL has produced and sets aside what the socket does not take. */
static struct io send_out(struct tls *tls)
{
    struct tls_scratch *scratch = tls->scratch;
    size_t length = scratch->out_end;
    bool behind = !stash_empty(&tls->unsent);
    ssize_t sent = length == 0 || behind ? 0 : send_once(tls, scratch->out, length);
    scratch->out_end = 0;
    if (sent < 0)
        return fail_errno(tls, errno);
    if ((size_t)sent < length &&
        !stash_append(&tls->unsent, scratch->out + sent, length - (size_t)sent))
        return fail_memory(tls);
    return (struct io){.blocked = !stash_empty(&tls->unsent)};
}

static struct io tls_flush(struct transport *t)
{
    struct tls *tls = tls_of(t);
    struct stash *unsent = &tls->unsent;
    if (stash_empty(unsent))
        return io_status(IO_OK);
    ssize_t sent = send_once(tls, unsent->bytes + unsent->at, unsent->end - unsent->at);
    if (sent < 0)
        return fail_errno(tls, errno);
    unsent->at += (uint32_t)sent;
    if (!stash_empty(unsent))
        return io_status(IO_WANT_WRITE);
    stash_clear(unsent);
    tls->unsent_replies = 0;
    return io_status(IO_OK);
}

/* ---- the operations ---- */

/* The alert says more to the peer than our silence; if it cannot leave now, so be it. */
static struct io handshake_failed(struct tls *tls)
{
    struct io io = fail_openssl(tls);
    const char *detail = tls->failure;
    struct tls_scratch *scratch = tls->scratch;
    scratch->in_at = scratch->in_end = 0;
    (void)send_out(tls);
    tls->failure = detail;
    return io;
}

static void forget_key(EVP_PKEY *key)
{
    /* A change of type frees what the old one held, in every reference to the key. */
    (void)EVP_PKEY_set_type(key, EVP_PKEY_X25519);
    EVP_PKEY_free(key);
}

/*
 * OpenSSL keeps the ephemeral keys of both sides until the connection ends: several KiB with NIST
 * curves, and a secret that nobody needs any more.
 */
static void forget_ephemeral_keys(SSL *ssl)
{
    EVP_PKEY *key;
    if (SSL_get_tmp_key(ssl, &key) == 1)
        forget_key(key);
    if (SSL_get_peer_tmp_key(ssl, &key) == 1)
        forget_key(key);
    ERR_clear_error();
}

static struct io handshake_done(struct tls *tls)
{
    struct tls_scratch *scratch = tls->scratch;
    size_t left = scratch->in_end - scratch->in_at;
    bool kept = left == 0 || stash_append(&tls->early, scratch->in + scratch->in_at, left);
    scratch->in_at = scratch->in_end = 0;
    tls->established = true;
    forget_ephemeral_keys(tls->ssl);
    return kept ? io_status(IO_OK) : fail_memory(tls);
}

static struct io tls_handshake(struct transport *t)
{
    struct tls *tls = tls_of(t);
    for (int pieces = 0;; pieces++) {
        struct io io = tls_flush(t);
        if (io.status != IO_OK || tls->established)
            return io;
        ERR_clear_error();
        int result = SSL_do_handshake(tls->ssl);
        if (result != 1 && SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ)
            return handshake_failed(tls);
        io = send_out(tls);
        if (result == 1 && io.status == IO_OK)
            io = handshake_done(tls);
        if (io.status != IO_OK) {
            /* Whoever is next must not find what came behind this one's last message. */
            tls->scratch->in_at = tls->scratch->in_end = 0;
            return io;
        }
        if (result == 1)
            continue;
        /* The peer will not speak before it has heard all of ours. */
        if (io.blocked)
            return io_status(IO_WANT_WRITE);
        if (pieces == HANDSHAKE_PIECES)
            return io_status(IO_WANT_READ);
        io = receive(tls, HANDSHAKE_READ);
        if (io.status == IO_EOF)
            return fail(tls, tls->role->hangup, "connection closed during the handshake");
        if (io.status != IO_OK)
            return io;
    }
}

/* Decrypts all of scratch.in; sets `end` when that, rather than the input, comes to an end. */
static size_t decrypt(struct tls *tls, uint8_t *buffer, size_t capacity)
{
    struct tls_scratch *scratch = tls->scratch;
    size_t length = 0, got;
    int result;
    ERR_clear_error();
    while ((result = SSL_read_ex(tls->ssl, buffer + length, capacity - length, &got)) == 1) {
        length += got;
        wsl_assert(length < capacity);
    }
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        wsl_assert(scratch->in_at == scratch->in_end);
        break;
    case SSL_ERROR_ZERO_RETURN:
        tls->end = io_status(IO_EOF);
        break;
    default:
        tls->end = fail_openssl(tls);
    }
    scratch->in_at = scratch->in_end = 0;
    if (tls->flooded && tls->end.status == IO_OK)
        tls->end = fail(tls, tls->role->record, "too many TLS messages without data");
    return length;
}

/* An alert, new keys, or a refusal to renegotiate. Nothing may follow our close_notify. */
static void send_replies(struct tls *tls)
{
    if (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) {
        tls->scratch->out_end = 0;
        return;
    }
    bool was_blocked = !stash_empty(&tls->unsent);
    size_t length = tls->scratch->out_end;
    struct io io = send_out(tls);
    if (io.blocked)
        tls->unsent_replies += (uint32_t)length;
    if (tls->end.status != IO_OK)
        return;
    if (io.status == IO_FAIL)
        tls->end = io;
    else if (was_blocked && tls->unsent_replies > UNSENT_REPLIES_MAX)
        tls->end = fail(tls, tls->role->record, "peer makes us reply but does not read");
}

/* Receives and decrypts one piece; what the socket said. */
static struct io read_piece(struct tls *tls, size_t limit, uint8_t *buffer, size_t capacity,
                            size_t *length)
{
    struct io in = receive(tls, limit);
    if (in.status == IO_FAIL)
        tls->end = in;
    if (in.status == IO_EOF)
        tls->end = tls->role->truncated;
    if (in.status == IO_EOF && tls->end.status == IO_FAIL)
        tls->failure = "connection closed without close_notify, data may be missing";
    *length = decrypt(tls, buffer, capacity);
    return in;
}

static struct io tls_read(struct transport *t, uint8_t *buffer, size_t capacity)
{
    struct tls *tls = tls_of(t);
    wsl_assert(capacity >= TRANSPORT_READ_MIN);
    if (tls->end.status != IO_OK)
        return tls->end;
    size_t limit = capacity - READ_RESERVE, length = 0;
    bool more = true, drained = false;
    struct io in = io_status(IO_OK);
    tls->records = 0;
    while (more) {
        size_t piece = limit < TLS_SCRATCH_IN ? limit : TLS_SCRATCH_IN, got;
        in = read_piece(tls, piece, buffer + length, capacity - length, &got);
        length += got;
        limit -= piece;
        drained = in.drained || in.status == IO_WANT_READ;
        more = in.status == IO_OK && !drained && limit > 0 && tls->end.status == IO_OK &&
               tls->records < READ_RECORDS;
    }
    allow_messages(tls, length);
    if (tls->scratch->out_end > 0)
        send_replies(tls);
    bool ended = tls->end.status != IO_OK;
    if (length == 0)
        return ended ? tls->end : io_status(IO_WANT_READ);
    /*
     * The end was received already, and a peer that leaves its side of TCP open would never make
     * the descriptor readable again to say so. Now it is, for good.
     */
    if (ended && (in.status == IO_OK || in.status == IO_WANT_READ))
        (void)shutdown(tls->fd, SHUT_RD);
    return (struct io){
        .n = length, .drained = drained && !ended, .yield = tls->records >= READ_RECORDS};
}

static struct io tls_write(struct transport *t, const uint8_t *buffer, size_t length)
{
    struct tls *tls = tls_of(t);
    wsl_assert(length > 0 && length <= TLS_WRITE_MAX);
    struct io io = tls_flush(t);
    if (io.status != IO_OK)
        return io;
    if (tls->broken)
        return io_fail(tls->broken);
    size_t taken = 0;
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, buffer, length, &taken) != 1) {
        tls->scratch->out_end = 0;
        return fail_openssl(tls);
    }
    wsl_assert(taken == length);
    io = send_out(tls);
    io.n = io.status == IO_OK ? length : 0;
    return io;
}

static struct io tls_shutdown(struct transport *t)
{
    struct tls *tls = tls_of(t);
    struct io io = tls_flush(t);
    if (io.status != IO_OK)
        return io;
    bool owed =
        tls->established && !tls->broken && !(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN);
    if (owed) {
        ERR_clear_error();
        (void)SSL_shutdown(tls->ssl);
        io = send_out(tls);
        if (io.status != IO_OK)
            return io;
        if (io.blocked)
            return io_status(IO_WANT_WRITE);
    }
    /* Fails only on a connection that is gone already, and then read says why. */
    (void)shutdown(tls->fd, SHUT_WR);
    return io_status(IO_OK);
}

static void tls_close(struct transport *t)
{
    struct tls *tls = tls_of(t);
    (void)tls_shutdown(t);
    SSL_free(tls->ssl);
    stash_clear(&tls->early);
    stash_clear(&tls->unsent);
    close(tls->fd);
    free(tls);
}

struct transport *tls_create(const struct tls_ctx *ctx, struct tls_scratch **scratch, int fd)
{
    static const struct transport_ops ops = {
        .handshake = tls_handshake,
        .read = tls_read,
        .write = tls_write,
        .flush = tls_flush,
        .shutdown = tls_shutdown,
        .close = tls_close,
    };
    if (!*scratch)
        *scratch = tls_scratch_create();
    if (!*scratch)
        return NULL;
    ERR_clear_error();
    struct tls *tls = calloc(1, sizeof(*tls));
    SSL *ssl = tls_ctx_open(ctx);
    BIO *bio = BIO_new((*scratch)->method);
    if (!tls || !ssl || !bio) {
        BIO_free(bio);
        SSL_free(ssl);
        free(tls);
        return NULL;
    }
    BIO_set_data(bio, *scratch);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_msg_callback(ssl, message_cb);
    SSL_set_msg_callback_arg(ssl, tls);
    tls->base.ops = &ops;
    tls->ssl = ssl;
    tls->scratch = *scratch;
    tls->role = role_of(tls_ctx_is_server(ctx));
    tls->messages_left = MESSAGES_MAX;
    tls->fd = fd;
    return &tls->base;
}

bool tls_expect(struct transport *t, const char *name)
{
    SSL *ssl = tls_of(t)->ssl;
    X509_VERIFY_PARAM *verify = SSL_get0_param(ssl);
    char host[256];
    size_t length = strlen(name);
    length -= length > 1 && name[length - 1] == '.';
    snprintf(host, sizeof(host), "%.*s", (int)length, name);
    /* RFC 6066, section 3: literal addresses are not permitted in SNI, nor is a final dot. */
    bool is_address = X509_VERIFY_PARAM_set1_ip_asc(verify, host) == 1;
    char *verified = is_address ? NULL : host;
    bool set = (is_address || X509_VERIFY_PARAM_set1_ip(verify, NULL, 0) == 1) &&
               X509_VERIFY_PARAM_set1_host(verify, verified, 0) == 1 &&
               SSL_set_tlsext_host_name(ssl, verified) == 1;
    ERR_clear_error();
    return set;
}

int tls_protocol(const struct transport *t)
{
    const struct tls *tls = (const struct tls *)t;
    return tls->established ? SSL_version(tls->ssl) : 0;
}

int tls_describe(const struct transport *t, char *text, size_t size)
{
    const struct tls *tls = (const struct tls *)t;
    if (!tls->established)
        return snprintf(text, size, "%s", "");
    return snprintf(text, size, "%s %s", SSL_get_version(tls->ssl), SSL_get_cipher_name(tls->ssl));
}

void tls_facts(const struct transport *t, struct tls_facts *facts)
{
    const struct tls *tls = (const struct tls *)t;
    *facts = (struct tls_facts){0};
    if (tls->established)
        tls_facts_of(tls->ssl, facts);
}

const char *tls_failure(const struct transport *t)
{
    const struct tls *tls = (const struct tls *)t;
    return tls->failure ? tls->failure : "";
}
