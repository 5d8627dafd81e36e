/* What only few sessions have: no memory until a part is set, and what a further request forgets.
 */
#include "serve/session/session_extra.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static struct session session;

static int set_up(void **unused)
{
    session = (struct session){0};
    return 0;
}

static int tear_down(void **unused)
{
    session_extra_free(&session);
    assert_null(session.extra);
    session_extra_free(&session);
    return 0;
}

static struct session_extra *fill(void)
{
    struct session_extra *extra = session_extra_make(&session);
    assert_non_null(extra);
    extra->user = strdup("ada");
    extra->target_address = strdup("desk:5900");
    extra->detail = strdup("refused by the service");
    extra->chosen_by = "token";
    extra->expires_at = 1;
    extra->max_duration_ms = 2;
    extra->idle_timeout_ms = 3;
    return extra;
}

static void test_nothing_is_set(void **unused)
{
    const struct session_extra *extra = session_extra_of(&session);
    assert_true(!extra->user && !extra->chosen_by && !extra->target_address && !extra->detail);
    assert_true(!extra->refused && extra->expires_at == 0);
    assert_true(extra->max_duration_ms == 0 && extra->idle_timeout_ms == 0);
    session_extra_forget_request(&session);
    assert_null(session.extra);
}

static void test_is_made_once(void **unused)
{
    const struct session_extra *extra = fill();
    assert_ptr_equal(session_extra_make(&session), extra);
    assert_ptr_equal(session_extra_of(&session), extra);
}

static void test_a_further_request_keeps_what_is_for_the_log(void **unused)
{
    const struct session_extra *extra = fill();
    session_extra_forget_request(&session);
    assert_true(!extra->user && !extra->chosen_by && extra->expires_at == 0);
    assert_true(extra->max_duration_ms == 0 && extra->idle_timeout_ms == 0);
    assert_string_equal(extra->target_address, "desk:5900");
    assert_string_equal(extra->detail, "refused by the service");
}

static void test_without_memory(void **unused)
{
    failing_alloc_arm(1);
    assert_null(session_extra_make(&session));
    assert_true(failing_alloc_disarm());
    assert_null(session_extra_of(&session)->user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_further_request_keeps_what_is_for_the_log, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
