/* Dialling over real sockets of this machine, on a loop of its own. */
#include "net/dial.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "net/addr.h"

#define FILLERS 4

struct call {
    unsigned calls;
    struct dial_result result;
};

static uv_loop_t loop;
static struct watch_set watches;
static struct resolver *resolver;
static char directory[] = "/tmp/dial_test.XXXXXX", path[64];

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    uv_unref((uv_handle_t *)&watches.poll);
    resolver = resolve_create(&loop);
    assert_non_null(resolver);
    return 0;
}

/* Whatever a test did, the loop must come to rest by itself: nothing of a dial is left in it. */
static int tear_down(void **unused)
{
    failing_alloc_arm(0);
    uv_run(&loop, UV_RUN_DEFAULT);
    resolve_close(resolver);
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    unlink(path);
    return 0;
}

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

/* ---- a name with two addresses --------------------------------------------------------------- */

#define TWO_ADDRESSES "two.test"
#define UNREACHABLE   "unreachable.test" /* the second one fails at once */
#define FIRST         "127.0.0.1"
#define SECOND        "127.0.0.2"
#define BROADCAST     "255.255.255.255"

static struct sockaddr_in two_sockaddrs[2];
static struct addrinfo two_infos[2];

/* libuv's thread calls these. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *,
                               struct addrinfo **);
    getaddrinfo_fn *real;
    bool unreachable = strcmp(name, UNREACHABLE) == 0;
    if (!unreachable && strcmp(name, TWO_ADDRESSES) != 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, list);
    }
    for (int i = 0; i < 2; i++) {
        two_sockaddrs[i].sin_family = AF_INET;
        const char *text = i == 0 ? FIRST : unreachable ? BROADCAST : SECOND;
        inet_pton(AF_INET, text, &two_sockaddrs[i].sin_addr);
        two_infos[i] = (struct addrinfo){.ai_family = AF_INET,
                                         .ai_addr = (struct sockaddr *)&two_sockaddrs[i],
                                         .ai_addrlen = sizeof(two_sockaddrs[i]),
                                         .ai_next = i == 0 ? &two_infos[1] : NULL};
    }
    *list = two_infos;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    void (*real)(struct addrinfo *);
    *(void **)&real = dlsym(RTLD_NEXT, "freeaddrinfo");
    if (list && list != two_infos)
        real(list);
}

/* ---- targets --------------------------------------------------------------------------------- */

static int listen_on(const struct sockaddr *address, socklen_t length, int backlog)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, address, length), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static int listen_tcp(const char *host, uint16_t *port, int backlog)
{
    struct addr address;
    assert_true(addr_parse(&address, host, *port));
    int fd = listen_on(&address.any, addr_length(&address), backlog);
    socklen_t length = sizeof(address);
    assert_int_equal(getsockname(fd, &address.any, &length), 0);
    *port = ntohs(address.v4.sin_port);
    return fd;
}

static int listen_unix(const char *name, int backlog)
{
    struct sockaddr_un address;
    socklen_t length;
    assert_true(addr_unix(&address, &length, name));
    int fd = listen_on((struct sockaddr *)&address, length, backlog);
    return fd;
}

/* Connections that nobody accepts, until the backlog is full. */
static void fill_backlog(const struct sockaddr *address, socklen_t length, int fillers[FILLERS])
{
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(fillers[i] >= 0);
        (void)!connect(fillers[i], address, length);
    }
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static struct config_address tcp_target(const char *host, uint16_t port)
{
    return (struct config_address){.kind = CONFIG_ADDRESS_TCP, .host = host, .port = port};
}

static struct config_address unix_target(const char *name)
{
    return (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = name};
}

/* ---- dialling -------------------------------------------------------------------------------- */

static void called_cb(void *owner, const struct dial_result *result)
{
    struct call *call = owner;
    call->calls++;
    call->result = *result;
}

static struct dial *start_with(const struct config_address *target, struct slice preface,
                               uint32_t timeout, struct call *call)
{
    struct dial_request request = {
        .watches = &watches,
        .names = resolver,
        .address = target,
        .timeout_ms = timeout,
        .preface = preface,
        .callback = called_cb,
        .owner = call,
    };
    *call = (struct call){0};
    uv_update_time(&loop);
    struct dial *dial = dial_start(&request, &call->result);
    assert_int_equal(call->calls, 0);
    if (!dial)
        call->calls = 1;
    return dial;
}

static struct dial *start(const struct config_address *target, uint32_t timeout, struct call *call)
{
    return start_with(target, (struct slice){0}, timeout, call);
}

/* A watch does not keep the loop alive, a dial's timer does: it ends with the dial. */
static struct dial_result dial_it(const struct config_address *target, uint32_t timeout)
{
    struct call call;
    struct dial *dial = start(target, timeout, &call);
    if (dial)
        uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 1);
    if (call.result.reason == REASON_none) {
        assert_true(call.result.fd >= 0);
        assert_non_null(call.result.watch);
        assert_string_equal(call.result.detail, "");
    } else {
        assert_int_equal(call.result.fd, -1);
        assert_null(call.result.watch);
        assert_true(strlen(call.result.detail) > 0 || call.result.reason == REASON_out_of_memory);
    }
    return call.result;
}

static void hang_up(const struct dial_result *result)
{
    watch_close(result->watch);
    if (result->fd >= 0)
        close(result->fd);
}

static void expect_connected(const struct config_address *target)
{
    struct dial_result result = dial_it(target, 5000);
    assert_int_equal(result.reason, REASON_none);
    int error = 0;
    socklen_t size = sizeof(error);
    assert_int_equal(getsockopt(result.fd, SOL_SOCKET, SO_ERROR, &error, &size), 0);
    assert_int_equal(error, 0);
    assert_int_equal(send(result.fd, "x", 1, MSG_NOSIGNAL), 1);
    hang_up(&result);
}

static void expect_failure(const struct config_address *target, uint32_t timeout,
                           enum reason reason, const char *detail)
{
    struct dial_result result = dial_it(target, timeout);
    assert_string_equal(reason_row(result.reason)->name, reason_row(reason)->name);
    assert_non_null(strstr(result.detail, detail));
}

/* ---- one address ----------------------------------------------------------------------------- */

static void test_tcp(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    struct config_address target = tcp_target("127.0.0.1", port);
    expect_connected(&target);
    close(fd);
    expect_failure(&target, 5000, REASON_target_refused, "127.0.0.1:");
}

static void test_unix(void **unused)
{
    struct config_address target = unix_target(path);
    expect_failure(&target, 5000, REASON_target_unreachable, path);
    int fd = listen_unix(path, 8);
    expect_connected(&target);
    close(fd);
    expect_failure(&target, 5000, REASON_target_refused, path);
}

static void test_abstract(void **unused)
{
    char name[64];
    snprintf(name, sizeof(name), "@dial_test_%d", (int)getpid());
    struct config_address target = unix_target(name);
    expect_failure(&target, 5000, REASON_target_refused, name);
    int fd = listen_unix(name, 8);
    expect_connected(&target);
    close(fd);
}

static void test_a_path_that_is_too_long(void **unused)
{
    char name[200] = {0};
    memset(name, 'x', sizeof(name) - 1);
    struct config_address target = unix_target(name);
    expect_failure(&target, 5000, REASON_target_io, "xxx");
}

/* A Unix socket says EAGAIN while its backlog is full; later there is room. */
static void test_full_backlog_of_a_unix_socket(void **unused)
{
    int fd = listen_unix(path, 0), fillers[FILLERS];
    struct sockaddr_un address;
    socklen_t length;
    assert_true(addr_unix(&address, &length, path));
    fill_backlog((struct sockaddr *)&address, length, fillers);
    struct config_address target = unix_target(path);
    expect_failure(&target, 60, REASON_target_timeout, path);

    struct call call;
    assert_non_null(start(&target, 5000, &call));
    uv_run(&loop, UV_RUN_ONCE); /* tries again, in vain */
    assert_int_equal(call.calls, 0);
    int accepted = accept(fd, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 1);
    assert_int_equal(call.result.reason, REASON_none);
    hang_up(&call.result);
    close(accepted);
    close_all(fillers, FILLERS);
    close(fd);
}

static void test_nobody_answers(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 0), fillers[FILLERS];
    struct addr address;
    assert_true(addr_parse(&address, "127.0.0.1", port));
    fill_backlog(&address.any, addr_length(&address), fillers);
    struct config_address target = tcp_target("127.0.0.1", port);
    uint64_t began = uv_hrtime();
    expect_failure(&target, 100, REASON_target_timeout, "no answer in time");
    assert_in_range((uv_hrtime() - began) / 1000000, 90, 3000);
    close_all(fillers, FILLERS);
    close(fd);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_localhost(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    struct config_address target = tcp_target("localhost", port);
    expect_connected(&target);
    close(fd);
    expect_failure(&target, 5000, REASON_target_refused, ":");
}

static void test_names_that_do_not_resolve(void **unused)
{
    char label[70] = {0}, name[400] = {0};
    memset(label, 'a', sizeof(label) - 1);
    memset(name, 'b', sizeof(name) - 1);
    const char *names[] = {"nowhere.invalid", label, name, "a b", ""};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        struct config_address target = tcp_target(names[i], 80);
        expect_failure(&target, 20000, REASON_target_unresolved, ": ");
    }
}

/* The first address says nothing: 250 ms later the second one is tried and wins. */
static void test_the_second_address_wins(void **unused)
{
    uint16_t port = 0;
    int silent = listen_tcp(FIRST, &port, 0), fillers[FILLERS];
    int good = listen_tcp(SECOND, &port, 8);
    struct addr address;
    assert_true(addr_parse(&address, FIRST, port));
    fill_backlog(&address.any, addr_length(&address), fillers);
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    uint64_t began = uv_hrtime();
    expect_connected(&target);
    assert_in_range((uv_hrtime() - began) / 1000000, 240, 3000);
    close_all(fillers, FILLERS);
    close(silent);
    close(good);
}

/* The first says nothing, the second fails: the deadline still holds for the first. */
static void test_the_second_address_fails(void **unused)
{
    static const char *const names[] = {TWO_ADDRESSES, UNREACHABLE};
    uint16_t port = 0;
    int silent = listen_tcp(FIRST, &port, 0), fillers[FILLERS];
    struct addr address;
    assert_true(addr_parse(&address, FIRST, port));
    fill_backlog(&address.any, addr_length(&address), fillers);
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        struct config_address target = tcp_target(names[i], port);
        uint64_t began = uv_hrtime();
        expect_failure(&target, 400, REASON_target_timeout, names[i]);
        assert_in_range((uv_hrtime() - began) / 1000000, 390, 3000);
    }
    close_all(fillers, FILLERS);
    close(silent);
}

static void test_both_refuse(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp(FIRST, &port, 8);
    close(fd);
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    expect_failure(&target, 5000, REASON_target_refused, SECOND);
}

/* ---- what is sent first ---------------------------------------------------------------------- */

static void expect_received(int fd, struct slice expected)
{
    char *received = malloc(expected.len);
    size_t length = 0;
    while (length < expected.len) {
        ssize_t got = recv(fd, received + length, expected.len - length, 0);
        assert_true(got > 0);
        length += (size_t)got;
    }
    assert_memory_equal(received, expected.ptr, expected.len);
    char more;
    assert_int_equal(recv(fd, &more, 1, MSG_DONTWAIT), -1);
    free(received);
}

static void test_preface(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    struct config_address targets[] = {tcp_target("127.0.0.1", port),
                                       tcp_target("localhost", port)};
    struct slice header = SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n");
    for (size_t i = 0; i < WSL_COUNT(targets); i++) {
        struct call call;
        if (start_with(&targets[i], header, 5000, &call))
            uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(call.result.reason, REASON_none);
        int accepted = accept(fd, NULL, NULL);
        expect_received(accepted, header);
        hang_up(&call.result);
        close(accepted);
    }
    close(fd);
}

/* More than a socket takes at once; it leaves as the target reads, and nothing is lost. */
static char pattern[4 << 20];

static struct dial *start_long_preface(const struct config_address *target, uint32_t timeout,
                                       struct call *call)
{
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i ^ i >> 9);
    struct slice preface = {pattern, sizeof(pattern)};
    struct dial *dial = start_with(target, preface, timeout, call);
    assert_non_null(dial);
    for (int turn = 0; turn < 3; turn++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(call->calls, 0);
    return dial;
}

static void read_pattern(void *argument)
{
    expect_received(*(int *)argument, (struct slice){pattern, sizeof(pattern)});
}

static void test_long_preface(void **unused)
{
    int fd = listen_unix(path, 8);
    struct config_address target = unix_target(path);
    struct call call;
    start_long_preface(&target, 5000, &call);
    int accepted = accept(fd, NULL, NULL);
    uv_thread_t reader;
    assert_int_equal(uv_thread_create(&reader, read_pattern, &accepted), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_thread_join(&reader);
    assert_int_equal(call.calls, 1);
    assert_int_equal(call.result.reason, REASON_none);
    hang_up(&call.result);
    close(accepted);
    close(fd);
}

static void test_preface_that_is_not_read(void **unused)
{
    int fd = listen_unix(path, 8);
    struct config_address target = unix_target(path);
    struct call call;
    start_long_preface(&target, 50, &call);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.result.reason, REASON_target_timeout);

    int accepted = accept(fd, NULL, NULL);
    close(accepted);
    start_long_preface(&target, 5000, &call);
    accepted = accept(fd, NULL, NULL);
    close(accepted);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.result.reason, REASON_target_reset);

    struct dial *dial = start_long_preface(&target, 5000, &call);
    dial_cancel(dial);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 0);
    close(fd);
}

/* ---- cancelling and failing ------------------------------------------------------------------ */

static void test_cancel_at_each_stage(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8), unix_fd = listen_unix(path, 0);
    struct sockaddr_un address;
    socklen_t length;
    int fillers[FILLERS];
    assert_true(addr_unix(&address, &length, path));
    fill_backlog((struct sockaddr *)&address, length, fillers);
    const struct config_address targets[] = {
        tcp_target("127.0.0.1", port), /* connecting */
        tcp_target("localhost", port), /* looking up */
        unix_target(path),             /* waiting for its next try */
    };
    for (size_t i = 0; i < WSL_COUNT(targets); i++)
        for (int turns = 0; turns < 2; turns++) {
            struct call call;
            struct dial *dial = start(&targets[i], 5000, &call);
            if (turns > 0)
                uv_run(&loop, UV_RUN_NOWAIT);
            if (call.calls > 0) {
                hang_up(&call.result);
                continue;
            }
            dial_cancel(dial);
            uv_run(&loop, UV_RUN_DEFAULT);
            assert_int_equal(call.calls, 0);
        }
    dial_cancel(NULL);
    close_all(fillers, FILLERS);
    close(unix_fd);
    close(fd);
}

static void test_no_descriptor_is_left_behind(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8), before = dup(fd);
    close(before);
    struct config_address target = tcp_target("localhost", port);
    expect_connected(&target);
    close(fd);
    expect_failure(&target, 5000, REASON_target_refused, ":");
    int after = dup(0);
    assert_in_range(after, 0, before);
    close(after);
}

static void test_each_allocation_fails(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 64);
    const struct config_address targets[] = {tcp_target("127.0.0.1", port),
                                             tcp_target("localhost", port)};
    for (size_t i = 0; i < WSL_COUNT(targets); i++)
        for (unsigned n = 1;; n++) {
            failing_alloc_arm(n);
            struct dial_result result = dial_it(&targets[i], 5000);
            bool failed = failing_alloc_disarm();
            hang_up(&result);
            if (!failed) {
                assert_int_equal(result.reason, REASON_none);
                break;
            }
        }
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_tcp),
        TEST(test_unix),
        TEST(test_abstract),
        TEST(test_a_path_that_is_too_long),
        TEST(test_full_backlog_of_a_unix_socket),
        TEST(test_nobody_answers),
        TEST(test_localhost),
        TEST(test_names_that_do_not_resolve),
        TEST(test_the_second_address_wins),
        TEST(test_the_second_address_fails),
        TEST(test_both_refuse),
        TEST(test_preface),
        TEST(test_long_preface),
        TEST(test_preface_that_is_not_read),
        TEST(test_cancel_at_each_stage),
        TEST(test_no_descriptor_is_left_behind),
        TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
