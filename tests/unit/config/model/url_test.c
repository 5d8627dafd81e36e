#include "config/model/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_valid(void **state)
{
    static const struct {
        const char *text;
        bool tls;
        const char *where;
        unsigned port;
        const char *target, *host;
    } rows[] = {
        {"http://a", false, "a", 80, "/", "a"},
        {"http://a.example:80/b?c=%20&d", false, "a.example", 80, "/b?c=%20&d", "a.example"},
        {"https://a/", true, "a", 443, "/", "a"},
        {"https://a:80/x", true, "a", 80, "/x", "a:80"},
        {"http://[::1]:8080/x", false, "::1", 8080, "/x", "[::1]:8080"},
        {"http://[::ffff:127.0.0.1]", false, "::ffff:127.0.0.1", 80, "/", "[::ffff:127.0.0.1]"},
        {"http://127.0.0.1:9000/desk?name={token}", false, "127.0.0.1", 9000, "/desk?name={token}",
         "127.0.0.1:9000"},
        {"http://a/b@c:d", false, "a", 80, "/b@c:d", "a"},
        {"unix:/run/a.sock", false, "/run/a.sock", 0, "/", "localhost"},
        {"unix:/run/a.sock:/check?x=:/", false, "/run/a.sock", 0, "/check?x=:/", "localhost"},
        {"unix:@name:/check", false, "@name", 0, "/check", "localhost"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct url url;
        char host[300];
        const char *fault = url_parse(rows[i].text, &url);
        if (fault)
            fail_msg("%s: %s", rows[i].text, fault);
        assert_int_equal(url.tls, rows[i].tls);
        bool tcp = url.address.kind == CONFIG_ADDRESS_TCP;
        assert_string_equal(tcp ? url.address.host : url.address.path, rows[i].where);
        assert_int_equal(url.address.port, rows[i].port);
        assert_string_equal(url.target, rows[i].target);
        assert_string_equal(url_print_host(&url, host, sizeof(host)), rows[i].host);
    }
}

static void test_invalid(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "must be"},
        {"a", "must be"},
        {"HTTP://a", "must be"},
        {"ftp://a/", "must be"},
        {"http://", "must be"},
        {"http:///x", "must be"},
        {"http://:80/", "must be"},
        {"http://a b/", "must be"},
        {"http://[]/", "must be"},
        {"http://[::1", "must be"},
        {"http://[a%25eth0]/", "must be"},
        {"http://user@a/", "user name"},
        {"http://user:1@a/", "user name"},
        {"http://a:0/", "port"},
        {"http://a:65536/", "port"},
        {"http://a:/", "port"},
        {"http://a:x/", "port"},
        {"http://a:1x/", "'/' in front"},
        {"http://a?x", "'/' in front"},
        {"http://a/b c", "cannot have"},
        {"http://a/b\r\nX: y", "cannot have"},
        {"http://a/#x", "cannot have"},
        {"http://a/%2", "cannot have"},
        {"http://a/{name}", "cannot have"},
        {"http://a/\xc3\xa4", "cannot have"},
        {"unix:", "must be"},
        {"unix:/", "must be"},
        {"unix:run/x", "must be"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct url url;
        const char *fault = url_parse(rows[i].text, &url);
        if (!fault || !strstr(fault, rows[i].why))
            fail_msg("%s: %s", rows[i].text, fault ? fault : "accepted");
    }
}

static void test_places(void **state)
{
    assert_null(url_check("http://a/b"));
    assert_non_null(url_check("http://a/{token}"));
    assert_null(url_check_template("http://a/{token}"));
    assert_null(url_check_template("unix:/run/x:/?t={token}&a=b"));
    assert_non_null(url_check_template("http://a/b"));
    assert_non_null(url_check_template("http://a/{token}{token}"));
    assert_non_null(url_check_template("http://{token}/"));
}

/* The longest that fits, and the first that does not. */
static void test_lengths(void **state)
{
    struct url url;
    char text[URL_MAX + 3];
    memset(text, 'x', sizeof(text));
    memcpy(text, "http://a/", 9);
    text[URL_MAX] = '\0';
    assert_null(url_parse(text, &url));
    assert_int_equal(strlen(url.target), URL_MAX - strlen("http://a"));
    text[URL_MAX] = 'x';
    text[URL_MAX + 1] = '\0';
    assert_string_equal(url_parse(text, &url), "is too long");
    memcpy(text, "unix:/xxx", 9);
    text[5 + 107] = '\0';
    assert_null(url_parse(text, &url));
    text[5 + 107] = 'x';
    text[5 + 108] = '\0';
    assert_non_null(url_parse(text, &url));
}

static void test_passwords(void **state)
{
    assert_true(url_may_have_password("http://ann:secret@a/"));
    assert_true(url_may_have_password("redis://:se/cret?@a"));
    assert_false(url_may_have_password("http://a/{token}"));
    assert_false(url_may_have_password("unix:@name"));
    assert_false(url_may_have_password("ops@example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),     cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_places),    cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
