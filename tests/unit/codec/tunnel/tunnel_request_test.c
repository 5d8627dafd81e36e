/* Hosts that a proxy may be asked for, and the texts of faults. */
#include "codec/tunnel/tunnel_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool has_host(struct slice host)
{
    const struct tunnel_request request = {.host = host};
    return tunnel_request_has_host(&request);
}

static void test_a_host_is_one_word(void **state)
{
    assert_true(has_host(SLICE("desk")));
    assert_true(has_host(SLICE("fd00::1")));
    assert_true(has_host(SLICE("10.0.0.1")));
    assert_false(has_host(SLICE("")));
    assert_false(has_host(SLICE("desk ")));
    assert_false(has_host(SLICE("desk\r\nX: y")));
    assert_false(has_host(SLICE("de\0sk")));
    assert_false(has_host(SLICE("d\xc3\xa4sk")));
    assert_false(has_host(SLICE("desk\x7f")));
}

static void test_a_fault_fits_its_room(void **state)
{
    struct tunnel_fault fault;
    assert_int_equal(tunnel_request_fail(&fault, REASON_target_proxy_failed, "%0300d", 1),
                     TUNNEL_FAILED);
    assert_int_equal(strlen(fault.text), TUNNEL_FAULT - 1);
    assert_int_equal(tunnel_request_fail(&fault, REASON_target_proxy_auth, "a %s", "b"),
                     TUNNEL_FAILED);
    assert_string_equal(fault.text, "a b");
    assert_int_equal(fault.reason, REASON_target_proxy_auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_is_one_word),
        cmocka_unit_test(test_a_fault_fits_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
