/* The owner of a listening program: with real users, so most of it needs root. */
#include "net/connect/socket_owner.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/addr.h"

#define NOBODY 65534
#define OTHER  65533

static struct addr address_of(int family)
{
    struct addr address;
    assert_true(addr_parse(&address, family == AF_INET ? "127.0.0.1" : "::1", 0));
    return address;
}

/* A listening socket; sets `address`. */
static int listen_at(struct addr *address)
{
    socklen_t length = addr_length(address);
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &address->any, length), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, &address->any, &length), 0);
    return fd;
}

static int connect_to(const struct addr *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &address->any, addr_length(address)), 0);
    return fd;
}

struct listener {
    pid_t pid;
    struct addr address;
    int accepted; /* a pipe: a byte for each connection that was accepted */
};

/* A process of that user, which accepts or leaves its clients in the backlog. */
static struct listener begin_listener(int family, uid_t uid, bool accepts)
{
    struct listener listener = {.address = address_of(family)};
    int place[2], accepted[2];
    assert_int_equal(pipe(place), 0);
    assert_int_equal(pipe(accepted), 0);
    listener.pid = fork();
    if (listener.pid == 0) {
        if (uid != 0 && setuid(uid) != 0)
            _exit(1);
        int fd = listen_at(&listener.address);
        (void)!write(place[1], &listener.address, sizeof(listener.address));
        while (accepts && accept(fd, NULL, NULL) >= 0)
            (void)!write(accepted[1], "a", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(place[0], &listener.address, sizeof(listener.address)),
                     sizeof(listener.address));
    close(place[0]);
    close(place[1]);
    close(accepted[1]);
    listener.accepted = accepted[0];
    return listener;
}

static void end_listener(const struct listener *listener)
{
    kill(listener->pid, SIGKILL);
    assert_int_equal(waitpid(listener->pid, NULL, 0), listener->pid);
    close(listener->accepted);
}

/* As seen by a process of that user that has no children. */
static int seen_by(uid_t uid, const struct listener *listener, bool accepts)
{
    int status;
    char byte;
    pid_t pid = fork();
    if (pid == 0) {
        if (uid != 0 && setuid(uid) != 0)
            _exit(100);
        int fd = connect_to(&listener->address);
        if (accepts && read(listener->accepted, &byte, 1) != 1)
            _exit(101);
        _exit((int)socket_owner_of_peer(fd));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void need_root_and_the_kernel(void)
{
    if (geteuid() != 0 || !socket_owner_is_known())
        skip();
}

static void test_users(void **unused)
{
    static const struct {
        uid_t listens, asks;
        enum socket_owner verdict;
    } cases[] = {
        {NOBODY, 0, SOCKET_OWNER_FOREIGN},   {NOBODY, OTHER, SOCKET_OWNER_FOREIGN},
        {NOBODY, NOBODY, SOCKET_OWNER_OURS}, {0, 0, SOCKET_OWNER_OURS},
        {0, NOBODY, SOCKET_OWNER_OURS},
    };
    need_root_and_the_kernel();
    for (size_t i = 0; i < WSL_COUNT(cases) * 4; i++) {
        size_t at = i / 4;
        bool accepts = i % 2;
        struct listener listener =
            begin_listener(i % 4 < 2 ? AF_INET : AF_INET6, cases[at].listens, accepts);
        int verdict = seen_by(cases[at].asks, &listener, accepts);
        end_listener(&listener);
        if (verdict != (int)cases[at].verdict)
            fail_msg("%u listens, %u asks, accepted %d: %d", cases[at].listens, cases[at].asks,
                     accepts, verdict);
    }
}

static void test_a_descendant_is_ours(void **unused)
{
    need_root_and_the_kernel();
    struct listener listener = begin_listener(AF_INET, NOBODY, false);
    int fd = connect_to(&listener.address);
    assert_int_equal(socket_owner_of_peer(fd), SOCKET_OWNER_OURS);
    end_listener(&listener);
    close(fd);
}

/* The other end is closed: it has no owner. */
static void test_a_closed_end(void **unused)
{
    struct addr address = address_of(AF_INET);
    struct linger at_once = {.l_onoff = 1};
    if (!socket_owner_is_known())
        skip();
    int listening = listen_at(&address), fd = connect_to(&address);
    int other = accept(listening, NULL, NULL);
    assert_int_equal(socket_owner_of_peer(fd), SOCKET_OWNER_OURS);
    assert_int_equal(setsockopt(other, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(other);
    close(listening);
    assert_int_equal(socket_owner_of_peer(fd), SOCKET_OWNER_FOREIGN);
    close(fd);
}

/* A listening socket for all addresses of both families takes the connection. */
static void test_a_wildcard(void **unused)
{
    struct addr any, address = address_of(AF_INET);
    if (!socket_owner_is_known())
        skip();
    assert_true(addr_parse(&any, "::", 0));
    int listening = listen_at(&any);
    address.v4.sin_port = any.v6.sin6_port;
    int fd = connect_to(&address);
    assert_int_equal(socket_owner_of_peer(fd), SOCKET_OWNER_OURS);
    close(fd);
    close(listening);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_a_descendant_is_ours),
        cmocka_unit_test(test_a_closed_end),
        cmocka_unit_test(test_a_wildcard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
