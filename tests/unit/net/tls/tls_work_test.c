/* What a peer can make a TLS connection do: bounds of work, counted in records and messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/ioctl.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

#define BUFFER ((size_t)256 * 1024)

/* The bounds of tls.c, as its users may rely on them. */
#define READ_RECORDS 4096 /* of one read */
#define MESSAGES     32   /* beyond one per read with data and one per 64 KiB */

enum role { SERVER, CLIENT }; /* of the transport */

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch;
    struct tls_ctx *ctx[2];
    SSL_CTX *other[2]; /* of the peer of that role */
    uint8_t buffer[BUFFER];
    struct tls_peer peer;
    struct transport *t;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[256];
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "server.pem", "server", "DNS:desk.test");
    struct pki_path ca = pki_path(&f->pki, "ca.pem"), leaf = pki_path(&f->pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_2};
    struct config_target target = {.address = {.host = "desk.test"}, .tls = true, .ca = ca.text};
    f->ctx[SERVER] = tls_lab_server(&config, error, sizeof(error));
    f->ctx[CLIENT] = tls_lab_client(&target, error, sizeof(error));
    f->other[SERVER] = SSL_CTX_new(TLS_client_method());
    f->other[CLIENT] = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(f->other[CLIENT], leaf.text, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(f->other[CLIENT], leaf.text, SSL_FILETYPE_PEM);
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
    free(f);
    return 0;
}

static void meet(struct fixture *f, enum role role, int version)
{
    int fd = tls_peer_open(&f->peer, f->other[role], 1 << 20);
    SSL_set_max_proto_version(f->peer.ssl, version);
    if (role == SERVER)
        SSL_set_connect_state(f->peer.ssl);
    else
        SSL_set_accept_state(f->peer.ssl);
    f->t = tls_create(f->ctx[role], &f->scratch, fd);
    assert_non_null(f->t);
    assert_int_equal(tls_peer_handshake(&f->peer, f->t).status, IO_OK);
}

static void part(struct fixture *f)
{
    transport_close(f->t);
    tls_peer_close(&f->peer);
}

static void say(struct fixture *f, const void *bytes, size_t length)
{
    assert_int_equal(SSL_write(f->peer.ssl, bytes, (int)length), length);
}

static struct io hear(struct fixture *f)
{
    tls_peer_push(&f->peer, SIZE_MAX);
    return transport_read(f->t, f->buffer, BUFFER);
}

static void update_keys(struct fixture *f)
{
    assert_int_equal(SSL_key_update(f->peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(f->peer.ssl), 1);
}

static void send_ticket(struct fixture *f)
{
    assert_int_equal(SSL_new_session_ticket(f->peer.ssl), 1);
    assert_int_equal(SSL_do_handshake(f->peer.ssl), 1);
}

static void request_hello(struct fixture *f)
{
    SSL_renegotiate(f->peer.ssl);
    SSL_do_handshake(f->peer.ssl);
}

/* Each of one byte: a read yields after a part of what is there, and loses nothing. */
static void small_records_end_a_read(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        size_t heard = 0, reads = 0;
        const size_t records = 3 * (size_t)READ_RECORDS;
        meet(f, i & 1 ? CLIENT : SERVER, i & 2 ? TLS1_3_VERSION : TLS1_2_VERSION);
        for (size_t n = 0; n < records; n++)
            say(f, &(uint8_t){(uint8_t)(n * 7)}, 1);
        struct io io;
        do {
            io = hear(f);
            assert_int_equal(io.status, IO_OK);
            assert_true(io.n < READ_RECORDS);
            assert_true(io.drained || io.yield);
            for (size_t n = 0; n < io.n; n++)
                assert_int_equal(f->buffer[n], (uint8_t)((heard + n) * 7));
            heard += io.n;
            reads++;
        } while (!io.drained || BIO_pending(f->peer.out) > 0);
        assert_int_equal(heard, records);
        assert_true(reads > 3);
        part(f);
    }
}

static void bulk_fills_the_buffer(void **state)
{
    struct fixture *f = *state;
    static uint8_t block[16384];
    meet(f, SERVER, TLS1_3_VERSION);
    for (int n = 0; n < 20; n++)
        say(f, block, sizeof(block));
    struct io io = hear(f);
    assert_true(io.n >= 14 * sizeof(block));
    assert_false(io.drained || io.yield);
    part(f);
}

/* A peer that sends nothing else is cut off after a few, whatever one read brings. */
static void messages_without_data_end_the_connection(void **state)
{
    static const struct {
        enum role role;
        int version;
        enum reason reason;
        void (*send)(struct fixture *f);
        unsigned before; /* tickets of the handshake */
    } cases[] = {
        {SERVER, TLS1_3_VERSION, REASON_client_io, update_keys, 0},
        {CLIENT, TLS1_3_VERSION, REASON_target_tls, update_keys, 2},
        {CLIENT, TLS1_3_VERSION, REASON_target_tls, send_ticket, 2},
        {CLIENT, TLS1_2_VERSION, REASON_target_tls, request_hello, 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < 2 * WSL_COUNT(cases); i++) {
        bool at_once = i & 1;
        meet(f, cases[i / 2].role, cases[i / 2].version);
        unsigned allowed = MESSAGES - cases[i / 2].before;
        for (unsigned n = 0; n < allowed; n++) {
            cases[i / 2].send(f);
            if (!at_once)
                assert_int_equal(hear(f).status, IO_WANT_READ);
        }
        say(f, "still well", 10);
        assert_int_equal(hear(f).n, 10);
        for (unsigned n = 0; n < 100; n++)
            cases[i / 2].send(f);
        say(f, "unheard", 7);
        struct io io = hear(f);
        assert_int_equal(io.status, IO_FAIL);
        assert_string_equal(reason_row((enum reason)io.reason)->name,
                            reason_row(cases[i / 2].reason)->name);
        assert_string_equal(tls_failure(f->t), "too many TLS messages without data");
        part(f);
    }
}

/* Data in between does not help: one byte pays for no KeyUpdate of the same read. */
static void a_little_data_pays_for_few_messages(void **state)
{
    struct fixture *f = *state;
    unsigned updates = 0;
    struct io io;
    meet(f, SERVER, TLS1_3_VERSION);
    do {
        for (int n = 0; n < 4; n++, updates++) {
            update_keys(f);
            say(f, "x", 1);
        }
        io = hear(f);
        assert_true(updates < 2 * MESSAGES);
    } while (io.status == IO_OK && io.n == 4);
    assert_int_equal(hear(f).status, IO_FAIL);
    part(f);
}

/* A key for each pong of a quiet session, or for each quarter of a megabyte of a busy one. */
static void honest_peers_may_change_keys(void **state)
{
    struct fixture *f = *state;
    static uint8_t block[16384];
    meet(f, SERVER, TLS1_3_VERSION);
    for (int i = 0; i < 200; i++) {
        update_keys(f);
        say(f, "pong", 4);
        assert_int_equal(hear(f).n, 4);
        tls_peer_pull(&f->peer);
    }
    for (int i = 0; i < 50; i++) {
        for (int n = 0; n < 14; n++) {
            if (n % 4 == 0)
                update_keys(f);
            say(f, block, sizeof(block));
        }
        assert_int_equal(hear(f).n, 14 * sizeof(block));
        (void)tls_peer_read(&f->peer, f->buffer, 1);
    }
    part(f);
}

/* A handshake that comes in records of one byte: a call takes a part of what is there. */
static void a_handshake_comes_in_pieces(void **state)
{
    struct fixture *f = *state;
    const size_t length = 16000;
    uint8_t head[] = {22, 3, 1, 0, 1, 1}, more[] = {22, 3, 1, 0, 1, 0};
    int fd = tls_peer_open(&f->peer, f->other[SERVER], 1 << 20), left;
    f->t = tls_create(f->ctx[SERVER], &f->scratch, fd);
    const uint8_t size[] = {0, (uint8_t)(length >> 8), (uint8_t)length};
    BIO_write(f->peer.out, head, sizeof(head));
    for (size_t n = 0; n < length; n++) {
        more[5] = n < sizeof(size) ? size[n] : 0;
        BIO_write(f->peer.out, more, sizeof(more));
    }
    tls_peer_push(&f->peer, SIZE_MAX);
    assert_int_equal(transport_handshake(f->t).status, IO_WANT_READ);
    assert_int_equal(ioctl(fd, FIONREAD, &left), 0);
    assert_true(left > 0);
    part(f);
}

/* Our side of TCP is shut: a reply would fail, and with it the read. */
static void requests_after_our_end_get_no_reply(void **state)
{
    struct fixture *f = *state;
    for (int role = SERVER; role <= CLIENT; role++) {
        meet(f, (enum role)role, TLS1_3_VERSION);
        assert_int_equal(transport_shutdown(f->t).status, IO_OK);
        for (int i = 0; i < 3; i++)
            update_keys(f);
        say(f, "last words", 10);
        assert_int_equal(hear(f).n, 10);
        assert_int_equal(transport_read(f->t, f->buffer, BUFFER).status, IO_WANT_READ);
        part(f);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(small_records_end_a_read),
        TEST(bulk_fills_the_buffer),
        TEST(messages_without_data_end_the_connection),
        TEST(a_little_data_pays_for_few_messages),
        TEST(honest_peers_may_change_keys),
        TEST(a_handshake_comes_in_pieces),
        TEST(requests_after_our_end_get_no_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
