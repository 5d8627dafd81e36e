/* TLS as a transport: bulk data through small sockets, and every way to end. */
#include "net/tls/tls.h"

#include "lib/tls_wire.h"

struct fixture {
    struct tls_wire_lab lab;
    uint8_t *pattern;
    uint8_t *buffer;
    uint32_t random;
};

#define PATTERN ((size_t)2 * 1024 * 1024)
#define BUFFER  ((size_t)300 * 1024)

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    tls_wire_lab_open(&f->lab);
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
    tls_wire_lab_close(&f->lab);
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

/* ---- bulk ---- */

struct bulk {
    struct tls_wire wire;
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

/* Two connections share the scratch without an effect on each other. */
static void bulk_passes_unharmed(struct fixture *f, enum tls_wire_role role, int version,
                                 int buffer)
{
    struct bulk pair[2] = {0};
    bool done = false;
    for (int i = 0; i < 2; i++)
        tls_wire_connect(&f->lab, &pair[i].wire, role, version, buffer);
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
        tls_wire_close(&pair[i].wire);
    }
}

static void bulk_passes_both_ways(void **state)
{
    for (int i = 0; i < 8; i++)
        bulk_passes_unharmed(*state, i & 1 ? CLIENT : SERVER, tls_wire_versions[i / 2 & 1],
                             i & 4 ? TLS_WIRE_TINY : 0);
}

/* The worst case for the scratch: records of 512 bytes, with the long padding of CBC. */
static void the_smallest_records_fit(void **state)
{
    struct fixture *f = *state;
    struct pki_path leaf = pki_path(&f->lab.pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_1};
    static const char *const suites[] = {"ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA384",
                                         "ECDHE-ECDSA-AES256-GCM-SHA384"};
    for (size_t i = 0; i < WSL_COUNT(suites); i++) {
        config.ciphers = suites[i];
        char error[256];
        tls_ctx_free(f->lab.ctx[SERVER]);
        f->lab.ctx[SERVER] = tls_lab_server(&config, error, sizeof(error));
        assert_non_null(f->lab.ctx[SERVER]);
        struct tls_wire wire;
        tls_wire_open(&f->lab, &wire, SERVER, i == 0 ? TLS1_1_VERSION : TLS1_2_VERSION, 0);
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
        tls_wire_close(&wire);
    }
}

static void keys_may_change_under_way(void **state)
{
    struct fixture *f = *state;
    for (int role = SERVER; role <= CLIENT; role++) {
        struct tls_wire wire;
        char text[16];
        tls_wire_connect(&f->lab, &wire, (enum tls_wire_role)role, TLS1_3_VERSION, 0);
        assert_int_equal(SSL_key_update(wire.peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        tls_wire_say(&wire, "new key");
        tls_peer_push(&wire.peer, SIZE_MAX);
        tls_wire_expect(&wire, "new key");
        assert_int_equal(transport_write(wire.t, (const uint8_t *)"agreed", 6).n, 6);
        assert_int_equal(tls_peer_read(&wire.peer, text, sizeof(text)), 6);
        tls_wire_close(&wire);
    }
}

/* ---- the end ---- */

static void fill(struct fixture *f, struct tls_wire *wire, size_t *written)
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
        struct tls_wire wire;
        size_t written = 0, arrived = 0;
        tls_wire_connect(&f->lab, &wire, i & 1 ? CLIENT : SERVER, tls_wire_versions[i / 2 & 1],
                         TLS_WIRE_TINY);
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
        tls_wire_say(&wire, "last words");
        tls_peer_push(&wire.peer, SIZE_MAX);
        tls_wire_expect(&wire, "last words");
        SSL_shutdown(wire.peer.ssl);
        tls_peer_push(&wire.peer, SIZE_MAX);
        assert_int_equal(transport_read(wire.t, f->buffer, BUFFER).status, IO_EOF);
        tls_wire_close(&wire);
    }
}

static void the_peer_may_end_in_many_ways(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 12; i++) {
        enum tls_wire_role role = i & 1 ? CLIENT : SERVER;
        bool says_so = i % 3 != 0, hangs_up = i % 3 != 1;
        struct tls_wire wire;
        tls_wire_connect(&f->lab, &wire, role, tls_wire_versions[i / 6], 0);
        tls_wire_say(&wire, "goodbye");
        if (says_so)
            SSL_shutdown(wire.peer.ssl);
        tls_peer_push(&wire.peer, SIZE_MAX);
        if (hangs_up)
            shutdown(wire.peer.fd, SHUT_WR);
        struct io io = transport_read(wire.t, f->buffer, BUFFER);
        assert_int_equal(io.n, 7);
        /* Without FIN the descriptor does not become readable: another read must get the end. */
        if (says_so)
            assert_false(io.drained);
        for (int again = 0; again < 2; again++) {
            io = transport_read(wire.t, f->buffer, BUFFER);
            if (says_so || role == SERVER)
                assert_int_equal(io.status, IO_EOF);
            else
                tls_wire_expect_failure(&wire, io, REASON_target_tls, "without close_notify");
        }
        io = transport_write(wire.t, (const uint8_t *)"and you", 7);
        assert_int_equal(io.status, IO_OK);
        tls_wire_close(&wire);
    }
}

/* A Unix socket that is closed with unread bytes resets its peer, as TCP does. */
static void a_reset_is_named(void **state)
{
    static const enum reason reasons[] = {REASON_client_reset, REASON_target_reset};
    struct fixture *f = *state;
    for (int role = SERVER; role <= CLIENT; role++) {
        struct tls_wire wire;
        tls_wire_connect(&f->lab, &wire, (enum tls_wire_role)role, TLS1_3_VERSION, 0);
        assert_int_equal(transport_read(wire.t, f->buffer, BUFFER).status, IO_WANT_READ);
        transport_write(wire.t, f->pattern, 1000);
        tls_peer_hang_up(&wire.peer);
        tls_wire_expect_failure(&wire, transport_read(wire.t, f->buffer, BUFFER), reasons[role],
                                "reset");
        tls_wire_expect_failure(&wire, transport_write(wire.t, f->pattern, 10), reasons[role],
                                "pipe");
        tls_wire_close(&wire);
    }
}

static void a_forged_record_ends_the_connection(void **state)
{
    static const enum reason reasons[] = {REASON_client_io, REASON_target_tls};
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        enum tls_wire_role role = i & 1 ? CLIENT : SERVER;
        struct tls_wire wire, bystander;
        char *bytes, byte;
        tls_wire_connect(&f->lab, &wire, role, tls_wire_versions[i / 2], 0);
        tls_wire_connect(&f->lab, &bystander, role, tls_wire_versions[i / 2], 0);
        tls_wire_say(&wire, "true");
        tls_wire_say(&wire, "false");
        long length = BIO_get_mem_data(wire.peer.out, &bytes);
        bytes[length - 1] ^= 1;
        tls_peer_push(&wire.peer, SIZE_MAX);
        tls_wire_expect(&wire, "true");
        tls_wire_expect_failure(&wire, transport_read(wire.t, f->buffer, BUFFER), reasons[role],
                                "record mac");
        assert_int_equal(transport_write(wire.t, f->pattern, 10).status, IO_FAIL);
        assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
        assert_int_equal(tls_peer_read(&wire.peer, &byte, 1), 0);
        assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
                         SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC);
        tls_wire_say(&bystander, "unharmed");
        tls_peer_push(&bystander.peer, SIZE_MAX);
        tls_wire_expect(&bystander, "unharmed");
        tls_wire_close(&wire);
        tls_wire_close(&bystander);
    }
}

/*
 * Each HelloRequest makes the transport send an alert, which its peer does not read. The data keeps
 * the number of messages within bounds.
 */
static void replies_do_not_pile_up(void **state)
{
    struct fixture *f = *state;
    struct tls_wire wire;
    size_t written = 0;
    struct io io = io_status(IO_OK);
    tls_wire_connect(&f->lab, &wire, CLIENT, TLS1_2_VERSION, TLS_WIRE_TINY);
    fill(f, &wire, &written);
    int requests = 0;
    for (; io.status == IO_OK; requests++) {
        assert_true(requests < 1000);
        SSL_renegotiate(wire.peer.ssl);
        SSL_do_handshake(wire.peer.ssl);
        tls_wire_say(&wire, "x");
        tls_peer_push(&wire.peer, SIZE_MAX);
        io = transport_read(wire.t, f->buffer, BUFFER);
    }
    tls_wire_expect_failure(&wire, io, REASON_target_tls, "does not read");
    assert_true(requests > 100);
    tls_wire_close(&wire);
}

static void closing_is_possible_at_any_time(void **state)
{
    struct fixture *f = *state;
    struct tls_wire wire;
    size_t written = 0;
    tls_wire_open(&f->lab, &wire, SERVER, TLS1_3_VERSION, 0);
    tls_wire_close(&wire);
    tls_wire_open(&f->lab, &wire, CLIENT, TLS1_3_VERSION, 0);
    assert_int_equal(transport_handshake(wire.t).status, IO_WANT_READ);
    assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
    tls_peer_pull(&wire.peer);
    assert_true(wire.peer.eof);
    tls_wire_close(&wire);
    tls_wire_connect(&f->lab, &wire, SERVER, TLS1_3_VERSION, TLS_WIRE_TINY);
    fill(f, &wire, &written);
    tls_wire_close(&wire);
    tls_scratch_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(bulk_passes_both_ways),
        TEST(the_smallest_records_fit),
        TEST(keys_may_change_under_way),
        TEST(shutdown_ends_one_direction),
        TEST(the_peer_may_end_in_many_ways),
        TEST(a_reset_is_named),
        TEST(a_forged_record_ends_the_connection),
        TEST(replies_do_not_pile_up),
        TEST(closing_is_possible_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
