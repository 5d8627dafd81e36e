/* Dialling over real sockets of this machine. */
#include "net/connect/dial.h"

#include "core/access/permit.h"
#include "lib/failing_alloc.h"

#include "lib/dial_lab.h"

/* ---- one address ---- */

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

/* The file may be refused, and the log has another text than its path. */
static void test_a_file_that_must_not_be_a_link(void **unused)
{
    char name[128];
    int fd = listen_unix(path, 8);
    snprintf(name, sizeof(name), "%s.link", path);
    assert_int_equal(symlink(path, name), 0);
    struct config_address target = unix_target(name);
    expect_connected(&target);
    struct dial_request request = {
        .loop.watches = &watches, .address = &target, .timeout_ms = 1000, .no_link = true};
    struct dial_result result;
    request.shown = "unix:/run/desks/*";
    assert_null(dial_start(&request, &result));
    assert_int_equal(result.reason, REASON_target_unreachable);
    assert_string_equal(result.detail, "unix:/run/desks/*: Too many levels of symbolic links");
    target = unix_target(path);
    assert_null(dial_start(&request, &result));
    assert_int_equal(result.reason, REASON_none);
    hang_up(&result);
    unlink(name);
    close(fd);
    assert_null(dial_start(&request, &result));
    assert_string_equal(result.detail, "unix:/run/desks/*: Connection refused");
}

static void expect_permitted(const char *rule, const struct config_address *target, bool permitted)
{
    struct permit *own = permit_create(&(struct config_texts){&rule, 1});
    assert_non_null(own);
    permit = own;
    if (permitted)
        expect_connected(target);
    else
        expect_failure(target, 5000, REASON_target_not_permitted, "not permitted");
    permit_free(own);
    permit = NULL;
}

static void test_what_is_permitted(void **unused)
{
    char rule[128];
    uint16_t port = 0;
    int tcp = listen_tcp("127.0.0.1", &port, 8), unix_fd = listen_unix(path, 8);
    struct config_address address = tcp_target("127.0.0.1", port), file = unix_target(path);
    struct config_address mapped = tcp_target("::ffff:127.0.0.1", port);
    expect_permitted("127.0.0.0/8:*", &address, true);
    expect_permitted("127.0.0.0/8:*", &file, false);
    expect_permitted("127.0.0.0/8:1", &address, false);
    expect_permitted("*:*", &address, false);
    expect_permitted("*:*", &mapped, false);
    expect_permitted("[::]/0:*", &mapped, false);
    expect_permitted("unix:/nowhere/*", &file, false);
    expect_permitted("unix:/nowhere/*", &address, false);
    snprintf(rule, sizeof(rule), "unix:%s", path);
    expect_permitted(rule, &file, true);
    close(tcp);
    close(unix_fd);
}

static void test_an_address_of_another_family(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    struct config_address v4 = tcp_target("127.0.0.1", port), v6 = tcp_target("::1", port);
    family = CONFIG_FAMILY_IPV4;
    expect_connected(&v4);
    expect_failure(&v6, 5000, REASON_target_unresolved, ": it has no IPv4 address");
    family = CONFIG_FAMILY_IPV6;
    expect_failure(&v4, 5000, REASON_target_unresolved, ": it has no IPv6 address");
    family = CONFIG_FAMILY_ANY;
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

/* ---- what is sent first ---- */

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

/* ---- cancelling and failing ---- */

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
    const struct CMUnitTest tests[] = {
        TEST(test_tcp),
        TEST(test_unix),
        TEST(test_abstract),
        TEST(test_an_address_of_another_family),
        TEST(test_a_path_that_is_too_long),
        TEST(test_a_file_that_must_not_be_a_link),
        TEST(test_what_is_permitted),
        TEST(test_full_backlog_of_a_unix_socket),
        TEST(test_nobody_answers),
        TEST(test_preface),
        TEST(test_long_preface),
        TEST(test_preface_that_is_not_read),
        TEST(test_cancel_at_each_stage),
        TEST(test_no_descriptor_is_left_behind),
        TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
