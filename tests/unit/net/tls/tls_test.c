/* TLS as a transport: every cut of the handshake, bulk through tiny sockets, every way to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

#define TINY 4608 /* the smallest socket buffer that Linux gives, about */

enum role { SERVER, CLIENT }; /* of the transport */

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch;
    struct tls_ctx *ctx[2];
    SSL_CTX *other[2]; /* what the transport in that role talks to */
    uint8_t *pattern;
    uint8_t *buffer;
    uint32_t random;
};

/* A transport and its peer. */
struct wire {
    struct tls_peer peer;
    struct transport *t;
};

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

#define PATTERN ((size_t)2 * 1024 * 1024)
#define BUFFER  ((size_t)300 * 1024)

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[256];
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "server.pem", "server", "DNS:desk.test");
    struct pki_path ca = pki_path(&f->pki, "ca.pem"), leaf = pki_path(&f->pki, "server.pem");
    setenv("SSL_CERT_FILE", ca.text, 1);
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_2};
    struct config_target target = {.address = {.host = "desk.test"}, .tls = true};
    f->ctx[SERVER] = tls_lab_server(&config, error, sizeof(error));
    f->ctx[CLIENT] = tls_lab_client(&target, error, sizeof(error));
    f->other[SERVER] = SSL_CTX_new(TLS_client_method());
    f->other[CLIENT] = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(f->other[CLIENT], leaf.text, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(f->other[CLIENT], leaf.text, SSL_FILETYPE_PEM);
    f->buffer = malloc(BUFFER);
    f->pattern = malloc(PATTERN);
    f->random = 1;
    for (size_t i = 0; i < PATTERN; i++)
        f->pattern[i] = (uint8_t)(i * 2654435761U >> 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        tls_ctx_release(f->ctx[i]);
        SSL_CTX_free(f->other[i]);
    }
    tls_scratch_free(f->scratch);
    pki_remove(&f->pki);
    free(f->pattern);
    free(f->buffer);
    free(f);
    return 0;
}

static size_t random_below(struct fixture *f, size_t limit)
{
    f->random = f->random * 1664525U + 1013904223U;
    return (size_t)(f->random >> 8) % limit;
}

static void wire_open(struct fixture *f, struct wire *wire, enum role role, int version, int buffer)
{
    int fd = tls_peer_open(&wire->peer, f->other[role], buffer);
    SSL_set_max_proto_version(wire->peer.ssl, version);
    if (role == SERVER)
        SSL_set_connect_state(wire->peer.ssl);
    else
        SSL_set_accept_state(wire->peer.ssl);
    wire->t = tls_create(f->ctx[role], &f->scratch, fd);
    assert_non_null(wire->t);
}

static void wire_connect(struct fixture *f, struct wire *wire, enum role role, int version,
                         int buffer)
{
    wire_open(f, wire, role, version, buffer);
    assert_int_equal(tls_peer_handshake(&wire->peer, wire->t).status, IO_OK);
}

static void wire_close(struct wire *wire)
{
    transport_close(wire->t);
    tls_peer_close(&wire->peer);
}

static void peer_says(struct wire *wire, const char *text)
{
    assert_int_equal(SSL_write(wire->peer.ssl, text, (int)strlen(text)), strlen(text));
}

static void assert_reads(struct fixture *f, struct wire *wire, const char *text)
{
    struct io io = transport_read(wire->t, f->buffer, TRANSPORT_READ_MIN);
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, strlen(text));
    assert_memory_equal(f->buffer, text, io.n);
}

static void assert_fails(struct wire *wire, struct io io, enum reason reason, const char *detail)
{
    assert_int_equal(io.status, IO_FAIL);
    assert_string_equal(reason_row((enum reason)io.reason)->name, reason_row(reason)->name);
    if (!strstr(tls_failure(wire->t), detail))
        fail_msg("expected \"%s\" in: %s", detail, tls_failure(wire->t));
}

/* ---- handshake ---- */

/*
 * The peer's bytes arrive in a piece of `first` bytes, then in pieces of `step`; "hello" follows
 * its last handshake message without a gap. Returns how many bytes the peer sent in all.
 */
static size_t converse(struct fixture *f, struct wire *wire, size_t first, size_t step)
{
    struct tls_peer *peer = &wire->peer;
    struct io io = io_status(IO_WANT_READ);
    size_t sent = 0, heard = 0;
    bool spoken = false;
    for (int turn = 0; heard < 5; turn++) {
        assert_true(turn < 10000);
        tls_peer_pull(peer);
        if (!spoken && SSL_do_handshake(peer->ssl) == 1) {
            peer_says(wire, "hello");
            spoken = true;
        }
        sent += tls_peer_push(peer, sent < first ? first - sent : step);
        if (io.status != IO_OK) {
            io = transport_handshake(wire->t);
            assert_true(io.status == IO_OK || io.status == IO_WANT_READ);
        }
        if (io.status != IO_OK)
            continue;
        struct io data = transport_read(wire->t, f->buffer, TRANSPORT_READ_MIN);
        assert_true(data.status == IO_OK || data.status == IO_WANT_READ);
        heard += data.n;
    }
    assert_memory_equal(f->buffer, "hello", 5);
    assert_int_equal(transport_write(wire->t, (const uint8_t *)"world", 5).n, 5);
    char answer[16];
    assert_int_equal(tls_peer_read(peer, answer, sizeof(answer)), 5);
    assert_memory_equal(answer, "world", 5);
    return sent;
}

static void the_handshake_may_be_cut_anywhere(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        size_t total = SIZE_MAX;
        struct wire wire;
        for (size_t cut = 1; cut < total; cut++) {
            wire_open(f, &wire, i & 1 ? CLIENT : SERVER, versions[i / 2], 0);
            total = converse(f, &wire, cut, SIZE_MAX);
            wire_close(&wire);
        }
        assert_true(total > 300);
        wire_open(f, &wire, i & 1 ? CLIENT : SERVER, versions[i / 2], 0);
        converse(f, &wire, 0, 1);
        wire_close(&wire);
    }
}

/* Up to where Finished and "hello" are in one segment, on their way to us. */
static void wire_to_finished(struct fixture *f, struct wire *wire)
{
    wire_open(f, wire, SERVER, TLS1_3_VERSION, 0);
    assert_int_equal(SSL_do_handshake(wire->peer.ssl), -1);
    tls_peer_push(&wire->peer, SIZE_MAX);
    assert_int_equal(transport_handshake(wire->t).status, IO_WANT_READ);
    tls_peer_pull(&wire->peer);
    assert_int_equal(SSL_do_handshake(wire->peer.ssl), 1);
    peer_says(wire, "hello");
    tls_peer_push(&wire->peer, SIZE_MAX);
}

/* Finished, data and FIN in one segment: one read without waiting has the data, the next the end.
 */
static void data_behind_the_handshake_is_kept(void **state)
{
    struct fixture *f = *state;
    struct wire wire;
    for (int close_it = 0; close_it < 2; close_it++) {
        wire_to_finished(f, &wire);
        if (close_it)
            shutdown(wire.peer.fd, SHUT_WR);
        assert_int_equal(transport_handshake(wire.t).status, IO_OK);
        struct io io = transport_read(wire.t, f->buffer, TRANSPORT_READ_MIN);
        assert_int_equal(io.n, 5);
        assert_int_equal(io.drained, !close_it);
        io = transport_read(wire.t, f->buffer, TRANSPORT_READ_MIN);
        assert_int_equal(io.status, close_it ? IO_EOF : IO_WANT_READ);
        wire_close(&wire);
    }
}

static void bad_handshakes_have_a_reason(void **state)
{
    const struct {
        enum role role;
        struct slice bytes;
        enum reason reason;
        const char *detail;
    } cases[] = {
        {SERVER, SLICE("GET / HTTP/1.1\r\n\r\n"), REASON_tls_handshake, "http request"},
        {SERVER, SLICE("\x16\x03\x01\x00\x05Hello"), REASON_tls_handshake, ""},
        {SERVER, SLICE("SSH-2.0-OpenSSH_9.2\r\n"), REASON_tls_handshake, "wrong version number"},
        {SERVER, SLICE(""), REASON_handshake_eof, "closed during the handshake"},
        {SERVER, SLICE("\x16\x03\x01"), REASON_handshake_eof, "closed during the handshake"},
        {CLIENT, SLICE("RFB 003.008\n"), REASON_target_tls, "wrong version number"},
        {CLIENT, SLICE("\x15\x03\x03\x00\x02\x02\x28"), REASON_target_tls,
         "alert handshake failure"},
        {CLIENT, SLICE(""), REASON_target_tls, "closed during the handshake"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct wire wire;
        char text[8];
        wire_open(f, &wire, cases[i].role, TLS1_3_VERSION, 0);
        assert_int_equal(transport_handshake(wire.t).status, IO_WANT_READ);
        tls_peer_pull(&wire.peer);
        send(wire.peer.fd, cases[i].bytes.ptr, cases[i].bytes.len, 0);
        shutdown(wire.peer.fd, SHUT_WR);
        assert_fails(&wire, transport_handshake(wire.t), cases[i].reason, cases[i].detail);
        assert_int_equal(tls_describe(wire.t, text, sizeof(text)), 0);
        assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
        wire_close(&wire);
    }
}

/* ---- bulk ---- */

struct bulk {
    struct wire wire;
    size_t written, arrived;  /* transport to peer */
    size_t peer_wrote, heard; /* peer to transport */
    bool blocked;
};

static void bulk_write(struct fixture *f, struct bulk *b)
{
    if (b->blocked && transport_flush(b->wire.t).status == IO_WANT_WRITE) {
        struct io io = transport_write(b->wire.t, f->pattern, 1);
        assert_int_equal(io.status, IO_WANT_WRITE);
        assert_int_equal(io.n, 0);
        return;
    }
    b->blocked = false;
    size_t left = PATTERN - b->written;
    size_t length = 1 + random_below(f, random_below(f, 4) ? 20000 : TLS_WRITE_MAX);
    length = length < left ? length : left;
    if (length == 0)
        return;
    struct io io = transport_write(b->wire.t, f->pattern + b->written, length);
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, length);
    b->written += length;
    b->blocked = io.blocked;
}

static void bulk_read(struct fixture *f, struct bulk *b)
{
    size_t capacity = TRANSPORT_READ_MIN + random_below(f, BUFFER - TRANSPORT_READ_MIN);
    struct io io = transport_read(b->wire.t, f->buffer, random_below(f, 2) ? capacity : 20480);
    assert_true(io.status == IO_OK || io.status == IO_WANT_READ);
    assert_int_equal(io.status == IO_OK, io.n > 0);
    assert_memory_equal(f->buffer, f->pattern + b->heard, io.n);
    b->heard += io.n;
    if (io.drained && BIO_pending(b->wire.peer.out) == 0)
        assert_true(b->heard == b->peer_wrote);
}

static void bulk_peer(struct fixture *f, struct bulk *b)
{
    struct tls_peer *peer = &b->wire.peer;
    size_t got = tls_peer_read(peer, f->buffer, 1 + random_below(f, BUFFER - 1));
    assert_memory_equal(f->buffer, f->pattern + b->arrived, got);
    b->arrived += got;
    size_t left = PATTERN - b->peer_wrote, length = 1 + random_below(f, 200000);
    length = length < left ? length : left;
    if (length > 0 && BIO_pending(peer->out) < 400000) {
        assert_int_equal(SSL_write(peer->ssl, f->pattern + b->peer_wrote, (int)length), length);
        b->peer_wrote += length;
    }
    tls_peer_push(peer, 1 + random_below(f, 300000));
}

/* Two connections share the scratch, and neither notices. */
static void bulk_passes_unharmed(struct fixture *f, enum role role, int version, int buffer)
{
    struct bulk pair[2] = {0};
    bool done = false;
    for (int i = 0; i < 2; i++)
        wire_connect(f, &pair[i].wire, role, version, buffer);
    for (int turn = 0; !done; turn++) {
        assert_true(turn < 100000);
        done = true;
        for (int i = 0; i < 2; i++) {
            bulk_write(f, &pair[i]);
            bulk_peer(f, &pair[i]);
            bulk_read(f, &pair[i]);
            done = done && pair[i].arrived == PATTERN && pair[i].heard == PATTERN;
        }
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(transport_flush(pair[i].wire.t).status, IO_OK);
        wire_close(&pair[i].wire);
    }
}

static void bulk_passes_both_ways(void **state)
{
    for (int i = 0; i < 8; i++)
        bulk_passes_unharmed(*state, i & 1 ? CLIENT : SERVER, versions[i / 2 & 1],
                             i & 4 ? TINY : 0);
}

/* The worst case for the scratch: records of 512 bytes, with the long padding of CBC. */
static void the_smallest_records_fit(void **state)
{
    struct fixture *f = *state;
    struct pki_path leaf = pki_path(&f->pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_1};
    static const char *const suites[] = {"ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA384",
                                         "ECDHE-ECDSA-AES256-GCM-SHA384"};
    for (size_t i = 0; i < WSL_COUNT(suites); i++) {
        config.ciphers = suites[i];
        char error[256];
        tls_ctx_release(f->ctx[SERVER]);
        f->ctx[SERVER] = tls_lab_server(&config, error, sizeof(error));
        assert_non_null(f->ctx[SERVER]);
        struct wire wire;
        wire_open(f, &wire, SERVER, i == 0 ? TLS1_1_VERSION : TLS1_2_VERSION, 0);
        SSL_set_security_level(wire.peer.ssl, 0);
        SSL_set_min_proto_version(wire.peer.ssl, TLS1_1_VERSION);
        assert_int_equal(SSL_set_cipher_list(wire.peer.ssl, suites[i]), 1);
        SSL_set_tlsext_max_fragment_length(wire.peer.ssl, TLSEXT_max_fragment_length_512);
        assert_int_equal(tls_peer_handshake(&wire.peer, wire.t).status, IO_OK);
        assert_int_equal(transport_write(wire.t, f->pattern, TLS_WRITE_MAX).n, TLS_WRITE_MAX);
        size_t got = 0;
        do
            got += tls_peer_read(&wire.peer, f->buffer + got, BUFFER - got);
        while (transport_flush(wire.t).status == IO_WANT_WRITE);
        got += tls_peer_read(&wire.peer, f->buffer + got, BUFFER - got);
        assert_int_equal(got, TLS_WRITE_MAX);
        assert_memory_equal(f->buffer, f->pattern, got);
        wire_close(&wire);
    }
}

static void keys_may_change_under_way(void **state)
{
    struct fixture *f = *state;
    for (int role = SERVER; role <= CLIENT; role++) {
        struct wire wire;
        char text[16];
        wire_connect(f, &wire, (enum role)role, TLS1_3_VERSION, 0);
        assert_int_equal(SSL_key_update(wire.peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        peer_says(&wire, "new key");
        tls_peer_push(&wire.peer, SIZE_MAX);
        assert_reads(f, &wire, "new key");
        assert_int_equal(transport_write(wire.t, (const uint8_t *)"agreed", 6).n, 6);
        assert_int_equal(tls_peer_read(&wire.peer, text, sizeof(text)), 6);
        wire_close(&wire);
    }
}

/* ---- the end ---- */

static void fill(struct fixture *f, struct wire *wire, size_t *written)
{
    struct io io;
    do {
        io = transport_write(wire->t, f->pattern, 10000);
        assert_int_equal(io.status, IO_OK);
        *written += 10000;
    } while (!io.blocked);
    assert_int_equal(transport_write(wire->t, f->pattern, 10000).status, IO_WANT_WRITE);
}

/* All data first, then close_notify, then FIN; the other direction stays open. */
static void shutdown_ends_one_direction(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 8; i++) {
        struct wire wire;
        size_t written = 0, arrived = 0;
        wire_connect(f, &wire, i & 1 ? CLIENT : SERVER, versions[i / 2 & 1], TINY);
        if (i & 4) {
            fill(f, &wire, &written);
            assert_int_equal(transport_shutdown(wire.t).status, IO_WANT_WRITE);
        }
        while (transport_shutdown(wire.t).status == IO_WANT_WRITE)
            arrived += tls_peer_read(&wire.peer, f->buffer, BUFFER);
        arrived += tls_peer_read(&wire.peer, f->buffer, BUFFER);
        assert_int_equal(arrived, written);
        assert_true(SSL_get_shutdown(wire.peer.ssl) & SSL_RECEIVED_SHUTDOWN);
        assert_true(wire.peer.eof);
        assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
        peer_says(&wire, "last words");
        tls_peer_push(&wire.peer, SIZE_MAX);
        assert_reads(f, &wire, "last words");
        SSL_shutdown(wire.peer.ssl);
        tls_peer_push(&wire.peer, SIZE_MAX);
        assert_int_equal(transport_read(wire.t, f->buffer, BUFFER).status, IO_EOF);
        wire_close(&wire);
    }
}

static void the_peer_may_end_in_many_ways(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 12; i++) {
        enum role role = i & 1 ? CLIENT : SERVER;
        bool says_so = i % 3 != 0, hangs_up = i % 3 != 1;
        struct wire wire;
        wire_connect(f, &wire, role, versions[i / 6], 0);
        peer_says(&wire, "goodbye");
        if (says_so)
            SSL_shutdown(wire.peer.ssl);
        tls_peer_push(&wire.peer, SIZE_MAX);
        if (hangs_up)
            shutdown(wire.peer.fd, SHUT_WR);
        struct io io = transport_read(wire.t, f->buffer, BUFFER);
        assert_int_equal(io.n, 7);
        /* Without FIN the descriptor will stay silent: the end must be asked for. */
        if (says_so)
            assert_false(io.drained);
        for (int again = 0; again < 2; again++) {
            io = transport_read(wire.t, f->buffer, BUFFER);
            if (says_so || role == SERVER)
                assert_int_equal(io.status, IO_EOF);
            else
                assert_fails(&wire, io, REASON_target_tls, "without close_notify");
        }
        io = transport_write(wire.t, (const uint8_t *)"and you", 7);
        assert_int_equal(io.status, IO_OK);
        wire_close(&wire);
    }
}

/*
 * Finished and data in one segment, and then nobody there to take the tickets: the handshake fails,
 * and the next connection finds the scratch as if this one had never been.
 */
static void a_peer_may_leave_behind_its_finished(void **state)
{
    struct fixture *f = *state;
    struct wire wire;
    wire_to_finished(f, &wire);
    tls_peer_hang_up(&wire.peer);
    assert_fails(&wire, transport_handshake(wire.t), REASON_client_reset, "pipe");
    wire_close(&wire);

    wire_connect(f, &wire, SERVER, TLS1_3_VERSION, 0);
    peer_says(&wire, "hello");
    tls_peer_push(&wire.peer, SIZE_MAX);
    assert_reads(f, &wire, "hello");
    wire_close(&wire);
}

/* A Unix socket that is closed with unread bytes resets its peer, as TCP does. */
static void a_reset_is_named(void **state)
{
    static const enum reason reasons[] = {REASON_client_reset, REASON_target_reset};
    struct fixture *f = *state;
    for (int role = SERVER; role <= CLIENT; role++) {
        struct wire wire;
        wire_connect(f, &wire, (enum role)role, TLS1_3_VERSION, 0);
        assert_int_equal(transport_read(wire.t, f->buffer, BUFFER).status, IO_WANT_READ);
        transport_write(wire.t, f->pattern, 1000);
        tls_peer_hang_up(&wire.peer);
        assert_fails(&wire, transport_read(wire.t, f->buffer, BUFFER), reasons[role], "reset");
        assert_fails(&wire, transport_write(wire.t, f->pattern, 10), reasons[role], "pipe");
        wire_close(&wire);
    }
}

static void a_forged_record_ends_the_connection(void **state)
{
    static const enum reason reasons[] = {REASON_client_io, REASON_target_tls};
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        enum role role = i & 1 ? CLIENT : SERVER;
        struct wire wire, bystander;
        char *bytes, byte;
        wire_connect(f, &wire, role, versions[i / 2], 0);
        wire_connect(f, &bystander, role, versions[i / 2], 0);
        peer_says(&wire, "true");
        peer_says(&wire, "false");
        long length = BIO_get_mem_data(wire.peer.out, &bytes);
        bytes[length - 1] ^= 1;
        tls_peer_push(&wire.peer, SIZE_MAX);
        assert_reads(f, &wire, "true");
        assert_fails(&wire, transport_read(wire.t, f->buffer, BUFFER), reasons[role], "record mac");
        assert_int_equal(transport_write(wire.t, f->pattern, 10).status, IO_FAIL);
        assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
        assert_int_equal(tls_peer_read(&wire.peer, &byte, 1), 0);
        assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
                         SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC);
        peer_says(&bystander, "unharmed");
        tls_peer_push(&bystander.peer, SIZE_MAX);
        assert_reads(f, &bystander, "unharmed");
        wire_close(&wire);
        wire_close(&bystander);
    }
}

/*
 * Each HelloRequest makes the transport refuse with an alert; its peer reads none of them. The data
 * keeps up its allowance of messages.
 */
static void replies_do_not_pile_up(void **state)
{
    struct fixture *f = *state;
    struct wire wire;
    size_t written = 0;
    struct io io = io_status(IO_OK);
    wire_connect(f, &wire, CLIENT, TLS1_2_VERSION, TINY);
    fill(f, &wire, &written);
    int requests = 0;
    for (; io.status == IO_OK; requests++) {
        assert_true(requests < 1000);
        SSL_renegotiate(wire.peer.ssl);
        SSL_do_handshake(wire.peer.ssl);
        peer_says(&wire, "x");
        tls_peer_push(&wire.peer, SIZE_MAX);
        io = transport_read(wire.t, f->buffer, BUFFER);
    }
    assert_fails(&wire, io, REASON_target_tls, "does not read");
    assert_true(requests > 100);
    wire_close(&wire);
}

static void closing_is_possible_at_any_time(void **state)
{
    struct fixture *f = *state;
    struct wire wire;
    size_t written = 0;
    wire_open(f, &wire, SERVER, TLS1_3_VERSION, 0);
    wire_close(&wire);
    wire_open(f, &wire, CLIENT, TLS1_3_VERSION, 0);
    assert_int_equal(transport_handshake(wire.t).status, IO_WANT_READ);
    assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
    tls_peer_pull(&wire.peer);
    assert_true(wire.peer.eof);
    wire_close(&wire);
    wire_connect(f, &wire, SERVER, TLS1_3_VERSION, TINY);
    fill(f, &wire, &written);
    wire_close(&wire);
    tls_scratch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_handshake_may_be_cut_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(data_behind_the_handshake_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_handshakes_have_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bulk_passes_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_smallest_records_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_may_change_under_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shutdown_ends_one_direction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_peer_may_end_in_many_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_may_leave_behind_its_finished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forged_record_ends_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies_do_not_pile_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_is_possible_at_any_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
