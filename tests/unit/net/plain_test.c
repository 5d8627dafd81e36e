/* The plain transport over a socket pair: moves bytes and files, and names each way to end. */
#include "net/plain.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct plain plain;
static struct transport *t;
static int peer; /* -1: closed */
static uint8_t buffer[TRANSPORT_READ_MIN];

static int set_up(void **unused)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    t = plain_init(&plain, fds[0], &transport_client);
    peer = fds[1];
    return 0;
}

static void close_peer(void)
{
    close(peer);
    peer = -1;
}

static int tear_down(void **unused)
{
    transport_close(t);
    if (peer >= 0)
        close_peer();
    return 0;
}

static void expect_fails(struct io io, enum reason reason)
{
    assert_int_equal(io.status, IO_FAIL);
    assert_string_equal(reason_row((enum reason)io.reason)->name, reason_row(reason)->name);
}

static void test_it_is_ready_at_once(void **unused)
{
    assert_int_equal(transport_handshake(t).status, IO_OK);
    assert_int_equal(transport_flush(t).status, IO_OK);
}

static void test_reading(void **unused)
{
    assert_int_equal(transport_read(t, buffer, sizeof(buffer)).status, IO_WANT_READ);
    assert_int_equal(send(peer, "hello", 5, 0), 5);
    struct io io = transport_read(t, buffer, 4);
    assert_int_equal(io.n, 4);
    assert_false(io.drained);
    io = transport_read(t, buffer + 4, sizeof(buffer) - 4);
    assert_int_equal(io.n, 1);
    assert_true(io.drained);
    assert_memory_equal(buffer, "hello", 5);
    shutdown(peer, SHUT_WR);
    assert_int_equal(transport_read(t, buffer, sizeof(buffer)).status, IO_EOF);
}

static void test_writing(void **unused)
{
    struct io io;
    size_t written = 0, heard = 0;
    do {
        io = transport_write(t, buffer, sizeof(buffer));
        written += io.n;
    } while (io.status == IO_OK && !io.blocked);
    while (io.status == IO_OK) {
        io = transport_write(t, buffer, sizeof(buffer));
        written += io.n;
    }
    assert_int_equal(io.status, IO_WANT_WRITE);
    ssize_t got;
    while ((got = recv(peer, buffer, sizeof(buffer), 0)) > 0)
        heard += (size_t)got;
    assert_int_equal(heard, written);
}

static void test_a_shutdown_ends_one_direction(void **unused)
{
    assert_int_equal(transport_shutdown(t).status, IO_OK);
    assert_int_equal(recv(peer, buffer, 1, 0), 0);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    assert_int_equal(transport_read(t, buffer, sizeof(buffer)).n, 1);
}

static void test_a_peer_that_left(void **unused)
{
    assert_int_equal(transport_write(t, buffer, 10).n, 10);
    close_peer(); /* with unread bytes: a reset, as of TCP */
    expect_fails(transport_read(t, buffer, sizeof(buffer)), REASON_client_reset);
    expect_fails(transport_write(t, buffer, 10), REASON_client_reset);
}

static void test_sending_a_file(void **unused)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(fputs("0123456789", file) >= 0 && fflush(file) == 0);
    assert_true(transport_sends_files(t));
    assert_int_equal(transport_send_file(t, fileno(file), 4, 3).n, 3);
    assert_int_equal(transport_send_file(t, fileno(file), 10, 3).status, IO_EOF);
    assert_int_equal(recv(peer, buffer, sizeof(buffer), 0), 3);
    assert_memory_equal(buffer, "456", 3);
    /* A socket cannot be sent as a file: the caller reads it instead. */
    assert_int_equal(transport_send_file(t, peer, 0, 3).status, IO_WANT_READ);
    fclose(file);
}

static void test_sending_a_file_to_a_peer_that_left(void **unused)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(fputs("0123456789", file) >= 0 && fflush(file) == 0);
    close_peer();
    expect_fails(transport_send_file(t, fileno(file), 0, 3), REASON_client_reset);
    fclose(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_ready_at_once),
        TEST(test_reading),
        TEST(test_writing),
        TEST(test_a_shutdown_ends_one_direction),
        TEST(test_a_peer_that_left),
        TEST(test_sending_a_file),
        TEST(test_sending_a_file_to_a_peer_that_left),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does: sendfile has no MSG_NOSIGNAL */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
