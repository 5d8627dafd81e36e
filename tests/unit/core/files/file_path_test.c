#include "core/files/file_path.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool decode(struct slice below, bool hidden, struct file_path *path, char *out)
{
    char *copy = malloc(below.len + 1), *name = malloc(below.len + 1);
    assert_non_null(copy);
    assert_non_null(name);
    if (below.len > 0)
        memcpy(copy, below.ptr, below.len);
    bool good = file_path_decode((struct slice){copy, below.len}, hidden, name, path);
    if (good) {
        assert_int_equal(strlen(name), path->length);
        memcpy(out, name, path->length + 1);
        path->name = out;
    }
    free(copy);
    free(name);
    return good;
}

static void assert_name(const char *below, const char *wanted, bool folder)
{
    struct file_path path;
    char out[128];
    if (!decode(slice_of(below), false, &path, out))
        fail_msg("%s is refused", below);
    assert_string_equal(path.name, wanted);
    assert_int_equal(path.length, strlen(wanted));
    assert_int_equal(path.folder, folder);
}

static void test_decodes_once(void **state)
{
    assert_name("", "", true);
    assert_name("vnc.html", "vnc.html", false);
    assert_name("core/rfb.js", "core/rfb.js", false);
    assert_name("core/", "core/", true);
    assert_name("a%20b%C3%BC.txt", "a b\xC3\xBC.txt", false);
    assert_name("a%252e%252e/b", "a%2e%2e/b", false);
    assert_name("a..b/c...", "a..b/c...", false);
}

static void test_refuses_dots_and_separators(void **state)
{
    static const char *const paths[] = {
        ".",      "..",     "./a",    "../a",   "a/..",    "a/../b", "a/.",     ".git/config",
        "a/.b",   ".",      "/a",     "a//b",   "a%2Fb",   "%00",    "a%00.js", "...",
        "%2E%2E", "%2E./a", ".%2E/a", "a/%2Eb", "a/%2E/b", "a%2",    "a%",
    };
    struct file_path path;
    char out[128];
    for (size_t i = 0; i < WSL_COUNT(paths); i++)
        if (decode(slice_of(paths[i]), false, &path, out))
            fail_msg("%s became %s", paths[i], path.name);
}

static void test_hidden_files(void **state)
{
    static const char *const never[] = {".", "..", "a/..", "../a", "a/./b", "%2E%2E/a", ""};
    struct file_path path;
    char out[128];
    assert_true(decode(SLICE(".well-known/a"), true, &path, out));
    assert_string_equal(path.name, ".well-known/a");
    assert_true(decode(SLICE("..."), true, &path, out));
    assert_true(decode(SLICE("..%20"), true, &path, out));
    assert_string_equal(path.name, ".. ");
    for (size_t i = 0; never[i][0]; i++)
        assert_false(decode(slice_of(never[i]), true, &path, out));
}

static void test_below_a_route(void **state)
{
    static const struct {
        const char *route, *path, *below;
    } rows[] = {
        {"/*", "/", ""},
        {"/*", "/a/b", "a/b"},
        {"/novnc/*", "/novnc/", ""},
        {"/novnc/*", "/novnc/core/rfb.js", "core/rfb.js"},
        {"/desk/{name}/*", "/desk/seven/a/", "a/"},
        {"/page", "/page", ""},
        {"/", "/", ""},
        {"/a/b/*", "/a", ""},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct slice below = file_path_below(rows[i].route, slice_of(rows[i].path));
        assert_true(slice_equal(below, slice_of(rows[i].below)));
    }
}

static void test_pages_have_no_dot_in_their_last_part(void **state)
{
    static const struct {
        const char *below;
        bool page;
    } rows[] = {
        {"", true},        {"settings", true}, {"a/b/", true},   {"v1.2/settings", true},
        {"app.js", false}, {"a/b.css", false}, {"v1.2/", false}, {"v1.2", false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct file_path path;
        char out[128];
        assert_true(decode(slice_of(rows[i].below), false, &path, out));
        assert_int_equal(file_path_is_page(&path), rows[i].page);
    }
}

static void test_location_stays_on_the_host(void **state)
{
    static const struct {
        const char *path, *target_query, *wanted;
    } rows[] = {
        {"/core", NULL, "./core/"},
        {"/novnc/core", "?a=1&b=//x", "./core/?a=1&b=//x"},
        {"/a:b", "?", "./a:b/?"},
        {"/a%20b", NULL, "./a%20b/"},
        {"/evil.example", "?{x|y}", "./evil.example/?%7Bx%7Cy%7D"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char out[128];
        struct slice query = {0};
        if (rows[i].target_query)
            query = slice_from(slice_of(rows[i].target_query), 1);
        assert_true(file_path_location(slice_of(rows[i].path), query, out, sizeof(out)));
        assert_string_equal(out, rows[i].wanted);
    }
    char small[8];
    assert_false(file_path_location(SLICE("/core-and-more"), (struct slice){0}, small, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes_once),
        cmocka_unit_test(test_refuses_dots_and_separators),
        cmocka_unit_test(test_hidden_files),
        cmocka_unit_test(test_below_a_route),
        cmocka_unit_test(test_pages_have_no_dot_in_their_last_part),
        cmocka_unit_test(test_location_stays_on_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
