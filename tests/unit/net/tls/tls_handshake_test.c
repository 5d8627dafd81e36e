/* TLS handshakes: cut at every byte, with data behind them, broken, and in tiny records. */
#include "net/tls/tls_handshake.h"

#include <sys/ioctl.h>

#include "lib/stride.h"
#include "lib/tls_wire.h"

struct fixture {
    struct tls_wire_lab lab;
    uint8_t buffer[TRANSPORT_READ_MIN];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    tls_wire_lab_open(&f->lab);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_wire_lab_close(&f->lab);
    free(f);
    return 0;
}

/*
 * The peer's bytes arrive in a piece of `first` bytes, then in pieces of `step`; "hello" follows
 * its last handshake message without a gap. Returns how many bytes the peer sent in all.
 */
static size_t converse(struct fixture *f, struct tls_wire *wire, size_t first, size_t step)
{
    struct tls_peer *peer = &wire->peer;
    struct io io = io_status(IO_WANT_READ);
    size_t sent = 0, heard = 0;
    bool spoken = false;
    for (int turn = 0; heard < 5; turn++) {
        assert_true(turn < 10000);
        tls_peer_pull(peer);
        if (!spoken && SSL_do_handshake(peer->ssl) == 1) {
            tls_wire_say(wire, "hello");
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
    const size_t stride = stride_of_tests();
    for (int i = 0; i < 4; i++) {
        size_t total = SIZE_MAX;
        struct tls_wire wire;
        for (size_t cut = 1; cut < total; cut += stride) {
            tls_wire_open(&f->lab, &wire, i & 1 ? CLIENT : SERVER, tls_wire_versions[i / 2], 0);
            total = converse(f, &wire, cut, SIZE_MAX);
            tls_wire_close(&wire);
        }
        assert_true(total > 300);
        tls_wire_open(&f->lab, &wire, i & 1 ? CLIENT : SERVER, tls_wire_versions[i / 2], 0);
        converse(f, &wire, 0, 1);
        tls_wire_close(&wire);
    }
}

/* Until Finished and "hello" are in the transport's socket, in one segment. */
static void handshake_to_finished(struct fixture *f, struct tls_wire *wire)
{
    tls_wire_open(&f->lab, wire, SERVER, TLS1_3_VERSION, 0);
    assert_int_equal(SSL_do_handshake(wire->peer.ssl), -1);
    tls_peer_push(&wire->peer, SIZE_MAX);
    assert_int_equal(transport_handshake(wire->t).status, IO_WANT_READ);
    tls_peer_pull(&wire->peer);
    assert_int_equal(SSL_do_handshake(wire->peer.ssl), 1);
    tls_wire_say(wire, "hello");
    tls_peer_push(&wire->peer, SIZE_MAX);
}

/* Finished, data and FIN in one segment: the first read gets the data, the next one the end. */
static void data_behind_the_handshake_is_kept(void **state)
{
    struct fixture *f = *state;
    struct tls_wire wire;
    for (int close_it = 0; close_it < 2; close_it++) {
        handshake_to_finished(f, &wire);
        if (close_it)
            shutdown(wire.peer.fd, SHUT_WR);
        assert_int_equal(transport_handshake(wire.t).status, IO_OK);
        struct io io = transport_read(wire.t, f->buffer, TRANSPORT_READ_MIN);
        assert_int_equal(io.n, 5);
        assert_int_equal(io.drained, !close_it);
        io = transport_read(wire.t, f->buffer, TRANSPORT_READ_MIN);
        assert_int_equal(io.status, close_it ? IO_EOF : IO_WANT_READ);
        tls_wire_close(&wire);
    }
}

static void bad_handshakes_have_a_reason(void **state)
{
    const struct {
        enum tls_wire_role role;
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
        struct tls_wire wire;
        char text[8];
        tls_wire_open(&f->lab, &wire, cases[i].role, TLS1_3_VERSION, 0);
        assert_int_equal(transport_handshake(wire.t).status, IO_WANT_READ);
        tls_peer_pull(&wire.peer);
        send(wire.peer.fd, cases[i].bytes.ptr, cases[i].bytes.len, 0);
        shutdown(wire.peer.fd, SHUT_WR);
        tls_wire_expect_failure(&wire, transport_handshake(wire.t), cases[i].reason,
                                cases[i].detail);
        assert_int_equal(tls_describe(wire.t, text, sizeof(text)), 0);
        assert_int_equal(transport_shutdown(wire.t).status, IO_OK);
        tls_wire_close(&wire);
    }
}

/*
 * Finished and data in one segment, and then a peer that is gone when the tickets are sent: the
 * handshake fails, and leaves nothing in the scratch for the next connection.
 */
static void a_peer_may_leave_behind_its_finished(void **state)
{
    struct fixture *f = *state;
    struct tls_wire wire;
    handshake_to_finished(f, &wire);
    tls_peer_hang_up(&wire.peer);
    tls_wire_expect_failure(&wire, transport_handshake(wire.t), REASON_client_reset, "pipe");
    tls_wire_close(&wire);

    tls_wire_connect(&f->lab, &wire, SERVER, TLS1_3_VERSION, 0);
    tls_wire_say(&wire, "hello");
    tls_peer_push(&wire.peer, SIZE_MAX);
    tls_wire_expect(&wire, "hello");
    tls_wire_close(&wire);
}

/* A handshake in records of one byte: one call receives only a part of it. */
static void a_handshake_comes_in_pieces(void **state)
{
    struct fixture *f = *state;
    const size_t length = 16000;
    uint8_t head[] = {22, 3, 1, 0, 1, 1}, more[] = {22, 3, 1, 0, 1, 0};
    int left;
    struct tls_wire wire;
    tls_wire_open(&f->lab, &wire, SERVER, TLS1_3_VERSION, 1 << 20);
    const uint8_t size[] = {0, (uint8_t)(length >> 8), (uint8_t)length};
    BIO_write(wire.peer.out, head, sizeof(head));
    for (size_t n = 0; n < length; n++) {
        more[5] = n < sizeof(size) ? size[n] : 0;
        BIO_write(wire.peer.out, more, sizeof(more));
    }
    tls_peer_push(&wire.peer, SIZE_MAX);
    assert_int_equal(transport_handshake(wire.t).status, IO_WANT_READ);
    assert_int_equal(ioctl(wire.fd, FIONREAD, &left), 0);
    assert_true(left > 0);
    tls_wire_close(&wire);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_handshake_may_be_cut_anywhere), TEST(data_behind_the_handshake_is_kept),
        TEST(bad_handshakes_have_a_reason),      TEST(a_peer_may_leave_behind_its_finished),
        TEST(a_handshake_comes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
