#include "serve/auth/auth_origin.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct auth_answer answer;

static enum auth_outcome ask(const char *fields)
{
    static const struct http_limits limits = {16384, 8192, 100};
    static const char *const origins[] = {"https://a.example", "null"};
    const struct config_auth_origin config = {{origins, 2}};
    struct auth_method *method = auth_origin_create(&config);
    struct http_head head;
    struct http_scan scan = {0};
    enum reason bad;
    char text[1024];
    size_t consumed;
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);
    assert_int_equal(http_head_parse(&head, text, strlen(text), &limits, &scan, &consumed, &bad),
                     HTTP_HEAD);
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
