/* What a dial's failures are called, and what a discarded result closes. */
#include "net/connect/dial_result.h"
#include "net/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/watch.h"

static void test_each_errno_has_a_reason(void **unused)
{
    static const struct {
        int error;
        enum reason reason;
    } rows[] = {
        {ECONNREFUSED, REASON_target_refused},
        {ENOENT, REASON_target_unreachable},
        {EHOSTUNREACH, REASON_target_unreachable},
        {ENETUNREACH, REASON_target_unreachable},
        {EACCES, REASON_target_unreachable},
        {ETIMEDOUT, REASON_target_timeout},
        {ECONNRESET, REASON_target_reset},
        {EPIPE, REASON_target_reset},
        {ENOMEM, REASON_out_of_memory},
        {EMFILE, REASON_out_of_descriptors},
        {ENFILE, REASON_out_of_descriptors},
        {EINVAL, REASON_target_io},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct dial_result result = {.fd = -1};
        char expected[DIAL_DETAIL];
        dial_result_errno(&result, "192.0.2.1:80", rows[i].error);
        snprintf(expected, sizeof(expected), "192.0.2.1:80: %s", strerror(rows[i].error));
        assert_string_equal(reason_row(result.reason)->name, reason_row(rows[i].reason)->name);
        assert_string_equal(result.detail, expected);
    }
}

static void test_a_long_detail_is_cut(void **unused)
{
    struct dial_result result = {.fd = -1};
    char where[300] = {0};
    memset(where, 'x', sizeof(where) - 1);
    dial_result_fail(&result, REASON_target_io, where, "words");
    assert_int_equal(strlen(result.detail), DIAL_DETAIL - 1);
}

static void test_a_detail_or_the_reason(void **unused)
{
    struct dial_result result = {.reason = REASON_out_of_memory, .fd = -1};
    assert_string_equal(dial_result_detail(&result), reason_row(REASON_out_of_memory)->text);
    dial_result_fail(&result, REASON_target_io, "desk:5900", "words");
    assert_string_equal(dial_result_detail(&result), "desk:5900: words");
}

static void test_discarding_closes(void **unused)
{
    uv_loop_t loop;
    struct watch_set watches;
    int fds[2];
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct dial_result result = {.fd = fds[0]};
    result.watch = watch_open(&watches, fds[0], WATCH_READ, NULL, NULL);
    assert_non_null(result.watch);
    dial_result_fail(&result, REASON_target_timeout, "desk:5900", "no answer in time");
    dial_result_discard(&result);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    assert_int_equal(result.fd, -1);
    assert_null(result.watch);
    assert_int_equal(result.reason, REASON_target_timeout);
    assert_string_equal(result.detail, "desk:5900: no answer in time");
    dial_result_discard(&result); /* holds nothing any more */
    close(fds[1]);
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_errno_has_a_reason),
        cmocka_unit_test(test_a_long_detail_is_cut),
        cmocka_unit_test(test_a_detail_or_the_reason),
        cmocka_unit_test(test_discarding_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
