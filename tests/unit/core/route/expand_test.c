#include "core/route/expand.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct expand_value values[] = {
    {{"name", 4}, {"desk-17", 7}},
    {{"zone", 4}, {"{name}", 6}},
    {{"none", 4}, {NULL, 0}},
};

/* Expands into memory of exact size; one byte less is not enough. */
static void assert_text(const char *form, const char *wanted)
{
    size_t size = strlen(wanted) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    assert_true(expand_text(form, values, WSL_COUNT(values), out, size));
    assert_string_equal(out, wanted);
    if (size > 1)
        assert_false(expand_text(form, values, WSL_COUNT(values), out, size - 1));
    free(out);
}

static void assert_no_text(const char *form)
{
    char out[64];
    assert_false(expand_text(form, values, WSL_COUNT(values), out, sizeof(out)));
}

static void test_replaces_names(void **state)
{
    assert_text("", "");
    assert_text("10.0.0.1", "10.0.0.1");
    assert_text("{name}", "desk-17");
    assert_text("{name}.desks.internal", "desk-17.desks.internal");
    assert_text("/run/{name}/{name}.sock", "/run/desk-17/desk-17.sock");
    assert_text("a{none}b", "ab");
}

static void test_no_capacity(void **state)
{
    char out[1] = {'x'};
    assert_false(expand_text("", values, WSL_COUNT(values), out, 0));
    assert_false(expand_text("{none}", values, WSL_COUNT(values), out, 0));
    assert_int_equal(out[0], 'x');
}

static void test_does_not_expand_values(void **state)
{
    assert_text("{zone}{name}", "{name}desk-17");
}

static void test_refuses_unknown_and_open_names(void **state)
{
    assert_no_text("{other}");
    assert_no_text("{nam}");
    assert_no_text("{}");
    assert_no_text("a{name");
    assert_no_text("{");
    assert_no_text("{name}{");
}

static bool locate(const char *form, const char *host, const char *path, const char *target,
                   char *out, size_t capacity)
{
    const char *mark = strchr(target, '?');
    const struct expand_request request = {slice_of(host), slice_of(path),
                                           mark ? slice_of(mark + 1) : (struct slice){0}};
    return expand_location(form, &request, out, capacity);
}

static void assert_location(const char *form, const char *host, const char *path,
                            const char *target, const char *wanted)
{
    char out[128];
    bool good = locate(form, host, path, target, out, sizeof(out));
    if (!wanted)
        assert_false(good);
    else if (!good || strcmp(out, wanted) != 0)
        fail_msg("%s for %s %s became %s", form, host, target, good ? out : "nothing");
}

static void test_redirects(void **state)
{
    static const char form[] = "https://{host}{path}{query}";
    assert_location(form, "a.example", "/vnc", "/vnc", "https://a.example/vnc");
    assert_location(form, "a.example:80", "/vnc", "/vnc?x=1", "https://a.example/vnc?x=1");
    assert_location(form, "[::1]:80", "/", "/?", "https://[::1]/?");
    assert_location("https://b.example/", "a.example", "/vnc", "/vnc?x", "https://b.example/");
    assert_location("/new{path}", NULL, "/vnc", "/vnc", "/new/vnc");
    assert_location(form, NULL, "/vnc", "/vnc", NULL);
    assert_location("https://{name}/", "a.example", "/", "/", NULL);
}

static void test_a_path_never_becomes_a_host(void **state)
{
    assert_location("/{path}", "a", "/evil.example", "/evil.example", "/evil.example");
    assert_location("{path}{query}", "a", "/vnc", "/vnc?//b", "/vnc?//b");
    assert_location("//{path}", "a", "/", "/", "/");
}

static void test_refuses_unsafe_characters(void **state)
{
    assert_location("https://{host}/", "a\r\nSet-Cookie: b", "/", "/", NULL);
    assert_location("/x{query}", "a", "/", "/?a\nb", NULL);
    assert_location("/x{query}", "a", "/", "/?a|b={`^}", "/x?a%7Cb=%7B%60%5E%7D");
    assert_location("/x{query}", "a", "/", "/?a b", NULL);
    assert_location("/x{query}", "a", "/", "/?a\"b", NULL);
    assert_location("/x{query}", "a", "/", "/?a\\b", NULL);
    assert_location("/x{query}", "a", "/", "/?\x80", NULL);
    assert_location("/x{query}", "a", "/", "/?\x7F", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces_names),
        cmocka_unit_test(test_no_capacity),
        cmocka_unit_test(test_does_not_expand_values),
        cmocka_unit_test(test_refuses_unknown_and_open_names),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_a_path_never_becomes_a_host),
        cmocka_unit_test(test_refuses_unsafe_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
