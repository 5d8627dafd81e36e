#include "core/auth/forward/forward_request.h"

#include "lib/head_of.h"

static void expect(const char *request, bool secure, const char *fields)
{
    struct client_address client = {.known = true};
    struct http_head head = head_of_text(request);
    struct text text = {0};
    size_t length;
    assert_true(ip_parse(SLICE("203.0.113.9"), client.ip.address));
    forward_request_write(&text, &(struct client_facts){&head, &client, secure});
    char *written = text_take(&text, &length);
    assert_non_null(written);
    assert_string_equal(written, fields);
    free(written);
}

static void test_what_the_service_reads(void **state)
{
    expect(
        "POST /a%20b?c=d&e HTTP/1.1\r\nHost: desk:81\r\nCookie: a=b\r\nAuthorization: Basic x\r\n"
        "Origin: https://a\r\nAccept: text/html\r\nX-Requested-With: y\r\n\r\n",
        true,
        "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
        "X-Forwarded-Host: desk:81\r\nX-Forwarded-Method: POST\r\n"
        "X-Forwarded-Uri: /a%20b?c=d&e\r\nX-Original-Method: POST\r\n"
        "X-Original-URI: /a%20b?c=d&e\r\nX-Original-URL: https://desk:81/a%20b?c=d&e\r\n"
        "Cookie: a=b\r\nAuthorization: Basic x\r\nOrigin: https://a\r\n"
        "Accept: text/html\r\nX-Requested-With: y\r\n");
}

/* A client cannot speak in a proxy's name, nor name its own user. */
static void test_what_a_client_makes_up(void **state)
{
    expect("GET http://desk/x HTTP/1.1\r\nHost: desk\r\nX-Forwarded-For: 10.0.0.1\r\n"
           "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Uri: /public\r\n"
           "X-Forwarded-Method: HEAD\r\nX-Original-URL: https://evil/\r\nX-Original-URI: /\r\n"
           "Remote-User: root\r\nX-Real-IP: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n\r\n",
           false,
           "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\n"
           "X-Forwarded-Host: desk\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Uri: /x\r\n"
           "X-Original-Method: GET\r\nX-Original-URI: /x\r\nX-Original-URL: http://desk/x\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_service_reads),
        cmocka_unit_test(test_what_a_client_makes_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
