#include "core/access/client_facts.h"

#include "lib/head_of.h"

static struct http_head head;

static void expect(struct text *text, const char *expected)
{
    size_t length;
    char *bytes = text_take(text, &length);
    assert_non_null(bytes);
    assert_string_equal(bytes, expected);
    free(bytes);
}

static void test_what_is_known(void **state)
{
    struct client_address client = {.known = true};
    struct client_facts facts = {&head, &client, true};
    struct text text = {0};
    assert_true(ip_parse(SLICE("203.0.113.9"), client.ip.address));
    head = head_of_text("GET / HTTP/1.1\r\nHost: desk:80\r\nX-Forwarded-For: 1.2.3.4\r\n"
                        "X-Forwarded-Host: evil\r\nX-Forwarded-Proto: gopher\r\n\r\n");
    client_facts_write(&text, &facts);
    expect(&text, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
                  "X-Forwarded-Host: desk:80\r\n");
    facts.secure = client.known = false;
    head = head_of_text("GET / HTTP/1.0\r\n\r\n");
    client_facts_write(&text, &facts);
    expect(&text, "X-Forwarded-Proto: http\r\n");
}

static void test_fields(void **state)
{
    struct text text = {0};
    client_facts_add(&text, "A", SLICE("b\r\nC: d\x7f\x01"));
    expect(&text, "A: b??C: d??\r\n");
    client_facts_add(&text, "A", (struct slice){0});
    expect(&text, "A: \r\n");
    head =
        head_of_text("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nother: x\r\ncookie: c=d\r\n\r\n");
    client_facts_copy(&text, &head, "Cookie");
    expect(&text, "Cookie: a=b\r\nCookie: c=d\r\n");
    client_facts_copy(&text, &head, "Authorization");
    expect(&text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_known),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
