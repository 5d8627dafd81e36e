/* One connection attempt: at once, under way, refused, and without memory. */
#include "net/connect/dial_attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/loopback.h"
#include "net/socket.h"

static uv_loop_t loop;
static struct watch_set watches;
static unsigned calls;

static int set_up(void **unused)
{
    calls = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    return 0;
}

static int tear_down(void **unused)
{
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void ready_cb(void *owner, unsigned ready)
{
    const struct dial_attempt *attempt = owner;
    assert_int_not_equal(ready, 0);
    assert_ptr_equal(attempt->owner, &calls);
    calls++;
}

static int begin_tcp(struct dial_attempt *attempt, uint16_t port, bool *waiting)
{
    const struct config_address target = {.kind = CONFIG_ADDRESS_TCP, .port = port};
    struct addr address;
    assert_true(addr_parse(&address, "127.0.0.1", port));
    *attempt = (struct dial_attempt){.owner = &calls};
    const struct dial_request request = {.loop.watches = &watches, .address = &target};
    return dial_attempt_begin(attempt, &request, &address, ready_cb, waiting);
}

static int begin_unix(struct dial_attempt *attempt, const char *path, bool *waiting)
{
    const struct config_address target = {.kind = CONFIG_ADDRESS_UNIX, .path = path};
    *attempt = (struct dial_attempt){.owner = &calls};
    const struct dial_request request = {.loop.watches = &watches, .address = &target};
    return dial_attempt_begin(attempt, &request, NULL, ready_cb, waiting);
}

static void expect_tcp(bool listens, int error)
{
    struct loopback target = loopback_open();
    struct dial_attempt attempt;
    bool waiting = false;
    if (listens)
        loopback_listen(&target);
    int begun = begin_tcp(&attempt, target.port, &waiting);
    if (begun == 0) {
        int fd = attempt.fd;
        while (waiting && calls == 0)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(socket_error(fd), error);
        assert_true(dial_attempt_close(&attempt));
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    } else {
        assert_int_equal(begun, error);
    }
    assert_false(dial_attempt_close(&attempt));
    loopback_close(&target);
}

static void test_tcp_connects(void **unused)
{
    expect_tcp(true, 0);
}

static void test_tcp_is_refused(void **unused)
{
    expect_tcp(false, ECONNREFUSED);
}

static void test_a_unix_socket_connects_at_once(void **unused)
{
    char name[64];
    struct sockaddr_un address;
    socklen_t length;
    struct dial_attempt attempt;
    bool waiting = false;
    snprintf(name, sizeof(name), "@attempt_test_%d", (int)getpid());
    assert_int_equal(begin_unix(&attempt, name, &waiting), ECONNREFUSED);
    assert_false(dial_attempt_close(&attempt));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(addr_unix(&address, &length, name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(begin_unix(&attempt, name, &waiting), 0);
    assert_false(waiting);
    assert_true(dial_attempt_close(&attempt));
    close(fd);
}

static void test_a_path_that_is_too_long(void **unused)
{
    char name[200] = {0};
    struct dial_attempt attempt;
    bool waiting = false;
    memset(name, 'x', sizeof(name) - 1);
    assert_int_equal(begin_unix(&attempt, name, &waiting), ENAMETOOLONG);
    assert_false(dial_attempt_close(&attempt));
}

static void test_without_memory_nothing_stays_open(void **unused)
{
    struct loopback target = loopback_open();
    struct dial_attempt attempt;
    bool waiting = false;
    loopback_listen(&target);
    int before = dup(0);
    close(before);
    failing_alloc_arm(1);
    assert_int_equal(begin_tcp(&attempt, target.port, &waiting), ENOMEM);
    assert_true(failing_alloc_disarm());
    assert_null(attempt.watch);
    int after = dup(0);
    assert_int_equal(after, before);
    close(after);
    loopback_close(&target);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_tcp_connects),
        TEST(test_tcp_is_refused),
        TEST(test_a_unix_socket_connects_at_once),
        TEST(test_a_path_that_is_too_long),
        TEST(test_without_memory_nothing_stays_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
