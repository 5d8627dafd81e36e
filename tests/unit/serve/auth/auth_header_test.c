#include "serve/auth/auth_header.h"

#include "lib/head_of.h"

static struct auth_answer answer;

static enum auth_outcome ask(const char *fields, bool from_proxy)
{
    const struct config_auth_header config = {"X-User"};
    struct auth_method *method = auth_header_create(&config);
    char text[HEAD_OF_TEXT];
    struct http_head head = head_of("/", fields, text);
    const struct auth_question question = {.head = &head, .from_proxy = from_proxy};
    answer = (struct auth_answer){0};
    assert_non_null(method);
    enum auth_outcome outcome = method->ops->ask(method, &question, NULL, &answer);
    method->ops->release(method);
    return outcome;
}

static void takes_the_name_of_a_trusted_proxy(void **state)
{
    (void)state;
    assert_int_equal(ask("x-user: ann\r\n", true), AUTH_PASSED);
    assert_string_equal(answer.user, "ann");
    assert_int_equal(ask("X-User: ann\r\n", false), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_refused);
    assert_string_equal(answer.detail, "the client is none of trusted_proxies");
    assert_string_equal(answer.user, "");
}

static void wants_exactly_one_name(void **state)
{
    (void)state;
    assert_int_equal(ask("", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_required);
    assert_int_equal(ask("X-User:\r\n", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_required);
    assert_int_equal(ask("X-User: ann\r\nX-User: bob\r\n", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_failed);
    assert_string_equal(answer.detail, "the field X-User is repeated");
}

static void refuses_a_name_that_does_not_fit(void **state)
{
    char fields[AUTH_USER_MAX + 32];
    (void)state;
    for (int length = AUTH_USER_MAX; length <= AUTH_USER_MAX + 1; length++) {
        snprintf(fields, sizeof(fields), "X-User: %0*d\r\n", length, 1);
        assert_int_equal(ask(fields, true), length > AUTH_USER_MAX ? AUTH_FAILED : AUTH_PASSED);
        assert_int_equal(strlen(answer.user), length > AUTH_USER_MAX ? 0 : AUTH_USER_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_name_of_a_trusted_proxy),
        cmocka_unit_test(wants_exactly_one_name),
        cmocka_unit_test(refuses_a_name_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
