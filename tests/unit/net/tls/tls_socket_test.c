/* Ciphertext between a socket and the scratch: early bytes first, and the rest kept in order. */
#include "net/tls/tls_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "net/tls/tls_fail.h"

struct fixture {
    struct tls tls;
    int peer;
};

static int set_up(void **state)
{
    int fds[2];
    struct fixture *f = calloc(1, sizeof(*f));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    f->tls.fd = fds[0];
    f->tls.role = tls_fail_role(true);
    f->tls.scratch = tls_scratch_create();
    assert_non_null(f->tls.scratch);
    memset(f->tls.scratch->out, 0, sizeof(f->tls.scratch->out)); /* the tests send them */
    f->peer = fds[1];
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_buffer_clear(&f->tls.early);
    tls_buffer_clear(&f->tls.unsent);
    tls_scratch_free(f->tls.scratch);
    close(f->tls.fd);
    if (f->peer >= 0)
        close(f->peer);
    free(f);
    return 0;
}

static void expect_input(struct fixture *f, const char *text)
{
    struct tls_scratch *scratch = f->tls.scratch;
    assert_int_equal(scratch->in_at, 0);
    assert_int_equal(scratch->in_end, strlen(text));
    assert_memory_equal(scratch->in, text, strlen(text));
    scratch->in_end = 0;
}

static void test_receiving(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(tls_socket_receive(&f->tls, 100).status, IO_WANT_READ);
    assert_int_equal(send(f->peer, "0123456789", 10, 0), 10);
    struct io io = tls_socket_receive(&f->tls, 6);
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 6);
    assert_false(io.drained);
    expect_input(f, "012345");
    io = tls_socket_receive(&f->tls, 6);
    assert_true(io.drained);
    expect_input(f, "6789");
    shutdown(f->peer, SHUT_WR);
    assert_int_equal(tls_socket_receive(&f->tls, 6).status, IO_EOF);
}

static void test_early_bytes_come_first(void **state)
{
    struct fixture *f = *state;
    assert_true(tls_buffer_append(&f->tls.early, (const uint8_t *)"early", 5));
    assert_int_equal(send(f->peer, "late", 4, 0), 4);
    assert_int_equal(tls_socket_receive(&f->tls, 5).status, IO_OK); /* no room for more */
    expect_input(f, "early");
    assert_null(f->tls.early.bytes);
    assert_true(tls_buffer_append(&f->tls.early, (const uint8_t *)"early", 5));
    assert_int_equal(tls_socket_receive(&f->tls, 7).n, 2);
    expect_input(f, "earlyla");
}

/* Fills the socket. Returns the bytes that it took. */
static size_t fill(struct fixture *f)
{
    size_t sent = 0;
    struct io io;
    do {
        memset(f->tls.scratch->out, 'a', 1000);
        f->tls.scratch->out_end = 1000;
        io = tls_socket_send(&f->tls);
        assert_int_equal(io.status, IO_OK);
        assert_int_equal(f->tls.scratch->out_end, 0);
        sent += 1000;
    } while (!io.blocked);
    return sent - (f->tls.unsent.end - f->tls.unsent.at);
}

static size_t read_peer(struct fixture *f, char *last)
{
    char bytes[4096];
    size_t length = 0;
    ssize_t got;
    while ((got = recv(f->peer, bytes, sizeof(bytes), 0)) > 0) {
        length += (size_t)got;
        *last = bytes[got - 1];
    }
    return length;
}

static void test_the_rest_is_sent_in_order(void **state)
{
    struct fixture *f = *state;
    char last = 0;
    assert_int_equal(tls_socket_flush(&f->tls).status, IO_OK);
    size_t sent = fill(f);
    assert_int_equal(tls_socket_flush(&f->tls).status, IO_WANT_WRITE);
    memcpy(f->tls.scratch->out, "b", 1);
    f->tls.scratch->out_end = 1;
    assert_true(tls_socket_send(&f->tls).blocked); /* behind the rest */
    size_t left = f->tls.unsent.end - f->tls.unsent.at;
    assert_int_equal(read_peer(f, &last), sent);
    f->tls.unsent_replies = 7;
    assert_int_equal(tls_socket_flush(&f->tls).status, IO_OK);
    assert_int_equal(f->tls.unsent_replies, 0);
    assert_null(f->tls.unsent.bytes);
    assert_int_equal(read_peer(f, &last), left);
    assert_int_equal(last, 'b');
}

static void test_a_peer_that_left(void **state)
{
    struct fixture *f = *state;
    close(f->peer);
    f->peer = -1;
    f->tls.scratch->out_end = 1;
    struct io io = tls_socket_send(&f->tls);
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(io.reason, REASON_client_reset);
    assert_int_equal(f->tls.scratch->out_end, 0);
}

static void test_without_memory_for_the_rest(void **state)
{
    struct fixture *f = *state;
    fill(f);
    f->tls.scratch->out_end = 1;
    failing_alloc_arm(1);
    struct io io = tls_socket_send(&f->tls);
    assert_true(failing_alloc_disarm());
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(f->tls.broken, REASON_out_of_memory);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_receiving),
        TEST(test_early_bytes_come_first),
        TEST(test_the_rest_is_sent_in_order),
        TEST(test_a_peer_that_left),
        TEST(test_without_memory_for_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
