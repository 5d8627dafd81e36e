#include "core/tokens/token_find.h"

#include "lib/head_of.h"

static const char request[] = "GET /base/desk/red?x=1&token=a%20b+c HTTP/1.1\r\n"
                              "Host: desk.example.com:6080\r\n"
                              "X-Desk: blue\r\n"
                              "X-Twice: one\r\n"
                              "X-Twice: two\r\n"
                              "Cookie: a=b; desk=\"green\"; c\r\n"
                              "Cookie: late=1; desk=other\r\n\r\n";

static void assert_token(const struct http_head *head, const char *from, const char *path,
                         const char *pattern, const char *wanted)
{
    const struct token_request asked = {.head = head, .path = slice_of(path), .pattern = pattern};
    char out[TOKEN_MAX];
    struct slice token;
    enum token_find_verdict verdict = token_find_in(from, &asked, out, &token);
    assert_int_equal(verdict, wanted ? TOKEN_FIND_FOUND : TOKEN_FIND_NONE);
    if (wanted && !slice_equal(token, slice_of(wanted)))
        fail_msg("%s: %.*s instead of %s", from, (int)token.len, token.ptr, wanted);
}

static void test_reads_the_configured_part(void **state)
{
    struct http_head head = head_of_text(request);
    assert_token(&head, "query:token", "/desk/red", "/desk/*", "a b c");
    assert_token(&head, "query:x", "/desk/red", "/desk/*", "1");
    assert_token(&head, "query:y", "/desk/red", "/desk/*", NULL);
    assert_token(&head, "header:x-desk", "/desk/red", "/desk/*", "blue");
    assert_token(&head, "header:X-Twice", "/desk/red", "/desk/*", NULL);
    assert_token(&head, "header:X-None", "/desk/red", "/desk/*", NULL);
    assert_token(&head, "cookie:desk", "/desk/red", "/desk/*", "green");
    assert_token(&head, "cookie:late", "/desk/red", "/desk/*", "1");
    assert_token(&head, "cookie:c", "/desk/red", "/desk/*", NULL);
    assert_token(&head, "cookie:Desk", "/desk/red", "/desk/*", NULL);
    assert_token(&head, "host", "/desk/red", "/desk/*", "desk.example.com");
    assert_token(&head, "path", "/desk/red", "/desk/*", "red");
}

static void test_reads_a_query_as_websockify_does(void **state)
{
    static const struct {
        const char *query, *token;
    } cases[] = {
        {"token=one&token=two", "one"},
        {"token=&token=two", "two"},
        {"token", NULL},
        {"", NULL},
        {"&&token=x&", "x"},
        {"a=token=1&token=2", "2"},
        {"token=a=b", "a=b"},
        {"tok%65n=x", "x"},
        {"Token=x", NULL},
        {"token=x%0A%0a", "x"},
        {"token=%0A", NULL},
        {"token=%0Ax", "\nx"},
        {"token=%zz%4%", "%zz%4%"},
        {"token=%2525", "%25"},
        {"token=a;b", "a;b"},
        {"token=..%2F..%2fetc%2Fpasswd", "../../etc/passwd"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct http_head head = {.query = slice_of(cases[i].query)};
        assert_token(&head, "query:token", "/", "/*", cases[i].token);
    }
}

static void test_takes_one_segment_of_a_path(void **state)
{
    struct http_head head = {0};
    assert_token(&head, "path", "/red", "/*", "red");
    assert_token(&head, "path", "/", "/*", NULL);
    assert_token(&head, "path", "/desk/", "/desk/*", NULL);
    assert_token(&head, "path", "/desk/red/", "/desk/*", NULL);
    assert_token(&head, "path", "/desk/red/blue", "/desk/*", NULL);
    assert_token(&head, "path", "/desk/a%20b+c", "/desk/*", "a b+c");
    assert_token(&head, "path", "/desk/7/red", "/desk/{room}/*", "red");
}

static void test_cuts_a_port_off_the_host(void **state)
{
    static const struct {
        const char *host, *token;
    } cases[] = {
        {"desk", "desk"},        {"Desk:80", "Desk"}, {"[::1]", "[::1]"},
        {"[::1]:6080", "[::1]"}, {":80", NULL},       {"", NULL},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct http_head head = {.host = slice_of(cases[i].host)};
        assert_token(&head, "host", "/", "/*", cases[i].token);
    }
    struct http_head none = {0};
    assert_token(&none, "host", "/", "/*", NULL);
}

static void test_reports_a_token_that_is_too_long(void **state)
{
    static const char prefix[] = "token=";
    size_t length = strlen(prefix) + TOKEN_MAX;
    char *query = malloc(length + 1), out[TOKEN_MAX];
    assert_non_null(query);
    memset(query, 'x', length + 1);
    memcpy(query, prefix, strlen(prefix));
    struct http_head head = {.query = {query, length}};
    struct token_request asked = {.head = &head, .path = SLICE("/"), .pattern = "/*"};
    struct slice token;
    assert_int_equal(token_find_in("query:token", &asked, out, &token), TOKEN_FIND_FOUND);
    assert_int_equal(token.len, TOKEN_MAX);
    struct http_head longer = {.query = {query, length + 1}};
    asked.head = &longer;
    assert_int_equal(token_find_in("query:token", &asked, out, &token), TOKEN_FIND_LONG);
    free(query);
}

/* From memory of exactly that size: a sanitizer reports a read behind the cut. */
static void test_names_the_part_of_a_request(void **state)
{
    static const struct {
        const char *from;
        unsigned parts;
    } cases[] = {
        {"path", TOKEN_IN_PATH},
        {"query:token", TOKEN_IN_QUERY},
        {"host", TOKEN_IN_HOST},
        {"header:hOST", TOKEN_IN_HOST},
        {"header:origin", TOKEN_IN_HOST},
        {"header:X-Host", 0},
        {"cookie:host", 0},
        {"query:host", TOKEN_IN_QUERY},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        assert_int_equal(token_find_parts(cases[i].from), cases[i].parts);
}

static void test_reads_no_further_than_the_text(void **state)
{
    static const char text[] = "x=1&tok%65n=a%20b%2Bc&y";
    for (size_t length = 0; length < sizeof(text); length++) {
        char *copy = malloc(length + 1), out[TOKEN_MAX];
        assert_non_null(copy);
        memcpy(copy + 1, text, length);
        struct http_head head = {.query = {copy + 1, length}};
        struct token_request asked = {.head = &head, .path = SLICE("/"), .pattern = "/*"};
        struct slice token;
        enum token_find_verdict verdict = token_find_in("query:token", &asked, out, &token);
        assert_int_equal(verdict, length > 12 ? TOKEN_FIND_FOUND : TOKEN_FIND_NONE);
        if (length >= 21)
            assert_true(slice_equal(token, SLICE("a b+c")));
        free(copy);
    }
}

/* Browsers send no other field of their page's choice with a WebSocket. */
static void test_reads_an_offered_subprotocol(void **state)
{
    static const struct {
        const char *fields, *token;
    } cases[] = {
        {"Sec-WebSocket-Protocol: binary, bearer.abc\r\n", "abc"},
        {"Sec-WebSocket-Protocol: binary\r\nSec-WebSocket-Protocol: bearer.a.b.c\r\n", "a.b.c"},
        {"Sec-WebSocket-Protocol: bearer., bearer.one, bearer.two\r\n", "one"},
        {"Sec-WebSocket-Protocol: Bearer.abc, xbearer.abc, bearer\r\n", NULL},
        {"X-Protocol: bearer.abc\r\n", NULL},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", cases[i].fields);
        struct http_head head = head_of_text(text);
        assert_token(&head, "subprotocol", "/", "/*", cases[i].token);
    }
}

static enum token_find_verdict find_first(const struct token_request *asked,
                                          const char *const *places, size_t count,
                                          struct slice *token)
{
    static char out[TOKEN_MAX];
    const struct config_texts from = {places, count};
    return token_find_first(&from, asked, out, token);
}

static void test_takes_the_first_place_that_has_one(void **state)
{
    struct http_head head = head_of_text(request);
    struct token_request asked = {.head = &head, .path = SLICE("/desk/red"), .pattern = "/desk/*"};
    const char *const places[] = {"user", "query:none", "header:X-Twice", "cookie:desk", "path"};
    struct slice token;
    assert_int_equal(find_first(&asked, places, 5, &token), TOKEN_FIND_FOUND);
    assert_true(slice_equal(token, SLICE("green")));
    assert_int_equal(find_first(&asked, places + 4, 1, &token), TOKEN_FIND_FOUND);
    assert_true(slice_equal(token, SLICE("red")));
    assert_int_equal(find_first(&asked, places, 3, &token), TOKEN_FIND_NONE);
    assert_int_equal(find_first(&asked, places, 0, &token), TOKEN_FIND_NONE);
    asked.user = SLICE("alice");
    assert_int_equal(find_first(&asked, places, 5, &token), TOKEN_FIND_FOUND);
    assert_true(slice_equal(token, SLICE("alice")));
}

/* A longer one than any ends the search: it is there, and no other place may replace it. */
static void test_a_token_that_is_too_long_ends_the_search(void **state)
{
    static char user[TOKEN_MAX + 1];
    struct http_head head = head_of_text(request);
    const char *const places[] = {"user", "cookie:desk"};
    struct token_request asked = {.head = &head, .path = SLICE("/"), .pattern = "/*"};
    struct slice token;
    memset(user, 'u', sizeof(user));
    asked.user = (struct slice){user, sizeof(user)};
    assert_int_equal(find_first(&asked, places, 2, &token), TOKEN_FIND_LONG);
}

static void test_the_parts_of_several_places(void **state)
{
    static const char *const places[] = {"cookie:a", "query:a", "path", "header:host"};
    for (size_t i = 0; i <= WSL_COUNT(places); i++) {
        const struct config_texts from = {places, i};
        unsigned wanted = (i > 1 ? TOKEN_IN_QUERY : 0u) | (i > 2 ? TOKEN_IN_PATH : 0u) |
                          (i > 3 ? TOKEN_IN_HOST : 0u);
        assert_int_equal(token_find_all_parts(&from), wanted);
    }
    assert_int_equal(token_find_parts("user"), 0);
    assert_int_equal(token_find_parts("subprotocol"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_the_configured_part),
        cmocka_unit_test(test_reads_a_query_as_websockify_does),
        cmocka_unit_test(test_takes_one_segment_of_a_path),
        cmocka_unit_test(test_cuts_a_port_off_the_host),
        cmocka_unit_test(test_reports_a_token_that_is_too_long),
        cmocka_unit_test(test_names_the_part_of_a_request),
        cmocka_unit_test(test_reads_no_further_than_the_text),
        cmocka_unit_test(test_reads_an_offered_subprotocol),
        cmocka_unit_test(test_takes_the_first_place_that_has_one),
        cmocka_unit_test(test_a_token_that_is_too_long_ends_the_search),
        cmocka_unit_test(test_the_parts_of_several_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
