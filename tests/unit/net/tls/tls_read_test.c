/* Bounds of the work that a peer can cause, counted in records and messages. */
#include "net/tls/tls_read.h"

#include "lib/tls_wire.h"

#define BUFFER ((size_t)256 * 1024)

/* The bounds of tls_read.c, as its users may rely on them. */
#define READ_RECORDS 4096 /* of one read */
#define MESSAGES     32   /* beyond one per read with data and one per 64 KiB */

struct fixture {
    struct tls_wire_lab lab;
    uint8_t buffer[BUFFER];
    struct tls_wire wire;
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

static void connect_peer(struct fixture *f, enum tls_wire_role role, int version)
{
    tls_wire_connect(&f->lab, &f->wire, role, version, 1 << 20);
}

static void disconnect(struct fixture *f)
{
    tls_wire_close(&f->wire);
}

static void say(struct fixture *f, const void *bytes, size_t length)
{
    tls_wire_say_bytes(&f->wire, bytes, length);
}

static struct io receive(struct fixture *f)
{
    tls_peer_push(&f->wire.peer, SIZE_MAX);
    return transport_read(f->wire.t, f->buffer, BUFFER);
}

static void update_keys(struct fixture *f)
{
    assert_int_equal(SSL_key_update(f->wire.peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(f->wire.peer.ssl), 1);
}

static void send_ticket(struct fixture *f)
{
    assert_int_equal(SSL_new_session_ticket(f->wire.peer.ssl), 1);
    assert_int_equal(SSL_do_handshake(f->wire.peer.ssl), 1);
}

static void request_hello(struct fixture *f)
{
    SSL_renegotiate(f->wire.peer.ssl);
    SSL_do_handshake(f->wire.peer.ssl);
}

/* Records of one byte: a read ends before it has read all, and loses nothing. */
static void small_records_end_a_read(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        size_t heard = 0, reads = 0;
        const size_t records = 3 * (size_t)READ_RECORDS;
        connect_peer(f, i & 1 ? CLIENT : SERVER, i & 2 ? TLS1_3_VERSION : TLS1_2_VERSION);
        for (size_t n = 0; n < records; n++)
            say(f, &(uint8_t){(uint8_t)(n * 7)}, 1);
        struct io io;
        do {
            io = receive(f);
            assert_int_equal(io.status, IO_OK);
            assert_true(io.n < READ_RECORDS);
            for (size_t n = 0; n < io.n; n++)
                assert_int_equal(f->buffer[n], (uint8_t)((heard + n) * 7));
            heard += io.n;
            reads++;
        } while (!io.drained || BIO_pending(f->wire.peer.out) > 0);
        assert_int_equal(heard, records);
        assert_true(reads > 3);
        disconnect(f);
    }
}

static void bulk_fills_the_buffer(void **state)
{
    struct fixture *f = *state;
    static uint8_t block[16384];
    connect_peer(f, SERVER, TLS1_3_VERSION);
    for (int n = 0; n < 20; n++)
        say(f, block, sizeof(block));
    struct io io = receive(f);
    assert_true(io.n >= 14 * sizeof(block));
    assert_false(io.drained);
    disconnect(f);
}

/* A peer that sends only messages is cut off after a few, in one read or in several. */
static void messages_without_data_end_the_connection(void **state)
{
    static const struct {
        enum tls_wire_role role;
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
        connect_peer(f, cases[i / 2].role, cases[i / 2].version);
        unsigned allowed = MESSAGES - cases[i / 2].before;
        for (unsigned n = 0; n < allowed; n++) {
            cases[i / 2].send(f);
            if (!at_once)
                assert_int_equal(receive(f).status, IO_WANT_READ);
        }
        say(f, "still well", 10);
        assert_int_equal(receive(f).n, 10);
        for (unsigned n = 0; n < 100; n++)
            cases[i / 2].send(f);
        say(f, "unheard", 7);
        struct io io = receive(f);
        assert_int_equal(io.status, IO_FAIL);
        assert_string_equal(reason_row((enum reason)io.reason)->name,
                            reason_row(cases[i / 2].reason)->name);
        assert_string_equal(tls_failure(f->wire.t), "too many TLS messages without data");
        disconnect(f);
    }
}

/* Data in between does not help: one byte pays for no KeyUpdate of the same read. */
static void a_little_data_pays_for_few_messages(void **state)
{
    struct fixture *f = *state;
    unsigned updates = 0;
    struct io io;
    connect_peer(f, SERVER, TLS1_3_VERSION);
    do {
        for (int n = 0; n < 4; n++, updates++) {
            update_keys(f);
            say(f, "x", 1);
        }
        io = receive(f);
        assert_true(updates < 2 * MESSAGES);
    } while (io.status == IO_OK && io.n == 4);
    assert_int_equal(receive(f).status, IO_FAIL);
    disconnect(f);
}

/* A key for each pong of a quiet session, or for each quarter of a megabyte of a busy one. */
static void honest_peers_may_change_keys(void **state)
{
    struct fixture *f = *state;
    static uint8_t block[16384];
    connect_peer(f, SERVER, TLS1_3_VERSION);
    for (int i = 0; i < 200; i++) {
        update_keys(f);
        say(f, "pong", 4);
        assert_int_equal(receive(f).n, 4);
        tls_peer_pull(&f->wire.peer);
    }
    for (int i = 0; i < 50; i++) {
        for (int n = 0; n < 14; n++) {
            if (n % 4 == 0)
                update_keys(f);
            say(f, block, sizeof(block));
        }
        assert_int_equal(receive(f).n, 14 * sizeof(block));
        (void)tls_peer_read(&f->wire.peer, f->buffer, 1);
    }
    disconnect(f);
}

/* After our FIN a reply would fail, and with it the read. */
static void requests_after_our_end_get_no_reply(void **state)
{
    struct fixture *f = *state;
    for (int role = SERVER; role <= CLIENT; role++) {
        connect_peer(f, (enum tls_wire_role)role, TLS1_3_VERSION);
        assert_int_equal(transport_shutdown(f->wire.t).status, IO_OK);
        for (int i = 0; i < 3; i++)
            update_keys(f);
        say(f, "last words", 10);
        assert_int_equal(receive(f).n, 10);
        assert_int_equal(transport_read(f->wire.t, f->buffer, BUFFER).status, IO_WANT_READ);
        disconnect(f);
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
        TEST(requests_after_our_end_get_no_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
