/* Options and facts of stream sockets. */
#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/loopback.h"

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);
    assert_int_equal(getsockopt(fd, level, option, &value, &size), 0);
    return value;
}

static void test_tcp_is_tuned(void **unused)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    socket_tune_tcp(fd);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_in_range(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 1, 300);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), SOCKET_STALL_MS);
    socket_allow_stall(fd, 5000);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000);
    close(fd);
}

/* The options do not exist there, which is no error. */
static void test_a_unix_socket_is_left_alone(void **unused)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    socket_tune_tcp(fds[0]);
    assert_int_equal(send(fds[0], "x", 1, 0), 1);
    close(fds[0]);
    close(fds[1]);
}

static void test_unsent_bytes_are_counted(void **unused)
{
    char bytes[1000] = {0};
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(socket_unsent(fds[0]), 0);
    assert_int_equal(send(fds[0], bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_true(socket_unsent(fds[0]) >= sizeof(bytes));
    assert_int_equal(recv(fds[1], bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(socket_unsent(fds[0]), 0);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(socket_unsent(-1), 0);
}

static void test_unread_bytes_are_counted(void **unused)
{
    char bytes[1000] = {0};
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(socket_unread(fds[0]), 0);
    assert_int_equal(send(fds[1], bytes, sizeof(bytes), 0), sizeof(bytes));
    shutdown(fds[1], SHUT_WR);
    assert_int_equal(socket_unread(fds[0]), sizeof(bytes));
    assert_int_equal(recv(fds[0], bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(socket_unread(fds[0]), 0);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(socket_unread(-1), 0);
}

static void test_the_end_of_the_peer_is_seen(void **unused)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(send(fds[1], "x", 1, 0), 1);
    assert_false(socket_hung_up(fds[0]));
    shutdown(fds[1], SHUT_WR);
    assert_true(socket_hung_up(fds[0]));
    close(fds[0]);
    close(fds[1]);
}

static void test_a_refused_connect_is_an_error(void **unused)
{
    struct loopback target = loopback_open();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(target.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(socket_error(fd), 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno == EINPROGRESS) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        assert_int_equal(poll(&ready, 1, 5000), 1);
        assert_int_equal(socket_error(fd), ECONNREFUSED);
    }
    assert_int_equal(socket_error(fd), 0); /* it is taken once */
    close(fd);
    loopback_close(&target);
    assert_int_equal(socket_error(-1), EBADF);
}

static void test_the_user_at_the_other_end(void **unused)
{
    int ends[2];
    uid_t user = (uid_t)-2;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_true(socket_peer_user(ends[0], &user));
    assert_int_equal(user, geteuid());
    close(ends[0]);
    close(ends[1]);
    user = (uid_t)-2;
    assert_false(socket_peer_user(ends[0], &user));
    assert_int_equal(user, (uid_t)-2);
}

/* A client that has only finished sending still takes its answer. */
static void test_a_peer_that_is_gone(void **unused)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_false(socket_is_gone(ends[0]));
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    assert_true(socket_hung_up(ends[0]));
    assert_false(socket_is_gone(ends[0]));
    close(ends[1]);
    assert_true(socket_is_gone(ends[0]));
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_is_tuned),
        cmocka_unit_test(test_a_unix_socket_is_left_alone),
        cmocka_unit_test(test_unsent_bytes_are_counted),
        cmocka_unit_test(test_unread_bytes_are_counted),
        cmocka_unit_test(test_the_end_of_the_peer_is_seen),
        cmocka_unit_test(test_a_refused_connect_is_an_error),
        cmocka_unit_test(test_the_user_at_the_other_end),
        cmocka_unit_test(test_a_peer_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
