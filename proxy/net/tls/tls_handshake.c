#include "net/tls/tls_handshake.h"

#include <openssl/err.h>

#include "net/tls/tls_fail.h"
#include "net/tls/tls_socket.h"

/* Receives per call; a flight of the peer usually needs one. */
#define HANDSHAKE_PIECES 8

/* Small, so that data behind the handshake fits the smallest buffer of the first read. */
#define HANDSHAKE_READ (TRANSPORT_READ_MIN - TLS_READ_RESERVE)
_Static_assert(HANDSHAKE_READ >= 2048, "a ClientHello comes in one piece");

/* Tries to send OpenSSL's alert, which tells the peer the cause; a failure to do so is ignored. */
static struct io handshake_failed(struct tls *tls)
{
    struct io io = tls_fail_openssl(tls);
    const char *detail = tls->failure;
    struct tls_scratch *scratch = tls->scratch;
    scratch->in_at = scratch->in_end = 0;
    (void)tls_socket_send(tls);
    tls->failure = detail;
    return io;
}

static void forget_key(EVP_PKEY *key)
{
    /* Changing the type frees the key's contents, for all references. */
    (void)EVP_PKEY_set_type(key, EVP_PKEY_X25519);
    EVP_PKEY_free(key);
}

/*
 * OpenSSL keeps the ephemeral keys of both sides until the connection ends: several KiB with NIST
 * curves, and a secret without further use.
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
    bool kept = left == 0 || tls_buffer_append(&tls->early, scratch->in + scratch->in_at, left);
    scratch->in_at = scratch->in_end = 0;
    tls->established = true;
    forget_ephemeral_keys(tls->ssl);
    return kept ? io_status(IO_OK) : tls_fail_memory(tls);
}

struct io tls_handshake_run(struct tls *tls)
{
    for (int pieces = 0;; pieces++) {
        struct io io = tls_socket_flush(tls);
        if (io.status != IO_OK || tls->established)
            return io;
        ERR_clear_error();
        int result = SSL_do_handshake(tls->ssl);
        if (result != 1 && SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ)
            return handshake_failed(tls);
        io = tls_socket_send(tls);
        if (result == 1 && io.status == IO_OK)
            io = handshake_done(tls);
        if (io.status != IO_OK) {
            /* The scratch is shared: no byte must stay for the next connection. */
            tls->scratch->in_at = tls->scratch->in_end = 0;
            return io;
        }
        if (result == 1)
            continue;
        /* The peer answers only after it has received the whole flight. */
        if (io.blocked)
            return io_status(IO_WANT_WRITE);
        if (pieces == HANDSHAKE_PIECES)
            return io_status(IO_WANT_READ);
        io = tls_socket_receive(tls, HANDSHAKE_READ);
        if (io.status == IO_EOF)
            return tls_fail_with(tls, tls->role->hangup, "connection closed during the handshake");
        if (io.status != IO_OK)
            return io;
    }
}
