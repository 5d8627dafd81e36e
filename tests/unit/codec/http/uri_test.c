#include "codec/http/uri.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Parses a copy of exact size, so that the sanitizer reports an overrun. */
static enum reason normalise(struct slice path, char *out, struct slice *normal)
{
    char *copy = malloc(path.len + 1);
    assert_non_null(copy);
    char *bytes = copy + 1;
    memcpy(bytes, path.ptr, path.len);
    enum reason bad = uri_normalise((struct slice){bytes, path.len}, out, normal);
    free(copy);
    return bad;
}

static void assert_normal(const char *path, const char *wanted)
{
    char first[URI_NORMAL_MAX(64)], second[URI_NORMAL_MAX(URI_NORMAL_MAX(64))];
    struct slice normal, again;
    assert_true(strlen(path) <= 64);
    if (normalise(slice_of(path), first, &normal) != REASON_none)
        fail_msg("%s is refused", path);
    if (!slice_equal(normal, slice_of(wanted)))
        fail_msg("%s became %.*s", path, (int)normal.len, normal.ptr);
    assert_int_equal(normalise(normal, second, &again), REASON_none);
    assert_true(slice_equal(normal, again));
}

static void assert_refused(struct slice path)
{
    char out[URI_NORMAL_MAX(64)];
    struct slice normal;
    if (normalise(path, out, &normal) != REASON_http_path)
        fail_msg("%.*s became %.*s", (int)path.len, path.ptr, (int)normal.len, normal.ptr);
}

static void test_decodes_unreserved_characters_only(void **state)
{
    assert_normal("/", "/");
    assert_normal("/vnc", "/vnc");
    assert_normal("/%76%6E%63", "/vnc");
    assert_normal("/%41%7a%30%2D%2e%5f%7E", "/Az0-._~");
    assert_normal("/a%3ab%3Fc%23d%5be", "/a%3Ab%3Fc%23d%5Be");
    assert_normal("/a%20b%c3%a9", "/a%20b%C3%A9");
    assert_normal("/!$&'()*+,;=:@", "/!$&'()*+,;=:@");
}

static void test_decodes_once(void **state)
{
    assert_normal("/%2541", "/%2541");
    assert_normal("/%252e%252E/x", "/%252e%252E/x");
    assert_normal("/%25%34%31", "/%2541");
}

static void test_one_normal_form(void **state)
{
    assert_normal("/{a}|^`[b]", "/%7Ba%7D%7C%5E%60%5Bb%5D");
    assert_normal("/%7Ba%7d%7c", "/%7Ba%7D%7C");
    assert_normal("/a b\"<>", "/a%20b%22%3C%3E");
    assert_normal("/b\xC3\xBCro", "/b%C3%BCro");
}

static void test_collapses_slashes(void **state)
{
    assert_normal("//", "/");
    assert_normal("//evil.example//a///b//", "/evil.example/a/b/");
    assert_normal("/a/", "/a/");
}

static void test_refuses_dot_segments(void **state)
{
    static const char *const paths[] = {
        "/.",        "/..",    "/./",       "/../a",   "/a/..",   "/a/../b",
        "/a/./b",    "/%2e",   "/%2E%2e/a", "/.%2e",   "/%2e./b", "//..",
        "/a//..//b", "/a/%2e", "/..%2fa",   "/a%2F..", "/a%5C..", "/a\\..\\b",
    };
    for (size_t i = 0; i < WSL_COUNT(paths); i++)
        assert_refused(slice_of(paths[i]));
    assert_normal("/...", "/...");
    assert_normal("/.a/b./..c/d..", "/.a/b./..c/d..");
    assert_normal("/..;/a", "/..;/a");
}

static void test_refuses_ambiguous_paths(void **state)
{
    static const char *const paths[] = {
        "",     "a",         "*",    "%2Fa", "/a%2Fb", "/a%2fb", "/a%5cb", "/a\\b",
        "/%00", "/a%0d%0ab", "/%1F", "/%7f", "/\x7F",  "/\n",    "/a?b",   "/a#b",
        "/%",   "/%4",       "/%4g", "/%g4", "/%%41",  "/% 1",
    };
    for (size_t i = 0; i < WSL_COUNT(paths); i++)
        assert_refused(slice_of(paths[i]));
    assert_refused(SLICE("/a\0b"));
}

/* Escaped and raw, a byte has the same normal form, is a delimiter, or is refused. */
static void test_every_byte(void **state)
{
    for (unsigned c = 0; c < 256; c++) {
        char raw[] = {'/', 'x', (char)c}, escaped[8], first[9], second[15];
        struct slice a, b;
        snprintf(escaped, sizeof(escaped), "/x%%%02x", c);
        bool raw_good = uri_normalise((struct slice){raw, 3}, first, &a) == REASON_none;
        bool escaped_good = uri_normalise(slice_of(escaped), second, &b) == REASON_none;
        bool control = c < ' ' || c == 0x7F || c == '\\';
        assert_int_equal(raw_good, !control && c != '?' && c != '#' && c != '%');
        assert_int_equal(escaped_good, !control && c != '/');
        if (raw_good && escaped_good && !strchr("!$&'()*+,;=:@", (int)c))
            assert_true(slice_equal(a, b));
    }
}

static void assert_split(const char *authority, const char *host, const char *port)
{
    struct slice got_host, got_port;
    uri_split_authority(slice_of(authority), &got_host, &got_port);
    assert_true(slice_equal(got_host, slice_of(host)));
    assert_true(slice_equal(got_port, slice_of(port)));
}

static void test_splits_authorities(void **state)
{
    assert_split("a.example", "a.example", "");
    assert_split("a.example:80", "a.example", "80");
    assert_split("a.example:", "a.example", "");
    assert_split("127.0.0.1", "127.0.0.1", "");
    assert_split("[::1]", "[::1]", "");
    assert_split("[::1]:443", "[::1]", "443");
    assert_split("443", "443", "");
    assert_split("", "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes_unreserved_characters_only),
        cmocka_unit_test(test_decodes_once),
        cmocka_unit_test(test_one_normal_form),
        cmocka_unit_test(test_collapses_slashes),
        cmocka_unit_test(test_refuses_dot_segments),
        cmocka_unit_test(test_refuses_ambiguous_paths),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_splits_authorities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
