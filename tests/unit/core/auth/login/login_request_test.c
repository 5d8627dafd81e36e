#include "core/auth/login/login_request.h"

#include "lib/head_of.h"

/* `lines`: whole field lines. */
static struct http_head head_of_line(char text[static 512], const char *line, const char *lines)
{
    snprintf(text, 512, "%s HTTP/1.1\r\nHost: desk.example.com\r\n%s\r\n", line, lines);
    return head_of_text(text);
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
        struct http_head head = head_of_line(text, rows[i].line, rows[i].fields);
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
        struct http_head head = head_of_line(text, "POST /", rows[i].fields);
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
        struct http_head head = head_of_line(text, line, "");
        size_t length = login_request_location(out, sizeof(out), &head);
        assert_string_equal(out, rows[i].location);
        assert_int_equal(length, strlen(out));
        for (size_t capacity = 0; capacity <= length; capacity++)
            assert_int_equal(login_request_location(out, capacity, &head), 0);
        assert_int_equal(login_request_location(out, length + 1, &head), length);
    }
}

static void test_links_of_a_logout(void **state)
{
    static const struct {
        const char *target, *logout, *back, *folder;
    } rows[] = {
        {"/ssh", "./ssh/logout", "./", "./"},
        {"/", "./logout", "./", "./"},
        {"/desk/", "./logout", "../desk", "./"},
        {"/ssh/logout", "./logout/logout", "../ssh", "./"},
        {"/logout", "./logout/logout", "./", "./"},
        {"/a/b%20c/logout?everywhere", "./logout/logout", "../b%20c", "./"},
        {"/a/x|y/logout", "./logout/logout", "../x%7Cy", "./"},
        {"//evil.example.org/logout", "./logout/logout", "../evil.example.org", "./"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char text[512], line[256], out[128];
        snprintf(line, sizeof(line), "GET %s", rows[i].target);
        struct http_head head = head_of_line(text, line, "");
        assert_int_equal(login_request_logout(out, sizeof(out), &head), strlen(rows[i].logout));
        assert_string_equal(out, rows[i].logout);
        assert_int_equal(login_request_back(out, sizeof(out), &head, false), strlen(rows[i].back));
        assert_string_equal(out, rows[i].back);
        assert_int_equal(login_request_back(out, sizeof(out), &head, true), strlen("./"));
        assert_string_equal(out, rows[i].folder);
        assert_int_equal(login_request_logout(out, 3, &head), 0);
    }
}

static void test_logouts_that_are_meant(void **state)
{
    static const struct {
        const char *line, *fields;
        bool meant;
    } rows[] = {
        {"GET /logout", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: document\r\n", true},
        {"GET /logout", "Sec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n", true},
        {"GET /logout", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: document\r\n", false},
        {"GET /logout", "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch\r\n", false},
        {"HEAD /logout", "Sec-Fetch-Site: none\r\n", false},
        {"GET /logout", "Accept: text/html\r\n", false}, /* an old browser, from anywhere */
        {"GET /logout", "Accept: */*\r\n", true},
        {"GET /logout", "", true},
    };
    const struct config_texts none = {0};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char text[512];
        struct http_head head = head_of_line(text, rows[i].line, rows[i].fields);
        if (login_request_is_meant(&head, true, &none) != rows[i].meant)
            fail_msg("%s %s", rows[i].line, rows[i].fields);
    }
}

static void test_parameters_of_the_query(void **state)
{
    char text[512];
    struct http_head head = head_of_line(text, "GET /logout?a=b&everywhere&c", "");
    assert_true(login_request_asks_for(&head, SLICE("everywhere")));
    assert_true(login_request_asks_for(&head, SLICE("a")));
    assert_false(login_request_asks_for(&head, SLICE("b")));
    head = head_of_line(text, "GET /logout", "");
    assert_false(login_request_asks_for(&head, SLICE("everywhere")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_sites),
        cmocka_unit_test(test_locations),
        cmocka_unit_test(test_links_of_a_logout),
        cmocka_unit_test(test_logouts_that_are_meant),
        cmocka_unit_test(test_parameters_of_the_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
