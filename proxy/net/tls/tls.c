#include "net/tls/tls.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls/context/tls_ctx.h"
#include "net/tls/tls_fail.h"
#include "net/tls/tls_handshake.h"
#include "net/tls/tls_read.h"
#include "net/tls/tls_socket.h"
#include "net/tls/trust/tls_pins.h"

/*
 * The happy path. OpenSSL reads and writes through a BIO that moves bytes from and to the scratch;
 * tls_socket.c has the system calls.
 *
 *   read       socket --recv--> scratch.in --BIO--> SSL_read ... SSL_read --> caller's buffer,
 *              piece by piece, until the socket, the buffer or the work for one read is used up
 *   write      caller's bytes --SSL_write--BIO--> scratch.out --send--> socket
 *                                                      `-- the rest --> unsent
 *   handshake  both, until SSL_do_handshake is done; data that came along --> early
 *
 * What can fail. The peer resets or times out: an errno, mapped to a reason of the connection's
 * side. The peer breaks the protocol or is not trusted: OpenSSL leaves a fatal alert in
 * scratch.out, which is sent if the socket takes it at once. Memory for `unsent` or inside OpenSSL
 * runs out. Each ends the connection.
 *
 * Invariants. Between calls the scratch is empty, so connections can share it. While `unsent` has
 * bytes, nothing else is encrypted, except for short replies that a read causes.
 */

static struct tls *tls_of(struct transport *t)
{
    return WSL_CONTAINER(t, struct tls, base);
}

/* ---- the operations ---- */

static struct io tls_flush(struct transport *t)
{
    return tls_socket_flush(tls_of(t));
}

static struct io tls_handshake(struct transport *t)
{
    return tls_handshake_run(tls_of(t));
}

static struct io tls_read(struct transport *t, uint8_t *buffer, size_t capacity)
{
    return tls_read_bytes(tls_of(t), buffer, capacity);
}

static struct io tls_write(struct transport *t, const uint8_t *buffer, size_t length)
{
    struct tls *tls = tls_of(t);
    wsl_assert(length > 0 && length <= TLS_WRITE_MAX);
    struct io io = tls_socket_flush(tls);
    if (io.status != IO_OK)
        return io;
    if (tls->broken)
        return io_fail((enum reason)tls->broken);
    size_t taken = 0;
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, buffer, length, &taken) != 1) {
        tls->scratch->out_end = 0;
        return tls_fail_openssl(tls);
    }
    wsl_assert(taken == length);
    io = tls_socket_send(tls);
    io.n = io.status == IO_OK ? length : 0;
    return io;
}

static struct io tls_shutdown(struct transport *t)
{
    struct tls *tls = tls_of(t);
    struct io io = tls_socket_flush(tls);
    if (io.status != IO_OK)
        return io;
    bool owed =
        tls->established && !tls->broken && !(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN);
    if (owed) {
        ERR_clear_error();
        (void)SSL_shutdown(tls->ssl);
        io = tls_socket_send(tls);
        if (io.status != IO_OK)
            return io;
        if (io.blocked)
            return io_status(IO_WANT_WRITE);
    }
    /* Fails only if the connection is broken, and then the next read reports why. */
    (void)shutdown(tls->fd, SHUT_WR);
    return io_status(IO_OK);
}

static void tls_close(struct transport *t)
{
    struct tls *tls = tls_of(t);
    (void)tls_shutdown(t);
    tls_pins_release(tls->ssl);
    SSL_free(tls->ssl);
    tls_buffer_clear(&tls->early);
    tls_buffer_clear(&tls->unsent);
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
    if (!tls || !ssl) {
        SSL_free(ssl);
        free(tls);
        return NULL;
    }
    BIO_up_ref((*scratch)->bio);
    SSL_set_bio(ssl, (*scratch)->bio, (*scratch)->bio);
    tls->base.ops = &ops;
    tls->ssl = ssl;
    tls->scratch = *scratch;
    tls->role = tls_fail_role(tls_ctx_is_server(ctx));
    tls->fd = fd;
    tls_read_init(tls);
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
    /* RFC 6066, section 3: no literal addresses and no final dot in SNI. */
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
