#include "net/connect/dial_socket.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/token_folder.h"
#include "net/addr.h"

/* Listens at `name` in the test's folder; the path may be of any length. */
static int listen_at(const char *name)
{
    char path[128];
    struct sockaddr_un address;
    socklen_t length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *slash = strrchr(name, '/');
    char folder[1024];
    snprintf(folder, sizeof(folder), "%.*s.", slash ? (int)(slash - name) + 1 : 0, name);
    int in = openat(token_folder.fd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(in >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", in, slash ? slash + 1 : name);
    assert_true(addr_unix(&address, &length, path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1024), 0);
    close(in);
    return fd;
}

static int connect_at(const char *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = dial_socket_connect(fd, token_folder_path(name));
    close(fd);
    return error;
}

static int next_descriptor(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

static void test_connects_to_a_socket(void **state)
{
    int fd = listen_at("desk"), next = next_descriptor();
    assert_int_equal(connect_at("desk"), 0);
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    close(accepted);
    close(fd);
    assert_int_equal(connect_at("desk"), ECONNREFUSED);
    assert_int_equal(next_descriptor(), next - 1);
}

static void test_refuses_other_files(void **state)
{
    int fd = listen_at("desk"), next = next_descriptor();
    token_folder_write("file", "");
    token_folder_make("folder");
    token_folder_link("desk", "link");
    token_folder_link("link", "further");
    token_folder_link("nowhere", "dangling");
    assert_int_equal(connect_at("link"), ELOOP);
    assert_int_equal(connect_at("further"), ELOOP);
    assert_int_equal(connect_at("dangling"), ELOOP);
    assert_int_equal(connect_at("file"), ENOTSOCK);
    assert_int_equal(connect_at("folder"), ENOTSOCK);
    assert_int_equal(connect_at("folder/"), ENOENT);
    assert_int_equal(connect_at("none"), ENOENT);
    assert_int_equal(connect_at("none/desk"), ENOENT);
    assert_int_equal(connect_at("file/desk"), ENOTDIR);
    assert_int_equal(linkat(token_folder.fd, "desk", token_folder.fd, "second", 0), 0);
    assert_int_equal(connect_at("second"), EMLINK);
    assert_int_equal(connect_at("desk"), EMLINK);
    token_folder_remove("second");
    assert_int_equal(connect_at("desk"), 0);
    assert_int_equal(next_descriptor(), next);
    close(fd);
}

/* The folder itself is the administrator's, and may be behind a link. */
static void test_follows_a_link_to_the_folder(void **state)
{
    token_folder_make("real");
    token_folder_link("real", "folder");
    int fd = listen_at("real/desk");
    assert_int_equal(connect_at("folder/desk"), 0);
    close(fd);
}

static void test_takes_a_path_of_any_length(void **state)
{
    static char name[600];
    memset(name, 'd', 200);
    token_folder_make(name);
    name[200] = '/';
    memset(name + 201, 'x', 80);
    int fd = listen_at(name);
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char path[700];
    snprintf(path, sizeof(path), "%s/%s", token_folder_root(), name);
    assert_int_equal(dial_socket_connect(client, path), 0);
    close(client);
    close(fd);
}

/* Puts a socket and a link in turn at "desk". */
static void swap_for_ever(void)
{
    for (;;) {
        if (linkat(token_folder.fd, "own", token_folder.fd, "tmp", 0) == 0)
            (void)!renameat(token_folder.fd, "tmp", token_folder.fd, "desk");
        if (symlinkat("secret", token_folder.fd, "tmp") == 0)
            (void)!renameat(token_folder.fd, "tmp", token_folder.fd, "desk");
        /* With one name again. */
        if (renameat(token_folder.fd, "own", token_folder.fd, "desk") == 0)
            (void)!renameat(token_folder.fd, "desk", token_folder.fd, "own");
    }
}

static void test_a_swap_leads_nowhere_else(void **state)
{
    int own = listen_at("own"), secret = listen_at("secret");
    assert_int_equal(fcntl(secret, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(own, F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0)
        swap_for_ever();
    unsigned connected = 0;
    for (unsigned i = 0; i < 200000 && connected < 200; i++) {
        connected += connect_at("desk") == 0;
        int accepted = accept(own, NULL, NULL);
        if (accepted >= 0)
            close(accepted);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(connected > 0);
    assert_int_equal(accept(secret, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
    close(own);
    close(secret);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, token_folder_open, token_folder_close)
    const struct CMUnitTest tests[] = {
        TEST(test_connects_to_a_socket),         TEST(test_refuses_other_files),
        TEST(test_follows_a_link_to_the_folder), TEST(test_takes_a_path_of_any_length),
        TEST(test_a_swap_leads_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
