#include "base/transport.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_reasons_of_each_side(void **unused)
{
    assert_int_equal(transport_reason(&transport_client, ECONNRESET), REASON_client_reset);
    assert_int_equal(transport_reason(&transport_client, EPIPE), REASON_client_reset);
    assert_int_equal(transport_reason(&transport_client, ETIMEDOUT), REASON_client_io);
    assert_int_equal(transport_reason(&transport_target, ECONNRESET), REASON_target_reset);
    assert_int_equal(transport_reason(&transport_target, EPIPE), REASON_target_reset);
    assert_int_equal(transport_reason(&transport_target, EHOSTUNREACH), REASON_target_io);
}

static void test_results(void **unused)
{
    struct io io = io_fail(REASON_internal); /* the last reason fits */
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(io.reason, REASON_internal);
    io = io_status(IO_WANT_WRITE);
    assert_int_equal(io.status, IO_WANT_WRITE);
    assert_int_equal(io.n + io.blocked + io.drained + io.reason, 0);
}

/* What the next calls return, and how many bytes each was offered; 0: a flush. */
static struct {
    struct io results[8];
    size_t offered[8], calls;
} script;

static struct io scripted(size_t offered)
{
    assert_true(script.calls < WSL_COUNT(script.results));
    script.offered[script.calls] = offered;
    return script.results[script.calls++];
}

static struct io scripted_write(struct transport *t, const uint8_t *buffer, size_t length)
{
    return scripted(length);
}

static struct io scripted_flush(struct transport *t)
{
    return scripted(0);
}

static void expect_send(size_t *sent, bool *blocked, enum io_status status, size_t all)
{
    static const struct transport_ops ops = {.write = scripted_write, .flush = scripted_flush};
    struct transport transport = {&ops};
    struct io io = transport_send(&transport, SLICE("0123456789"), sent, blocked);
    assert_int_equal(io.status, status);
    assert_int_equal(*sent, all);
}

static void test_sending_in_parts(void **unused)
{
    size_t sent = 0;
    bool blocked = false;
    memset(&script, 0, sizeof(script));
    script.results[0] = (struct io){.n = 4, .status = IO_OK, .blocked = true};
    script.results[1] = io_status(IO_WANT_WRITE);
    script.results[2] = (struct io){.n = 1, .status = IO_OK};
    script.results[3] = (struct io){.n = 5, .status = IO_OK};
    expect_send(&sent, &blocked, IO_WANT_WRITE, 4);
    expect_send(&sent, &blocked, IO_WANT_WRITE, 4);
    assert_false(blocked); /* nothing is inside, so nothing is flushed */
    expect_send(&sent, &blocked, IO_OK, 10);
    assert_false(blocked);
    assert_int_equal(script.calls, 4);
    assert_int_equal(script.offered[0], 10);
    assert_int_equal(script.offered[1], 6);
    assert_int_equal(script.offered[2], 6);
    assert_int_equal(script.offered[3], 5);
}

static void test_sending_what_stays_inside(void **unused)
{
    size_t sent = 0;
    bool blocked = false;
    memset(&script, 0, sizeof(script));
    script.results[0] = (struct io){.n = 10, .status = IO_OK, .blocked = true};
    script.results[1] = io_status(IO_WANT_WRITE);
    script.results[2] = io_status(IO_OK);
    expect_send(&sent, &blocked, IO_WANT_WRITE, 10);
    assert_true(blocked);
    expect_send(&sent, &blocked, IO_WANT_WRITE, 10);
    assert_true(blocked);
    expect_send(&sent, &blocked, IO_OK, 10);
    assert_false(blocked);
    assert_int_equal(script.calls, 3);
    assert_int_equal(script.offered[1] + script.offered[2], 0);
}

static void test_sending_fails(void **unused)
{
    size_t sent = 3;
    bool blocked = true;
    memset(&script, 0, sizeof(script));
    script.results[0] = io_fail(REASON_target_reset);
    script.results[1] = io_fail(REASON_target_reset);
    expect_send(&sent, &blocked, IO_FAIL, 3);
    assert_false(blocked);
    expect_send(&sent, &blocked, IO_FAIL, 3);
    assert_int_equal(script.offered[1], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons_of_each_side),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_sending_in_parts),
        cmocka_unit_test(test_sending_what_stays_inside),
        cmocka_unit_test(test_sending_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
