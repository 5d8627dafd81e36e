#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/listen_test.XXXXXX", path[64], error[256];

static int make_directory(void **unused)
{
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/socket", directory);
    return 0;
}

static int remove_directory(void **unused)
{
    return rmdir(directory);
}

static struct config_listener tcp(const char *host, uint16_t port)
{
    return (struct config_listener){
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = host, .port = port}, .backlog = 8};
}

static struct config_listener on_path(const char *name)
{
    return (struct config_listener){
        .address = {.kind = CONFIG_ADDRESS_UNIX, .path = name}, .backlog = 8, .unix_mode = 0640};
}

static void expect_refusal(const struct config_listener *config, const char *what)
{
    struct listen_socket listener;
    assert_false(listen_open(&listener, config, error, sizeof(error)));
    assert_int_equal(strncmp(error, "cannot listen on ", 17), 0);
    assert_non_null(strstr(error, what));
    assert_null(strchr(error, '\n'));
}

static uint16_t port_of(const struct listen_socket *listener)
{
    return (uint16_t)strtoul(strrchr(listener->name, ':') + 1, NULL, 10);
}

/* Connects to `address`, and expects the listener to accept the connection. */
static void expect_service(const struct listen_socket *listener, const struct sockaddr *address,
                           socklen_t length, struct addr *peer)
{
    assert_int_equal(listen_accept(listener, peer), -1);
    assert_int_equal(errno, EAGAIN);
    int client = socket(address->sa_family, SOCK_STREAM, 0);
    assert_int_equal(connect(client, address, length), 0);
    int fd = listen_accept(listener, peer);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    close(client);
}

static void test_tcp(void **unused)
{
    struct config_listener config = tcp("127.0.0.1", 0);
    struct listen_socket listener;
    struct addr to, peer;
    char text[ADDR_TEXT];
    assert_true(listen_open(&listener, &config, error, sizeof(error)));
    assert_int_equal(strncmp(listener.name, "127.0.0.1:", 10), 0);
    assert_true(port_of(&listener) != 0);
    assert_true(addr_parse(&to, "127.0.0.1", port_of(&listener)));
    expect_service(&listener, &to.any, addr_length(&to), &peer);
    assert_int_equal(strncmp(addr_print(&peer, text), "127.0.0.1:", 10), 0);

    struct config_listener again = tcp("127.0.0.1", port_of(&listener));
    expect_refusal(&again, "choose another port");
    listen_close(&listener);
    listen_close(&listener); /* idempotent */
    assert_true(listen_open(&listener, &again, error, sizeof(error)));
    listen_close(&listener);
}

/* Every interface: an IPv4 client is reported as IPv4, also on an IPv6 socket. */
static void test_every_interface(void **unused)
{
    struct config_listener config = tcp(NULL, 0);
    struct listen_socket listener;
    struct addr to, peer;
    assert_true(listen_open(&listener, &config, error, sizeof(error)));
    assert_true(addr_parse(&to, "127.0.0.1", port_of(&listener)));
    expect_service(&listener, &to.any, addr_length(&to), &peer);
    assert_int_equal(peer.any.sa_family, AF_INET);
    listen_close(&listener);
}

static void test_names(void **unused)
{
    struct config_listener config = tcp("localhost", 0);
    struct listen_socket listener;
    assert_true(listen_open(&listener, &config, error, sizeof(error)));
    listen_close(&listener);
    config = tcp("nowhere.invalid", 80);
    expect_refusal(&config, "nowhere.invalid:80");
    config = tcp("192.0.2.1", 80);
    expect_refusal(&config, "no such address");
}

static void test_unix(void **unused)
{
    struct config_listener config = on_path(path);
    struct listen_socket listener;
    struct sockaddr_un address;
    socklen_t length;
    struct addr peer;
    struct stat status;
    mode_t before = umask(022);
    assert_true(listen_open(&listener, &config, error, sizeof(error)));
    assert_int_equal(umask(before), 022); /* put back */
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_true(addr_unix(&address, &length, path));
    expect_service(&listener, (struct sockaddr *)&address, length, &peer);
    assert_int_equal(peer.any.sa_family, AF_UNIX);

    expect_refusal(&config, "another program is listening");
    listen_close(&listener);
    assert_int_equal(stat(path, &status), -1);
}

static void test_a_file_left_by_a_crash(void **unused)
{
    struct config_listener config = on_path(path);
    struct listen_socket listener;
    struct sockaddr_un address;
    socklen_t length;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(addr_unix(&address, &length, path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    close(fd);
    assert_true(listen_open(&listener, &config, error, sizeof(error)));
    listen_close(&listener);
}

/* A process that drains still listens, and its successor takes the path. */
static void test_a_path_that_is_yielded(void **unused)
{
    struct config_listener config = on_path(path);
    struct listen_socket first, second;
    struct stat status;
    assert_true(listen_open(&first, &config, error, sizeof(error)));
    listen_yield(&first);
    assert_true(listen_open(&second, &config, error, sizeof(error)));
    listen_close(&first);
    assert_int_equal(stat(path, &status), 0);
    listen_close(&second);
    assert_int_equal(stat(path, &status), -1);
}

static void test_another_file_at_the_path(void **unused)
{
    struct config_listener config = on_path(path);
    struct stat status;
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    expect_refusal(&config, "is not a socket");
    assert_int_equal(stat(path, &status), 0);
    unlink(path);
}

static void test_abstract(void **unused)
{
    char name[64];
    snprintf(name, sizeof(name), "@listen_test_%d", (int)getpid());
    struct config_listener config = on_path(name);
    struct listen_socket listener;
    struct sockaddr_un address;
    socklen_t length;
    struct addr peer;
    assert_true(listen_open(&listener, &config, error, sizeof(error)));
    assert_null(listener.file.path);
    assert_true(addr_unix(&address, &length, name));
    expect_service(&listener, (struct sockaddr *)&address, length, &peer);
    expect_refusal(&config, name);
    listen_close(&listener);
}

static void test_impossible_paths(void **unused)
{
    char name[200] = {0};
    memset(name, 'x', sizeof(name) - 1);
    struct config_listener config = on_path(name);
    expect_refusal(&config, "does not fit");
    config = on_path("/nowhere/at/all");
    expect_refusal(&config, "/nowhere/at/all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_every_interface),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_a_file_left_by_a_crash),
        cmocka_unit_test(test_a_path_that_is_yielded),
        cmocka_unit_test(test_another_file_at_the_path),
        cmocka_unit_test(test_abstract),
        cmocka_unit_test(test_impossible_paths),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
