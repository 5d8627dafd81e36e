/* TLS and the descriptor: it becomes ready for the event that the transport asked for. */
#include <poll.h>

#include "lib/tls_wire.h"

struct fixture {
    struct tls_wire_lab lab;
    struct tls_wire wire;
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

static bool woken(const struct fixture *f, short events)
{
    struct pollfd pollfd = {.fd = f->wire.fd, .events = events};
    return poll(&pollfd, 1, 0) == 1;
}

/* ---- an end in the same segment as the last data, and no FIN behind it ---- */

static void assert_data_then(struct fixture *f, enum io_status status)
{
    struct io io = transport_read(f->wire.t, f->buffer, sizeof(f->buffer));
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 5);
    assert_false(io.drained);
    assert_true(woken(f, POLLIN));
    assert_int_equal(transport_read(f->wire.t, f->buffer, sizeof(f->buffer)).status, status);
}

static void close_notify_without_fin_wakes_the_reader(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        tls_wire_connect(&f->lab, &f->wire, SERVER, tls_wire_versions[i], 0);
        assert_int_equal(SSL_write(f->wire.peer.ssl, "hello", 5), 5);
        SSL_shutdown(f->wire.peer.ssl);
        tls_peer_push(&f->wire.peer, SIZE_MAX);
        assert_data_then(f, IO_EOF);
        /* Half-closed: the other direction works on. */
        char answer[16];
        assert_int_equal(transport_write(f->wire.t, (const uint8_t *)"world", 5).n, 5);
        assert_int_equal(tls_peer_read(&f->wire.peer, answer, sizeof(answer)), 5);
        tls_wire_close(&f->wire);
    }
}

static void a_bad_record_behind_data_wakes_the_reader(void **state)
{
    static const char bad[] = "\x17\x03\x03\x00\x20 this was never encrypted at all ";
    struct fixture *f = *state;
    tls_wire_connect(&f->lab, &f->wire, SERVER, TLS1_3_VERSION, 0);
    assert_int_equal(SSL_write(f->wire.peer.ssl, "hello", 5), 5);
    tls_peer_push(&f->wire.peer, SIZE_MAX);
    assert_int_equal(send(f->wire.peer.fd, bad, sizeof(bad) - 1, 0), sizeof(bad) - 1);
    assert_data_then(f, IO_FAIL);
    tls_wire_close(&f->wire);
}

/* ---- a flight that the socket does not take ---- */

static void a_blocked_flight_waits_for_room(void **state)
{
    struct fixture *f = *state;
    char filler[256] = {0};
    tls_wire_open(&f->lab, &f->wire, SERVER, TLS1_3_VERSION, TLS_WIRE_TINY);
    assert_int_equal(SSL_do_handshake(f->wire.peer.ssl), -1);
    tls_peer_push(&f->wire.peer, SIZE_MAX);
    while (send(f->wire.fd, filler, sizeof(filler), MSG_NOSIGNAL) > 0)
        ;
    assert_int_equal(transport_handshake(f->wire.t).status, IO_WANT_WRITE);
    tls_wire_close(&f->wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_notify_without_fin_wakes_the_reader),
        cmocka_unit_test(a_bad_record_behind_data_wakes_the_reader),
        cmocka_unit_test(a_blocked_flight_waits_for_room),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
