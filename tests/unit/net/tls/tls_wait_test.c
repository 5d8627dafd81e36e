/* TLS and the descriptor: whoever waits as told is woken when there is something to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

#define TINY 4608 /* the smallest socket buffer that Linux gives, about */

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch;
    struct tls_ctx *ctx;
    SSL_CTX *other;
    struct tls_peer peer;
    struct transport *t;
    int fd;
    uint8_t buffer[TRANSPORT_READ_MIN];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[256];
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "server.pem", "server", "DNS:desk.test");
    struct pki_path leaf = pki_path(&f->pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_2};
    f->ctx = tls_lab_server(&config, error, sizeof(error));
    f->other = SSL_CTX_new(TLS_client_method());
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_ctx_release(f->ctx);
    SSL_CTX_free(f->other);
    tls_scratch_free(f->scratch);
    pki_remove(&f->pki);
    free(f);
    return 0;
}

static void open_wire(struct fixture *f, int version, int buffer)
{
    f->fd = tls_peer_open(&f->peer, f->other, buffer);
    SSL_set_max_proto_version(f->peer.ssl, version);
    SSL_set_connect_state(f->peer.ssl);
    f->t = tls_create(f->ctx, &f->scratch, f->fd);
    assert_non_null(f->t);
}

static void close_wire(struct fixture *f)
{
    transport_close(f->t);
    tls_peer_close(&f->peer);
}

static bool woken(const struct fixture *f, short events)
{
    struct pollfd pollfd = {.fd = f->fd, .events = events};
    return poll(&pollfd, 1, 0) == 1;
}

/* ---- an end in the same segment as the last data, and no FIN behind it ---- */

static void assert_data_then(struct fixture *f, enum io_status status)
{
    struct io io = transport_read(f->t, f->buffer, sizeof(f->buffer));
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 5);
    assert_false(io.drained);
    assert_true(woken(f, POLLIN));
    assert_int_equal(transport_read(f->t, f->buffer, sizeof(f->buffer)).status, status);
}

static void close_notify_without_fin_wakes_the_reader(void **state)
{
    struct fixture *f = *state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        open_wire(f, versions[i], 0);
        assert_int_equal(tls_peer_handshake(&f->peer, f->t).status, IO_OK);
        assert_int_equal(SSL_write(f->peer.ssl, "hello", 5), 5);
        SSL_shutdown(f->peer.ssl);
        tls_peer_push(&f->peer, SIZE_MAX);
        assert_data_then(f, IO_EOF);
        /* Half-closed: the other direction works on. */
        char answer[16];
        assert_int_equal(transport_write(f->t, (const uint8_t *)"world", 5).n, 5);
        assert_int_equal(tls_peer_read(&f->peer, answer, sizeof(answer)), 5);
        close_wire(f);
    }
}

static void a_bad_record_behind_data_wakes_the_reader(void **state)
{
    static const char bad[] = "\x17\x03\x03\x00\x20 this was never encrypted at all ";
    struct fixture *f = *state;
    open_wire(f, TLS1_3_VERSION, 0);
    assert_int_equal(tls_peer_handshake(&f->peer, f->t).status, IO_OK);
    assert_int_equal(SSL_write(f->peer.ssl, "hello", 5), 5);
    tls_peer_push(&f->peer, SIZE_MAX);
    assert_int_equal(send(f->peer.fd, bad, sizeof(bad) - 1, 0), sizeof(bad) - 1);
    assert_data_then(f, IO_FAIL);
    close_wire(f);
}

/* ---- a flight that the socket does not take ---- */

static void a_blocked_flight_waits_for_room(void **state)
{
    struct fixture *f = *state;
    char filler[256] = {0};
    open_wire(f, TLS1_3_VERSION, TINY);
    assert_int_equal(SSL_do_handshake(f->peer.ssl), -1);
    tls_peer_push(&f->peer, SIZE_MAX);
    while (send(f->fd, filler, sizeof(filler), MSG_NOSIGNAL) > 0)
        ;
    assert_int_equal(transport_handshake(f->t).status, IO_WANT_WRITE);
    close_wire(f);
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
