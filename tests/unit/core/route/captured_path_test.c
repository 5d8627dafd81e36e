#include "core/route/captured_path.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/route/route.h"

static struct route_match match_of(const char *a, const char *b)
{
    return (struct route_match){
        .captures = {{SLICE("a"), slice_of(a)}, {SLICE("b"), slice_of(b)}},
        .capture_count = 2,
    };
}

static void test_fills_in(void **unused)
{
    static const struct {
        const char *template, *a, *b, *path;
    } cases[] = {
        {"/", "x", "y", "/"},
        {"/ws?k=v", "x", "y", "/ws?k=v"},
        {"/{a}/ws", "vm1", "y", "/vm1/ws"},
        {"/{b}{a}", "1", "x", "/x1"},
        {"/{a}?to={b}", "vm;v=1,2", "vm;v=1,2", "/vm%3Bv%3D1%2C2?to=vm%3Bv%3D1%2C2"},
        /* no further parameter */
        {"/ws?to={a}&as=user", "x&as=root", "", "/ws?to=x%26as%3Droot&as=user"},
        {"/ws?to={a}", "x+y", "", "/ws?to=x%2By"},
        /* escapes are not escaped again */
        {"/{a}?to={a}", "a%2Fb%26c", "", "/a%2Fb%26c?to=a%2Fb%26c"},
        {"/ws?{a}={b}", "k", "v~._-", "/ws?k=v~._-"},
        /* what is filled in is not looked at again */
        {"/{a}", "{b}", "secret", "/%7Bb%7D"},
        /* no parameter of a segment, which some servers cut off: "..;x" is no ".." */
        {"/a/{a}", "..;x", "", "/a/..%3Bx"},
        {"/ws?{a}", "{b}", "secret", "/ws?%7Bb%7D"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct route_match match = match_of(cases[i].a, cases[i].b);
        char out[200];
        assert_true(captured_path_make(cases[i].template, &match, out, sizeof(out)));
        assert_string_equal(out, cases[i].path);
    }
}

static void test_refuses(void **unused)
{
    static char segment[ROUTE_SEGMENT_MAX + 2];
    char out[4096];
    struct route_match match = match_of("x", segment);
    assert_false(captured_path_make("/{c}", &match, out, sizeof(out)));
    assert_false(captured_path_make("/?{c}", &match, out, sizeof(out)));
    memset(segment, '&', ROUTE_SEGMENT_MAX);
    match = match_of("x", segment);
    assert_true(captured_path_make("/?{b}{b}", &match, out, sizeof(out)));
    assert_int_equal(strlen(out), 2 + 2 * 3 * ROUTE_SEGMENT_MAX);
    segment[ROUTE_SEGMENT_MAX] = '&';
    match = match_of("x", segment);
    assert_false(captured_path_make("/?{b}", &match, out, sizeof(out)));
}

static void test_keeps_within_the_buffer(void **unused)
{
    struct route_match match = match_of("one", "t&o");
    static const char whole[] = "/one/?t%26o&end";
    for (size_t capacity = 0; capacity <= sizeof(whole); capacity++) {
        char *exact = malloc(capacity + 1);
        assert_non_null(exact);
        exact[capacity] = '!';
        assert_int_equal(captured_path_make("/{a}/?{b}&end", &match, exact, capacity),
                         capacity == sizeof(whole));
        assert_int_equal(exact[capacity], '!');
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills_in),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_keeps_within_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
