/* Sockets from systemd and from a predecessor: which listener claims which socket. */
#include "run/listeners/inherit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/addr.h"

static struct inherit inherit;

static const struct config_address any_port = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1"};

static int listen_at(const char *host, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int listen_at_name(const char *name)
{
    struct sockaddr_un address;
    socklen_t length;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(addr_unix(&address, &length, name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* As a predecessor does. */
static void hand_over(const struct inherit_socket *sockets, size_t count)
{
    char *text = inherit_describe(sockets, count);
    assert_non_null(text);
    assert_memory_equal(text, "WSLUICE_FDS=", 12);
    setenv("WSLUICE_FDS", text + 12, 1);
    free(text);
    inherit_open(&inherit);
}

static bool claim(const char *name, struct config_address address, struct inherit_socket *claimed)
{
    const struct config_listener listener = {.name = name, .address = address};
    return inherit_claim(&inherit, &listener, claimed);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void test_no_sockets(void **unused)
{
    struct inherit_socket claimed;
    assert_false(inherit_is_successor());
    inherit_open(&inherit);
    assert_int_equal(inherit.ready_fd, -1);
    assert_false(claim("web", any_port, &claimed));
    assert_int_equal(inherit_close(&inherit), 0);
}

static void test_sockets_of_a_predecessor(void **unused)
{
    uint16_t port;
    int tcp = listen_at("127.0.0.1", &port), name = listen_at_name("@wsluice-inherit-test");
    const struct inherit_socket given[] = {{tcp, false, "127.0.0.1:0"},
                                           {name, true, "with a space"}};
    struct inherit_socket claimed;
    hand_over(given, 2);
    assert_int_equal(inherit.count, 2);
    assert_null(getenv("WSLUICE_FDS")); /* children must not get it */
    assert_int_equal(fcntl(tcp, F_GETFD), FD_CLOEXEC);
    assert_true(fcntl(tcp, F_GETFL) & O_NONBLOCK);

    assert_true(claim(NULL, any_port, &claimed)); /* by the address as written */
    assert_int_equal(claimed.fd, tcp);
    assert_false(claimed.lent);
    assert_false(claim(NULL, any_port, &claimed)); /* once */
    struct config_address path = {.kind = CONFIG_ADDRESS_UNIX, .path = "@elsewhere"};
    assert_true(claim("with a space", path, &claimed));
    assert_true(claimed.fd == name && claimed.lent);
    assert_int_equal(inherit_close(&inherit), 0);
    assert_true(is_open(tcp) && is_open(name));
    close(tcp);
    close(name);
}

static void test_claims_by_bound_address(void **unused)
{
    uint16_t port, wild_port;
    int tcp = listen_at("127.0.0.1", &port), wild = listen_at("0.0.0.0", &wild_port);
    int name = listen_at_name("@wsluice-inherit-test");
    const struct inherit_socket given[] = {{tcp, false, ""}, {wild, false, ""}, {name, false, ""}};
    struct inherit_socket claimed;
    hand_over(given, 3);
    struct config_address other = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.2", .port = port};
    assert_false(claim(NULL, other, &claimed));
    other.host = NULL;
    assert_false(claim(NULL, other, &claimed)); /* one interface is not all of them */
    other.port = wild_port;
    assert_true(claim(NULL, other, &claimed));
    assert_int_equal(claimed.fd, wild);
    other = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = "@wsluice-inherit-tes"};
    assert_false(claim(NULL, other, &claimed));
    other.path = "@wsluice-inherit-test";
    assert_true(claim(NULL, other, &claimed));
    assert_int_equal(claimed.fd, name);
    assert_int_equal(inherit_close(&inherit), 1);
    assert_false(is_open(tcp));
    close(wild);
    close(name);
}

/* Not even by its name: a datagram socket, one that does not listen, another family, a file. */
static void test_unusable_sockets(void **unused)
{
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0), silent = socket(AF_INET, SOCK_STREAM, 0);
    int name = listen_at_name("@wsluice-inherit-test"), null = open("/dev/null", O_RDWR);
    const struct inherit_socket given[] = {{datagrams, false, "web"},
                                           {silent, false, "web"},
                                           {name, false, "web"},
                                           {null, false, "web"}};
    struct inherit_socket claimed;
    hand_over(given, 4);
    assert_false(claim("web", any_port, &claimed));
    assert_int_equal(inherit_close(&inherit), 4);
    assert_false(is_open(datagrams) || is_open(silent) || is_open(name) || is_open(null));
}

static void test_malformed_lists(void **unused)
{
    static const char *const texts[] = {"",           "\n\n",          "x",
                                        "5",          "5 own",         "-1 own a\n",
                                        "9999 own a", "own own own",   "99999999999999999999 own a",
                                        " \n 7",      " \n9999 own a", "4294967296 own a"};
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        setenv("WSLUICE_FDS", texts[i], 1);
        inherit_open(&inherit);
        assert_int_equal(inherit.count, 0);
        assert_int_equal(inherit_close(&inherit), 0);
    }
}

static void test_ready_pipe(void **unused)
{
    int ends[2];
    char text[16];
    assert_int_equal(pipe(ends), 0);
    snprintf(text, sizeof(text), "%d", ends[1]);
    setenv("WSLUICE_READY_FD", text, 1);
    assert_true(inherit_is_successor());
    inherit_open(&inherit);
    assert_int_equal(inherit.ready_fd, ends[1]);
    assert_int_equal(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
    assert_false(inherit_is_successor());
    assert_int_equal(inherit_close(&inherit), 0);
    close(ends[0]);
    close(ends[1]);
}

/* A variable that no predecessor has set costs no descriptor, and makes no successor. */
static void test_variables_of_nobody(void **unused)
{
    int null = open("/dev/null", O_WRONLY), ends[2];
    char file[16], more[16];
    assert_int_equal(pipe(ends), 0);
    snprintf(file, sizeof(file), "%d", null);
    snprintf(more, sizeof(more), "%dx", ends[1]);
    const char *const pipes[] = {"0", "1", "2", "", "x", "-1", "99999", "4294967297", file, more};
    for (size_t i = 0; i < WSL_COUNT(pipes); i++) {
        setenv("WSLUICE_READY_FD", pipes[i], 1);
        setenv("WSLUICE_ERROR_FD", pipes[i], 1);
        setenv("WSLUICE_FDS", "0 own a\n1 own b\n2 own c\n", 1);
        assert_false(inherit_is_successor());
        assert_int_equal(inherit_error_fd(), -1);
        inherit_open(&inherit);
        assert_int_equal(inherit.ready_fd, -1);
        assert_int_equal(inherit_close(&inherit), 0);
        assert_null(getenv("WSLUICE_READY_FD"));
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
            assert_int_equal(fcntl(fd, F_GETFD), 0);
    }
    close(null);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_sockets),
        cmocka_unit_test(test_sockets_of_a_predecessor),
        cmocka_unit_test(test_claims_by_bound_address),
        cmocka_unit_test(test_unusable_sockets),
        cmocka_unit_test(test_malformed_lists),
        cmocka_unit_test(test_ready_pipe),
        cmocka_unit_test(test_variables_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
