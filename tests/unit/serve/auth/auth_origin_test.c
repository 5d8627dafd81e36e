#include "serve/auth/auth_origin.h"

#include "lib/head_of.h"

static struct auth_answer answer;

static enum auth_outcome ask(const char *fields)
{
    static const char *const origins[] = {"https://a.example", "null"};
    const struct config_auth_origin config = {{origins, 2}};
    struct auth_method *method = auth_origin_create(&config);
    char text[HEAD_OF_TEXT];
    struct http_head head = head_of("/", fields, text);
    const struct auth_question question = {.head = &head};
    answer = (struct auth_answer){0};
    assert_non_null(method);
    enum auth_outcome outcome = method->ops->ask(method, &question, NULL, &answer);
    method->ops->release(method);
    return outcome;
}

static void test_compares_bytes(void **state)
{
    assert_int_equal(ask("Origin: https://a.example\r\n"), AUTH_PASSED);
    assert_int_equal(ask("origin: null\r\n"), AUTH_PASSED);
    assert_int_equal(ask("Origin: https://A.example\r\n"), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_refused);
    assert_int_equal(ask("Origin: https://a.example:443\r\n"), AUTH_FAILED);
    assert_int_equal(ask("Origin: https://a.example.evil\r\n"), AUTH_FAILED);
    assert_int_equal(ask(""), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compares_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
