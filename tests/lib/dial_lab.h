/*
 * Dials over real sockets of this machine, on one loop; for the tests of net/connect/dial.
 *
 * Include lib/failing_alloc.h in the test: the lab disarms it.
 *
 * Owns: the loop between set_up and tear_down. Thread: one. Errors: the test fails. Lifetime: one
 * test.
 */
#ifndef WSLUICE_TESTS_LIB_DIAL_LAB_H
#define WSLUICE_TESTS_LIB_DIAL_LAB_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "lib/failing_alloc.h"
#include "lib/work_lab.h"
#include "net/addr.h"
#include "net/connect/dial.h"
#include "net/connect/resolve.h"
#include "net/watch.h"

#define FILLERS 4

struct call {
    unsigned calls;
    struct dial_result result;
};

static uv_loop_t loop;
static struct watch_set watches;
static struct work_lab lab;
static struct resolver *resolver;
static uint32_t *attempts;         /* beyond the first of each dial; NULL: any number */
static struct permit *permit;      /* of each dial; NULL: all is permitted */
static struct config_proxy *proxy; /* of each dial; NULL: none */
static enum config_family family;  /* of each dial */
static char directory[] = "/tmp/dial_test.XXXXXX", path[64];

static inline int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    watch_set_unref(&watches);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    assert_non_null(resolver);
    return 0;
}

/* The loop ends by itself: a dial leaves no active handle. */
static inline int tear_down(void **unused)
{
    failing_alloc_arm(0);
    uv_run(&loop, UV_RUN_DEFAULT);
    resolve_close(resolver);
    work_lab_close(&lab);
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    unlink(path);
    return 0;
}

static inline int make_directory(void **unused)
{
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/socket", directory);
    return 0;
}

static inline int remove_directory(void **unused)
{
    return rmdir(directory);
}

/* ---- targets ---- */

static inline int listen_on(const struct sockaddr *address, socklen_t length, int backlog)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, address, length), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static inline int listen_tcp(const char *host, uint16_t *port, int backlog)
{
    struct addr address;
    assert_true(addr_parse(&address, host, *port));
    int fd = listen_on(&address.any, addr_length(&address), backlog);
    socklen_t length = sizeof(address);
    assert_int_equal(getsockname(fd, &address.any, &length), 0);
    *port = ntohs(address.v4.sin_port);
    return fd;
}

static inline int listen_unix(const char *name, int backlog)
{
    struct sockaddr_un address;
    socklen_t length;
    assert_true(addr_unix(&address, &length, name));
    int fd = listen_on((struct sockaddr *)&address, length, backlog);
    return fd;
}

/* Connections that are never accepted, until the backlog is full. */
static inline void fill_backlog(const struct sockaddr *address, socklen_t length,
                                int fillers[FILLERS])
{
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(fillers[i] >= 0);
        (void)!connect(fillers[i], address, length);
    }
}

static inline void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static inline struct config_address tcp_target(const char *host, uint16_t port)
{
    return (struct config_address){.kind = CONFIG_ADDRESS_TCP, .host = host, .port = port};
}

static inline struct config_address unix_target(const char *name)
{
    return (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = name};
}

/* ---- dialling ---- */

static inline void ready_cb(void *owner, unsigned ready)
{
}

static inline void take(struct call *call, const struct dial_result *result)
{
    call->calls++;
    call->result = *result;
    if (result->watch)
        watch_adopt(result->watch, ready_cb, NULL);
}

static inline void called_cb(void *owner, const struct dial_result *result)
{
    take(owner, result);
}

static inline struct dial *start_with(const struct config_address *target, struct slice preface,
                                      uint32_t timeout, struct call *call)
{
    struct dial_request request = {
        .loop = {.watches = &watches, .resolver = resolver, .attempts = attempts},
        .address = target,
        .family = family,
        .timeout_ms = timeout,
        .permit = permit,
        .proxy = proxy,
        .preface = preface,
        .callback = called_cb,
        .owner = call,
    };
    *call = (struct call){0};
    uv_update_time(&loop);
    struct dial_result result;
    struct dial *dial = dial_start(&request, &result);
    assert_int_equal(call->calls, 0);
    if (!dial)
        take(call, &result);
    return dial;
}

static inline struct dial *start(const struct config_address *target, uint32_t timeout,
                                 struct call *call)
{
    return start_with(target, (struct slice){0}, timeout, call);
}

/* A dial's timer keeps the loop alive until the dial ends; a watch does not. */
static inline struct dial_result dial_it(const struct config_address *target, uint32_t timeout)
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

static inline void hang_up(const struct dial_result *result)
{
    watch_close(result->watch);
    if (result->fd >= 0)
        close(result->fd);
}

static inline void expect_connected(const struct config_address *target)
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

static inline void expect_failure(const struct config_address *target, uint32_t timeout,
                                  enum reason reason, const char *detail)
{
    struct dial_result result = dial_it(target, timeout);
    assert_string_equal(reason_row(result.reason)->name, reason_row(reason)->name);
    assert_non_null(strstr(result.detail, detail));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
