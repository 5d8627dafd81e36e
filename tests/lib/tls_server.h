/*
 * A TLS target on its own thread: for each client a handshake, a banner, then reads until the end.
 *
 * Owns: the thread. Borrows the listening socket, which must block. Errors: abort.
 * Lifetime: tls_server_start to tls_server_stop.
 */
#ifndef WSLUICE_TESTS_LIB_TLS_SERVER_H
#define WSLUICE_TESTS_LIB_TLS_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"

struct tls_server {
    pthread_t thread;
    SSL_CTX *ctx;
    int fd;
    const char *banner;
};

static inline void *tls_server_run(void *argument)
{
    const struct tls_server *server = argument;
    int fd;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(server->ctx);
        char byte;
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            (void)SSL_write(ssl, server->banner, (int)strlen(server->banner));
            while (SSL_read(ssl, &byte, 1) == 1)
                ;
        }
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

/* `pair`: certificate and key in one PEM file. */
static inline void tls_server_start(struct tls_server *server, int fd, const char *pair,
                                    const char *banner)
{
    *server = (struct tls_server){.ctx = SSL_CTX_new(TLS_server_method()), .fd = fd};
    server->banner = banner;
    wsl_assert(SSL_CTX_use_certificate_file(server->ctx, pair, SSL_FILETYPE_PEM) == 1);
    wsl_assert(SSL_CTX_use_PrivateKey_file(server->ctx, pair, SSL_FILETYPE_PEM) == 1);
    /* OpenSSL writes with write(2): a client that hangs up early must not end the test. */
    signal(SIGPIPE, SIG_IGN);
    wsl_assert(pthread_create(&server->thread, NULL, tls_server_run, server) == 0);
}

static inline void tls_server_stop(struct tls_server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    SSL_CTX_free(server->ctx);
}

#endif
