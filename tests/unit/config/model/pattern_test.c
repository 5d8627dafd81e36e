#include "config/model/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef const char *(*judge)(const char *text);

static void check_all(judge check, const char *const *texts, bool good)
{
    for (; *texts; texts++)
        if ((check(*texts) == NULL) != good)
            fail_msg("'%s' is %s: %s", *texts, good ? "good" : "bad",
                     good ? check(*texts) : "nothing is said");
}

static void paths(void **state)
{
    const char *good[] = {"/",      "/vnc",    "/vnc/",  "/*",   "/vnc/*",        "/a.b",
                          "/...",   "/%C3%A9", "/a%20b", "/{a}", "/d/{name_1}/x", "/{a}/*",
                          "/a%3Fb", "/a%23b",  NULL};
    const char *bad[] = {"vnc",  "//",    "/a//b", "/.",    "/..",   "/a/../b", "/%2e%2E",
                         "/%2f", "/%00",  "/%",    "/%4",   "/%4g",  "/a*",     "/*/a",
                         "/{a",  "/{}",   "/{1a}", "/x{a}", "/{a}x", "/{a-b}",  "/a?b",
                         "/a#b", "/a\\b", "/a b",  "/a\tb", "/%0a",  "/%5c",    NULL};
    check_all(pattern_check_path, good, true);
    check_all(pattern_check_path, bad, false);
}

static void prefixes(void **state)
{
    assert_true(pattern_is_prefix("/*"));
    assert_true(pattern_is_prefix("/desk/{name}/*"));
    assert_false(pattern_is_prefix("/desk/"));
    assert_false(pattern_is_prefix(""));
}

static void bases(void **state)
{
    const char *good[] = {"/", "/desk", "/a/b", NULL};
    const char *bad[] = {"desk", "/desk/", "/*", "/{a}", "/a/..", NULL};
    check_all(pattern_check_base, good, true);
    check_all(pattern_check_base, bad, false);
}

static void hosts(void **state)
{
    const char *good[] = {"localhost",     "desk.example.com",
                          "*.example.com", "10.0.0.1",
                          "[::1]",         "a_b.c",
                          "Desk.Example",  NULL};
    const char *bad[] = {"*",     "*.",      "desk.*.com", "a..b", ".a", "-a", "a b",
                         "a:443", "[::1]:1", "a/b",        "[x]",  "[]", "",   NULL};
    check_all(pattern_check_host, good, true);
    check_all(pattern_check_host, bad, false);
}

static void origins(void **state)
{
    const char *good[] = {"any",
                          "null",
                          "https://desk.example.com",
                          "http://localhost:8080",
                          "https://*.example.com",
                          "https://[::1]:8443",
                          "https://[::1]",
                          "moz-extension://a1-b2",
                          NULL};
    const char *bad[] = {"*",          "desk.example.com", "https://",         "https://a/",
                         "https://a:", "https://a:80x",    "https://a:123456", "://a",
                         "https:/a",   "https://u@a",      "h t://a",          NULL};
    check_all(pattern_check_origin, good, true);
    check_all(pattern_check_origin, bad, false);
}

static void names_and_references(void **state)
{
    const char *good[] = {"ops", "a.b-c_d", "0", NULL};
    const char *bad[] = {"a b", "a/b", "\xc3\xa9",
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL};
    const char *references[] = {"ops", "/metrics", "/*", NULL};
    check_all(pattern_check_name, good, true);
    check_all(pattern_check_name, bad, false);
    check_all(pattern_check_reference, references, true);
    check_all(pattern_check_reference, bad, false);
}

static void banners(void **state)
{
    char longest[PATTERN_BANNER_MAX + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[PATTERN_BANNER_MAX + 1] = '\0';
    const char *good[] = {"rfb", "SSH-2.0", "220 a\r\n", " ", longest + 1, NULL};
    const char *bad[] = {"", longest, NULL};
    check_all(pattern_check_banner, good, true);
    check_all(pattern_check_banner, bad, false);
}

static void expressions(void **state)
{
    const char *good[] = {"[a-z0-9-]{1,32}", "desk-[0-9]+", "(a|b)", "a\\.b",
                          "\\\\d",           "x{3}",        NULL};
    const char *bad[] = {"[a-z",
                         "(a",
                         "a{2,1}",
                         "\\d",
                         "\\w+",
                         "(a)\\1",
                         "a\\",
                         "a{5000}",
                         "((a{99}){99}){99}",
                         "a{99999999999999999999}",
                         NULL};
    check_all(pattern_check_expression, good, true);
    check_all(pattern_check_expression, bad, false);
}

static void expect_specific(const char *const *expressions, bool expected)
{
    for (; *expressions; expressions++)
        if (pattern_is_specific(*expressions) != expected)
            fail_msg("'%s' is %sspecific", *expressions, expected ? "not " : "");
}

static void specific_expressions(void **state)
{
    const char *good[] = {"a",          "desk-[0-9]{1,4}",
                          "a|b",        "[a-z]+x",
                          "(a|b)?c",    "(a|b)",
                          "(a|b){1,2}", "((a))",
                          "\\.a",       "[0-9]+[x]",
                          "[]a]b",      "[[:alpha:]]z",
                          "[^]]b",      "10[.]0[.]0[.][0-9]+",
                          "x{2}",       "[[.-.]a]b",
                          NULL};
    const char *bad[] = {"[a-z]+",      ".*", "",        "a*",    "a?",   "a{0,3}",
                         "a{,3}",       "a|", "a|.",     "(a|.)", "(a)*", "[a-z0-9-]+",
                         "[.]-_",       "()", "^$",      "[^a]",  "[]a]", "[[=a=]]",
                         "[[:alpha:]]", "|a", "a|[b-c]", "\\.",   NULL};
    expect_specific(good, true);
    expect_specific(bad, false);
}

static void server_names(void **state)
{
    char longest[255], too_long[255];
    memset(longest, 'a', 253);
    memset(too_long, 'a', 254);
    longest[253] = too_long[254] = '\0';
    const char *good[] = {"desk", "{name}.desks", "10.0.0.1", "::1", "a.b.", "-", longest, NULL};
    const char *bad[] = {"a b", "a/b", "a@b", "caf\xc3\xa9", "a%b", "[::1]", too_long, NULL};
    check_all(pattern_check_server_name, good, true);
    check_all(pattern_check_server_name, bad, false);
}

static void redirects(void **state)
{
    const char *good[] = {"https://{host}{path}{query}", "http://a/b?c=%20", "/desk/", NULL};
    const char *bad[] = {"example.com",       "ftp://a",     "https://{name}",  "https://a/{",
                         "https://a/}",       "https://a b", "https://}{host}", "https://\xc3\xa9",
                         "https://a\r\nX: y", NULL};
    check_all(pattern_check_redirect, good, true);
    check_all(pattern_check_redirect, bad, false);
}

static void braces(void **state)
{
    const char *good[] = {"", "desk", "{a}", "x{a}.{b}y", NULL};
    const char *bad[] = {"{", "}", "{a", "a}", "}{a}", "{a}}", "{{a}", "{a}{", NULL};
    for (size_t i = 0; good[i]; i++)
        assert_true(pattern_braces_match(good[i]));
    for (size_t i = 0; bad[i]; i++)
        assert_false(pattern_braces_match(bad[i]));
}

static void headers(void **state)
{
    const char *names[] = {"X-A", "a!#$%&'*+-.^_`|~9", NULL},
               *no_names[] = {"X A", "X:", "\xff", NULL};
    const char *values[] = {"a b", "\xc3\xa9", "", NULL},
               *no_values[] = {" a", "a ", "a\nb", "\x7f", NULL};
    check_all(pattern_check_token, names, true);
    check_all(pattern_check_token, no_names, false);
    check_all(pattern_check_field, values, true);
    check_all(pattern_check_field, no_values, false);
}

static void sources_of_tokens(void **state)
{
    const char *good[] = {"query:token", "header:X-Desk", "cookie:a!b", "host",
                          "path",        "subprotocol",   "user",       NULL};
    const char *bad[] = {"",       "query", "query:", "query:a b", "cookie:a;b",  "Host",
                         "path:x", "token", "host:x", "user:x",    "Subprotocol", NULL};
    check_all(pattern_check_token_place, good, true);
    check_all(pattern_check_token_place, bad, false);
    const char *places[] = {"query:t", "header:X-Desk", "cookie:a!b",
                            "header",  "subprotocol",   NULL};
    const char *nowhere[] = {"",     "query",    "query:", "cookie:a;b", "Header",
                             "path", "header: ", "host",   "user",       NULL};
    check_all(pattern_check_ticket_place, places, true);
    check_all(pattern_check_ticket_place, nowhere, false);
}

static void expect_same(const char *a, const char *b, bool expected)
{
    char x[64], y[64];
    pattern_canonical_path(a, x);
    pattern_canonical_path(b, y);
    assert_int_equal(strcmp(x, y) == 0, expected);
}

static void detects_equal_paths(void **state)
{
    expect_same("/vnc", "/v%6eC", false);
    expect_same("/vnc", "/%76n%63", true);
    expect_same("/{a}", "/{long_name}", true);
    expect_same("/{a}/x", "/{a}/y", false);
    expect_same("/vnc", "/vnc/", false);
    expect_same("/%C3%A9", "/%c3%a9", true);
    expect_same("/%7B%7D", "/{a}", false);
}

static void iterates_over_captures(void **state)
{
    const char *cursor = "/a/{bc}/{d}/{";
    struct slice name;
    assert_true(pattern_next_capture(&cursor, &name));
    assert_memory_equal(name.ptr, "bc", 2);
    assert_int_equal(name.len, 2);
    assert_true(pattern_next_capture(&cursor, &name));
    assert_int_equal(name.len, 1);
    assert_false(pattern_next_capture(&cursor, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(bases),
        cmocka_unit_test(hosts),
        cmocka_unit_test(origins),
        cmocka_unit_test(names_and_references),
        cmocka_unit_test(banners),
        cmocka_unit_test(expressions),
        cmocka_unit_test(specific_expressions),
        cmocka_unit_test(server_names),
        cmocka_unit_test(redirects),
        cmocka_unit_test(braces),
        cmocka_unit_test(headers),
        cmocka_unit_test(sources_of_tokens),
        cmocka_unit_test(detects_equal_paths),
        cmocka_unit_test(iterates_over_captures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
