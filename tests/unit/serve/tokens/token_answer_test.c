#include "serve/tokens/token_answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/json_value.h"
#include "core/tokens/resolver_answer.h"
#include "lib/failing_alloc.h"

static struct token_destination *destination;

static enum reason take(const char *body)
{
    token_destination_free(destination);
    destination = calloc(1, sizeof(*destination));
    assert_non_null(destination);
    return token_answer_take(slice_of(body), "http://a", destination);
}

static void test_destinations(void **state)
{
    assert_int_equal(take("10.0.0.5:5900"), REASON_none);
    assert_int_equal(destination->address.kind, CONFIG_ADDRESS_TCP);
    assert_string_equal(destination->address.host, "10.0.0.5");
    assert_int_equal(destination->address.port, 5900);
    assert_int_equal(take("desk:ssh"), REASON_none);
    assert_int_equal(destination->address.port, 22);
    assert_int_equal(take("unix:/run/desk"), REASON_none);
    assert_int_equal(destination->address.kind, CONFIG_ADDRESS_UNIX);
    assert_string_equal(destination->address.path, "/run/desk");
#if JSON_VALUE_IS_BUILT_IN
    assert_int_equal(take("{\"target\":\"a:1\",\"user\":\"ann\"}"), REASON_none);
    assert_string_equal(destination->answer->user, "ann");
#endif
}

static void test_faults(void **state)
{
    assert_int_equal(take("desk"), REASON_token_source);
    assert_string_equal(destination->detail, "http://a: the answer is no target");
    assert_null(destination->answer);
    assert_int_equal(take("desk:no-such-service"), REASON_token_source);
    assert_non_null(strstr(destination->detail, "no service"));
    failing_alloc_arm(2); /* behind the destination's own */
    enum reason reason = take("a:1");
    assert_true(failing_alloc_disarm());
    assert_int_equal(reason, REASON_out_of_memory);
}

static void test_a_target_alone(void **state)
{
    assert_int_equal(take("a:1"), REASON_none);
    assert_int_equal(token_answer_take_target(SLICE("tls://b:2"), "auth", destination),
                     REASON_none);
    assert_string_equal(destination->address.host, "b");
    assert_int_equal(destination->answer->tls, RESOLVER_TLS_ON);
    assert_int_equal(token_answer_take_target(SLICE("{\"target\":\"a:1\"}"), "auth", destination),
                     REASON_token_source);
    assert_string_equal(destination->detail, "auth names no valid target");
}

/* The last one is freed; one that was cleared can be used again. */
static void test_lifetime(void **state)
{
    assert_int_equal(take("a:1"), REASON_none);
    assert_int_equal(token_answer_take(SLICE("b:2"), "http://a", destination), REASON_none);
    assert_string_equal(destination->address.host, "b");
    token_destination_clear(destination);
    assert_null(destination->answer);
    token_destination_free(destination);
    destination = NULL;
    token_destination_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_destinations),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_a_target_alone),
        cmocka_unit_test(test_lifetime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
