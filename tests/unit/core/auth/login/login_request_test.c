#include "core/auth/login/login_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* `lines`: whole field lines. */
static struct http_head head_of(char text[static 512], const char *line, const char *lines)
{
    struct http_head head;
    struct http_limits limits = {16384, 8192, 100};
    struct http_scan scan = {0};
    size_t consumed;
    enum reason bad;
    snprintf(text, 512, "%s HTTP/1.1\r\nHost: desk.example.com\r\n%s\r\n", line, lines);
    assert_int_equal(http_head_parse(&head, text, strlen(text), &limits, &scan, &consumed, &bad),
                     HTTP_HEAD);
    return head;
}

static void test_pages(void **state)
{
    static const struct {
        const char *line, *fields;
        bool page;
    } rows[] = {
        {"GET /", "Sec-Fetch-Dest: document\r\n", true},
        {"GET /", "Sec-Fetch-Dest: iframe\r\nAccept: */*\r\n", true},
        {"HEAD /", "Sec-Fetch-Dest: document\r\n", true},
        {"POST /", "Sec-Fetch-Dest: document\r\n", true},
        {"GET /", "Sec-Fetch-Dest: empty\r\nAccept: text/html\r\n", false},
        {"GET /", "Sec-Fetch-Dest: image\r\n", false},
        {"GET /", "Sec-Fetch-Dest: script\r\n", false},
        {"GET /", "Sec-Fetch-Dest: Document\r\n", false},
        {"GET /", "Sec-Fetch-Dest: document\r\nSec-Fetch-Dest: document\r\n", false},
        {"GET /", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", true},
        {"GET /", "Accept: image/png, Text/HTML;q=0.5\r\n", true},
        {"GET /", "Accept: text/html;q=0\r\n", false},
        {"GET /", "Accept: */*\r\n", false},
        {"GET /", "Accept: text/htmlx\r\n", false},
        {"GET /", "", false},
        {"GET /", "Accept: text/html\r\nUpgrade: websocket\r\n", false},
        {"GET /", "Sec-Fetch-Dest: document\r\nUpgrade: h2c\r\n", false},
        {"PUT /", "Accept: text/html\r\n", false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char text[512];
        struct http_head head = head_of(text, rows[i].line, rows[i].fields);
        if (login_request_is_for_page(&head) != rows[i].page)
            fail_msg("%s %s", rows[i].line, rows[i].fields);
    }
}

static void test_sites(void **state)
{
    static const struct {
        const char *fields;
        enum login_site site, listed; /* with the origin of a proxy in `origins` */
    } rows[] = {
        {"", LOGIN_SITE_UNKNOWN, LOGIN_SITE_UNKNOWN},
        {"Sec-Fetch-Site: same-origin\r\n", LOGIN_SITE_SAME, LOGIN_SITE_SAME},
        {"Sec-Fetch-Site: none\r\n", LOGIN_SITE_SAME, LOGIN_SITE_SAME},
        {"Sec-Fetch-Site: same-site\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_FOREIGN},
        {"Sec-Fetch-Site: cross-site\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_FOREIGN},
        {"Sec-Fetch-Site: SAME-ORIGIN\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_FOREIGN},
        {"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n", LOGIN_SITE_FOREIGN,
         LOGIN_SITE_FOREIGN},
        {"Sec-Fetch-Site: cross-site\r\nOrigin: https://desk.example.com\r\n", LOGIN_SITE_FOREIGN,
         LOGIN_SITE_FOREIGN},
        {"Origin: https://desk.example.com\r\n", LOGIN_SITE_SAME, LOGIN_SITE_SAME},
        {"Origin: http://desk.example.com\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_FOREIGN},
        {"Origin: https://desk.example.com.evil.org\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_FOREIGN},
        {"Origin: https://proxy.example.com\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_SAME},
        {"Origin: null\r\n", LOGIN_SITE_FOREIGN, LOGIN_SITE_FOREIGN},
    };
    static const char *const proxy = "https://proxy.example.com";
    const struct config_texts none = {0}, listed = {.items = &proxy, .count = 1};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char text[512];
        struct http_head head = head_of(text, "POST /", rows[i].fields);
        assert_int_equal(login_request_site(&head, true, &none), rows[i].site);
        assert_int_equal(login_request_site(&head, true, &listed), rows[i].listed);
    }
}

static void test_locations(void **state)
{
    static const struct {
        const char *target, *location;
    } rows[] = {
        {"/", "./"},
        {"/desk/", "./"},
        {"/desk/vnc.html", "./vnc.html"},
        {"/desk/vnc.html?path=x&a=%20b", "./vnc.html?path=x&a=%20b"},
        {"/desk?", "./desk?"},
        {"/?next=https://evil.example.org/", "./?next=https://evil.example.org/"},
        {"//evil.example.org", "./evil.example.org"},
        {"//evil.example.org/..", "./.."},
        {"/https://evil.example.org/a:b", "./a:b"},
        {"/a|b{c}^`'", "./a%7Cb%7Bc%7D%5E%60'"},
        {"/x?{%22a%22:[1]}", "./x?%7B%22a%22:[1]%7D"},
        {"http://desk.example.com/a?b", "./a?b"},
        {"http://desk.example.com", "./"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char text[512], line[256], out[128];
        snprintf(line, sizeof(line), "GET %s", rows[i].target);
        struct http_head head = head_of(text, line, "");
        size_t length = login_request_location(out, sizeof(out), &head);
        assert_string_equal(out, rows[i].location);
        assert_int_equal(length, strlen(out));
        for (size_t capacity = 0; capacity <= length; capacity++)
            assert_int_equal(login_request_location(out, capacity, &head), 0);
        assert_int_equal(login_request_location(out, length + 1, &head), length);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_sites),
        cmocka_unit_test(test_locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
