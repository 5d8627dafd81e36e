#include "net/tls/tls_read.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include "net/tls/tls_fail.h"
#include "net/tls/tls_socket.h"

/*
 * The bound of one read's work. OpenSSL takes half a microsecond per record, full or empty, and the
 * smallest has 21 bytes. A read stops after the piece that reaches READ_RECORDS, so it decrypts
 * fewer than READ_RECORDS + TLS_SCRATCH_IN / 21 records, in 2 ms. Normal bulk data fills the
 * caller's buffer with fewer.
 */
#define READ_RECORDS 512

/*
 * A KeyUpdate costs as much as forty records, so the number of handshake messages after the
 * handshake is limited. A read with data allows one more, and each MESSAGE_BYTES of data another.
 * Normal peers send a few tickets at the start, and change keys after gigabytes or hours.
 */
#define MESSAGES_MAX  32
#define MESSAGE_BYTES ((size_t)64 * 1024)

/* A peer that causes replies (by renegotiation, say) and never reads must not fill the memory. */
#define UNSENT_REPLIES_MAX 4096

/* ---- bounds of work ---- */

/* One SSL_read handles messages until it has data; emptying the input makes it return. */
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

void tls_read_init(struct tls *tls)
{
    tls->messages_left = MESSAGES_MAX;
    SSL_set_msg_callback(tls->ssl, message_cb);
    SSL_set_msg_callback_arg(tls->ssl, tls);
}

static void allow_messages(struct tls *tls, size_t data)
{
    if (data == 0)
        return;
    size_t left = tls->messages_left + 1 + data / MESSAGE_BYTES;
    tls->messages_left = (uint16_t)(left < MESSAGES_MAX ? left : MESSAGES_MAX);
}

/* ---- reading ---- */

/* Decrypts all of scratch.in; sets `end` on close_notify or a failure. */
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
        tls->end = tls_fail_openssl(tls);
    }
    scratch->in_at = scratch->in_end = 0;
    if (tls->flooded && tls->end.status == IO_OK)
        tls->end = tls_fail_with(tls, tls->role->record, "too many TLS messages without data");
    return length;
}

/* An alert, a KeyUpdate, or a refused renegotiation. Nothing may follow a close_notify. */
static void send_replies(struct tls *tls)
{
    if (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) {
        tls->scratch->out_end = 0;
        return;
    }
    bool was_blocked = !tls_buffer_is_empty(&tls->unsent);
    size_t length = tls->scratch->out_end;
    struct io io = tls_socket_send(tls);
    if (io.blocked)
        tls->unsent_replies += (uint32_t)length;
    if (tls->end.status != IO_OK)
        return;
    if (io.status == IO_FAIL)
        tls->end = io;
    else if (was_blocked && tls->unsent_replies > UNSENT_REPLIES_MAX)
        tls->end = tls_fail_with(tls, tls->role->record, "peer makes us reply but does not read");
}

/* Receives and decrypts one piece; returns the status of the receive. */
static struct io read_piece(struct tls *tls, size_t limit, uint8_t *buffer, size_t capacity,
                            size_t *length)
{
    struct io in = tls_socket_receive(tls, limit);
    if (in.status == IO_FAIL)
        tls->end = in;
    if (in.status == IO_EOF)
        tls->end = tls->role->truncated;
    if (in.status == IO_EOF && tls->end.status == IO_FAIL)
        tls->failure = "connection closed without close_notify, data may be missing";
    *length = decrypt(tls, buffer, capacity);
    return in;
}

struct io tls_read_bytes(struct tls *tls, uint8_t *buffer, size_t capacity)
{
    wsl_assert(capacity >= TRANSPORT_READ_MIN);
    if (tls->end.status != IO_OK)
        return tls->end;
    size_t limit = capacity - TLS_READ_RESERVE, length = 0;
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
     * The end has been received. If the peer leaves TCP open, the descriptor would not become
     * readable again; after SHUT_RD it stays readable, and the next read returns the end.
     */
    if (ended && (in.status == IO_OK || in.status == IO_WANT_READ))
        (void)shutdown(tls->fd, SHUT_RD);
    return (struct io){.n = length, .drained = drained && !ended};
}
