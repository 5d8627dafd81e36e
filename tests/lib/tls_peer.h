/*
 * The other end of a TLS transport under test: OpenSSL itself, over memory BIOs, so that a test
 * decides when and in which pieces its bytes reach the transport's socket.
 *
 *     transport --socket-- fd | peer->in --> SSL --> peer->out | fd --socket-- transport
 *                         pull                              push
 *
 * Owns: the SSL and its end of the socket pair. Thread: one. Errors: abort.
 * Lifetime: tls_peer_open to tls_peer_close.
 */
#ifndef WSLUICE_TESTS_LIB_TLS_PEER_H
#define WSLUICE_TESTS_LIB_TLS_PEER_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/transport.h"

struct tls_peer {
    SSL *ssl;
    BIO *in, *out; /* of the SSL */
    int fd;        /* -1: hung up */
    bool eof;      /* the transport has sent FIN */
};

/* Returns the transport's descriptor. `buffer`: size of the socket buffers; 0: the default. */
static inline int tls_peer_open(struct tls_peer *peer, SSL_CTX *ctx, int buffer)
{
    int fds[2];
    wsl_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    for (int i = 0; buffer > 0 && i < 2; i++)
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    *peer = (struct tls_peer){.ssl = SSL_new(ctx), .fd = fds[1]};
    wsl_assert(peer->ssl);
    peer->in = BIO_new(BIO_s_mem());
    peer->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(peer->in, -1);
    SSL_set_bio(peer->ssl, peer->in, peer->out);
    return fds[0];
}

/* Sets the SNI of a peer that is a client. */
static inline void tls_peer_ask_for(struct tls_peer *peer, const char *name)
{
    char copy[256];
    snprintf(copy, sizeof(copy), "%s", name);
    wsl_assert(SSL_set_tlsext_host_name(peer->ssl, copy) == 1);
}

/* Closes the socket without close_notify. */
static inline void tls_peer_hang_up(struct tls_peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
}

static inline void tls_peer_close(struct tls_peer *peer)
{
    SSL_free(peer->ssl);
    if (peer->fd >= 0)
        close(peer->fd);
}

/* Sends up to `limit` bytes of OpenSSL's output; bytes that do not fit stay. */
static inline size_t tls_peer_push(struct tls_peer *peer, size_t limit)
{
    size_t total = 0;
    char *bytes;
    long there = BIO_get_mem_data(peer->out, &bytes);
    while (total < limit && total < (size_t)there) {
        size_t length =
            (size_t)there - total < limit - total ? (size_t)there - total : limit - total;
        ssize_t sent = send(peer->fd, bytes + total, length, MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        total += (size_t)sent;
    }
    char drop[4096];
    for (size_t left = total; left > 0;) {
        int size = left < sizeof(drop) ? (int)left : (int)sizeof(drop);
        wsl_assert(BIO_read(peer->out, drop, size) == size);
        left -= (size_t)size;
    }
    return total;
}

static inline void tls_peer_pull(struct tls_peer *peer)
{
    char bytes[65536];
    ssize_t got;
    while ((got = recv(peer->fd, bytes, sizeof(bytes), 0)) > 0)
        wsl_assert(BIO_write(peer->in, bytes, (int)got) == got);
    peer->eof = peer->eof || got == 0;
}

/* Moves all bytes both ways, and continues an unfinished handshake. */
static inline void tls_peer_turn(struct tls_peer *peer)
{
    if (peer->fd < 0)
        return;
    tls_peer_pull(peer);
    ERR_clear_error();
    if (!SSL_is_init_finished(peer->ssl))
        (void)SSL_do_handshake(peer->ssl);
    (void)tls_peer_push(peer, SIZE_MAX);
}

/* Receives, and reads what SSL_read has; 0: nothing yet. */
static inline size_t tls_peer_read(struct tls_peer *peer, void *buffer, size_t capacity)
{
    size_t length = 0, got;
    tls_peer_pull(peer);
    ERR_clear_error();
    while (length < capacity &&
           SSL_read_ex(peer->ssl, (char *)buffer + length, capacity - length, &got) == 1)
        length += got;
    return length;
}

/* Until both sides are done or the transport fails; returns its last result. */
static inline struct io tls_peer_handshake(struct tls_peer *peer, struct transport *t)
{
    struct io io;
    int turns = 0;
    do {
        tls_peer_turn(peer);
        io = transport_handshake(t);
        wsl_assert(++turns < 1000);
    } while (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE);
    tls_peer_turn(peer);
    return io;
}

#endif
