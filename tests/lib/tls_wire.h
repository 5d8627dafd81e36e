/*
 * TLS transports of both roles, each over a socket pair to a tls_peer; for the tests
 * of net/tls.
 *
 * Owns: certificates, contexts and scratch of the lab. Thread: one. Errors: the test fails.
 * Lifetime: tls_wire_lab_open to tls_wire_lab_close, wires within.
 */
#ifndef WSLUICE_TESTS_LIB_TLS_WIRE_H
#define WSLUICE_TESTS_LIB_TLS_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

#define TLS_WIRE_TINY 4608 /* about the smallest socket buffer that Linux gives */

enum tls_wire_role { SERVER, CLIENT }; /* of the transport */

static const int tls_wire_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct tls_wire_lab {
    struct pki pki;
    struct tls_scratch *scratch;
    struct tls_ctx *ctx[2];
    SSL_CTX *other[2]; /* of the peer, by the role of the transport */
};

/* A transport and its peer. */
struct tls_wire {
    struct tls_peer peer;
    struct transport *t;
    int fd; /* the transport's */
};

static inline void tls_wire_lab_open(struct tls_wire_lab *lab)
{
    char error[256];
    *lab = (struct tls_wire_lab){0};
    pki_create(&lab->pki);
    pki_write_leaf(&lab->pki, "server.pem", "server", "DNS:desk.test");
    struct pki_path ca = pki_path(&lab->pki, "ca.pem"), leaf = pki_path(&lab->pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_2};
    struct config_target target = {.address = {.host = "desk.test"}, .tls = true, .ca = ca.text};
    lab->ctx[SERVER] = tls_lab_server(&config, error, sizeof(error));
    lab->ctx[CLIENT] = tls_lab_client(&target, error, sizeof(error));
    assert_true(lab->ctx[SERVER] && lab->ctx[CLIENT]);
    lab->other[SERVER] = SSL_CTX_new(TLS_client_method());
    lab->other[CLIENT] = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(lab->other[CLIENT], leaf.text, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(lab->other[CLIENT], leaf.text, SSL_FILETYPE_PEM);
}

static inline void tls_wire_lab_close(struct tls_wire_lab *lab)
{
    for (int i = 0; i < 2; i++) {
        tls_ctx_free(lab->ctx[i]);
        SSL_CTX_free(lab->other[i]);
    }
    tls_scratch_free(lab->scratch);
    pki_remove(&lab->pki);
}

/* `buffer`: size of the socket buffers; 0: the default. */
static inline void tls_wire_open(struct tls_wire_lab *lab, struct tls_wire *wire,
                                 enum tls_wire_role role, int version, int buffer)
{
    wire->fd = tls_peer_open(&wire->peer, lab->other[role], buffer);
    SSL_set_max_proto_version(wire->peer.ssl, version);
    if (role == SERVER)
        SSL_set_connect_state(wire->peer.ssl);
    else
        SSL_set_accept_state(wire->peer.ssl);
    wire->t = tls_create(lab->ctx[role], &lab->scratch, wire->fd);
    assert_non_null(wire->t);
}

/* Opens, and does the handshake. */
static inline void tls_wire_connect(struct tls_wire_lab *lab, struct tls_wire *wire,
                                    enum tls_wire_role role, int version, int buffer)
{
    tls_wire_open(lab, wire, role, version, buffer);
    assert_int_equal(tls_peer_handshake(&wire->peer, wire->t).status, IO_OK);
}

static inline void tls_wire_close(struct tls_wire *wire)
{
    transport_close(wire->t);
    tls_peer_close(&wire->peer);
}

/* The peer encrypts these bytes; tls_peer_push sends them. */
static inline void tls_wire_say_bytes(struct tls_wire *wire, const void *bytes, size_t length)
{
    assert_int_equal(SSL_write(wire->peer.ssl, bytes, (int)length), length);
}

static inline void tls_wire_say(struct tls_wire *wire, const char *text)
{
    tls_wire_say_bytes(wire, text, strlen(text));
}

static inline void tls_wire_expect(struct tls_wire *wire, const char *text)
{
    uint8_t buffer[TRANSPORT_READ_MIN];
    struct io io = transport_read(wire->t, buffer, sizeof(buffer));
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, strlen(text));
    assert_memory_equal(buffer, text, io.n);
}

static inline void tls_wire_expect_failure(struct tls_wire *wire, struct io io, enum reason reason,
                                           const char *detail)
{
    assert_int_equal(io.status, IO_FAIL);
    assert_string_equal(reason_row((enum reason)io.reason)->name, reason_row(reason)->name);
    if (!strstr(tls_failure(wire->t), detail))
        fail_msg("expected \"%s\" in: %s", detail, tls_failure(wire->t));
}

#endif
