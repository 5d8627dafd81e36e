/*
 * TLS contexts in real handshakes, with test certificates; for the tests of
 * net/tls/context.
 *
 * Owns: certificates and scratch between set_up and tear_down. Thread: one. Errors: the test fails.
 * Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_TLS_CTX_LAB_H
#define WSLUICE_TESTS_LIB_TLS_CTX_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch[2]; /* of two workers */
    char error[512];
    struct config_certificate pair;
};

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "server.pem", "server", "DNS:desk.test,IP:192.0.2.7");
    pki_write_leaf(&f->pki, "client.pem", "client", "DNS:client.test");
    setenv("SSL_CERT_FILE", pki_path(&f->pki, "ca.pem").text, 1);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_scratch_free(f->scratch[0]);
    tls_scratch_free(f->scratch[1]);
    pki_remove(&f->pki);
    free(f);
    return 0;
}

/* The pair is part of the fixture, one at a time. */
static inline struct config_tls config_of(struct fixture *f, const char *certificate)
{
    f->pair = (struct config_certificate){.certificate = certificate};
    return (struct config_tls){.mode = CONFIG_TLS_REQUIRED,
                               .certificates = &f->pair,
                               .certificate_count = 1,
                               .min_version = CONFIG_TLS_1_2};
}

static inline struct tls_ctx *server(struct fixture *f, const struct config_tls *config)
{
    f->error[0] = '\0';
    struct tls_ctx *ctx = tls_lab_server(config, f->error, sizeof(f->error));
    assert_string_equal(f->error, "");
    assert_non_null(ctx);
    return ctx;
}

static inline struct tls_ctx *usual_server(struct fixture *f)
{
    struct pki_path path = pki_path(&f->pki, "server.pem");
    struct config_tls config = config_of(f, path.text);
    return server(f, &config);
}

/* A client that accepts any certificate. */
static inline SSL_CTX *client(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    return ctx;
}

/* Connects both and leaves them open. The caller keeps both contexts. */
static inline struct io connect_peer(struct fixture *f, struct tls_ctx *ctx, SSL_CTX *other,
                                     struct tls_peer *peer, struct transport **t)
{
    int fd = tls_peer_open(peer, other, 0);
    *t = tls_create(ctx, &f->scratch[0], fd);
    assert_non_null(*t);
    if (tls_ctx_is_server(ctx))
        SSL_set_connect_state(peer->ssl);
    else
        SSL_set_accept_state(peer->ssl);
    return tls_peer_handshake(peer, *t);
}

static inline void disconnect(struct tls_peer *peer, struct transport *t)
{
    transport_close(t);
    tls_peer_close(peer);
}

/* Returns the reason of a failed handshake, or none. Releases both contexts. */
static inline enum reason verdict(struct fixture *f, struct tls_ctx *ctx, SSL_CTX *other)
{
    struct tls_peer peer;
    struct transport *t;
    struct io io = connect_peer(f, ctx, other, &peer, &t);
    assert_true(io.status == IO_OK || io.status == IO_FAIL);
    assert_int_equal(io.status == IO_FAIL, tls_failure(t)[0] != '\0');
    disconnect(&peer, t);
    tls_ctx_free(ctx);
    SSL_CTX_free(other);
    return (enum reason)io.reason;
}

#endif
