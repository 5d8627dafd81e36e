/* Pipes, sockets, terminals and files as the two descriptors of a transport. */
#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct stdio stdio;
static struct transport *transport;
static uint8_t buffer[TRANSPORT_READ_MIN];

static struct io take(void)
{
    return transport_read(transport, buffer, sizeof(buffer));
}

static struct io give(const char *text)
{
    return transport_write(transport, (const uint8_t *)text, strlen(text));
}

static bool blocks(int fd)
{
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void test_pipes(void **unused)
{
    int in[2], out[2];
    char got[8];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    transport = stdio_open(&stdio, in[0], out[1]);
    assert_int_equal(take().status, IO_WANT_READ);
    assert_int_equal(write(in[1], "hi", 2), 2);
    struct io io = take();
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 2);
    assert_true(io.drained);
    assert_int_equal(give("yes").n, 3);
    assert_int_equal(read(out[0], got, sizeof(got)), 3);
    assert_true(blocks(in[0]) && blocks(out[1])); /* others may hold them */
    close(in[1]);
    assert_int_equal(take().status, IO_EOF);
    assert_int_equal(transport_shutdown(transport).status, IO_OK);
    assert_int_equal(read(out[0], got, sizeof(got)), 0); /* the reader sees the end */
    transport_close(transport);
    close(in[0]);
    close(out[0]);
    close(out[1]);
}

static void test_a_full_pipe(void **unused)
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    transport = stdio_open(&stdio, out[0], out[1]);
    struct io io;
    do
        io = transport_write(transport, buffer, sizeof(buffer));
    while (io.status == IO_OK);
    assert_int_equal(io.status, IO_WANT_WRITE);
    transport_close(transport);
    close(out[0]);
    close(out[1]);
}

static void test_nobody_reads(void **unused)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    transport = stdio_open(&stdio, in[0], out[1]);
    close(out[0]);
    assert_int_equal(give("lost").status, IO_FAIL);
    assert_int_equal(stdio.error, EPIPE);
    transport_close(transport);
    close(in[0]);
    close(in[1]);
    close(out[1]);
}

/* As ssh starts a ProxyCommand. */
static void test_a_socket_for_both(void **unused)
{
    int ends[2];
    char got[8];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    transport = stdio_open(&stdio, ends[0], ends[0]);
    assert_int_equal(take().status, IO_WANT_READ);
    assert_true(blocks(ends[0]));
    assert_int_equal(give("yes").n, 3);
    assert_int_equal(recv(ends[1], got, sizeof(got), 0), 3);
    assert_int_equal(transport_shutdown(transport).status, IO_OK);
    assert_int_equal(recv(ends[1], got, sizeof(got), 0), 0);
    assert_int_equal(send(ends[1], "hi", 2, 0), 2);
    assert_int_equal(take().n, 2);
    close(ends[1]);
    assert_int_equal(take().status, IO_EOF);
    transport_close(transport);
    close(ends[0]);
}

static void test_files(void **unused)
{
    char name[] = "stdio-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(write(file, "hello", 5), 5);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    transport = stdio_open(&stdio, file, file);
    assert_int_equal(take().n, 5);
    assert_int_equal(take().status, IO_EOF);
    assert_int_equal(give("more").n, 4);
    transport_close(transport);
    close(file);
    unlink(name);
}

static void test_a_terminal(void **unused)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    transport = stdio_open(&stdio, slave, slave);
    assert_int_equal(take().status, IO_WANT_READ);
    assert_int_equal(write(master, "line\n", 5), 5);
    assert_int_equal(take().n, 5);
    assert_int_equal(give("out").n, 3);
    assert_true(blocks(slave));
    close(master);
    assert_int_equal(take().status, IO_EOF);
    transport_close(transport);
    close(slave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipes),        cmocka_unit_test(test_a_full_pipe),
        cmocka_unit_test(test_nobody_reads), cmocka_unit_test(test_a_socket_for_both),
        cmocka_unit_test(test_files),        cmocka_unit_test(test_a_terminal),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
