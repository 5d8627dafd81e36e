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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons_of_each_side),
        cmocka_unit_test(test_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
