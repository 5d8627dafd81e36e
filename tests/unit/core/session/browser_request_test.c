/* Which requests browsers send by themselves, by their whole path. */
#include "core/session/browser_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_automatic(const char *method, const char *path)
{
    return browser_request_is_automatic(slice_of(method), slice_of(path));
}

static void test_what_browsers_ask_for_by_themselves(void **unused)
{
    static const char *const paths[] = {
        "/favicon.ico",
        "/robots.txt",
        "/apple-touch-icon.png",
        "/apple-touch-icon-precomposed.png",
        "/apple-touch-icon-120x120.png",
        "/.well-known/appspecific/com.chrome.devtools.json",
        "/.well-known/traffic-advice",
    };
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        assert_true(is_automatic("GET", paths[i]));
        assert_true(is_automatic("HEAD", paths[i]));
        assert_false(is_automatic("POST", paths[i]));
    }
}

static void test_what_somebody_asked_for(void **unused)
{
    static const char *const paths[] = {
        "/",
        "/vnc.html",
        "/favicon.icon",
        "/desk/favicon.ico",
        "/favicon.ico/",
        "/apple-touch",
        "/.well-known",
        "/robots.txt.bak",
        "/Favicon.ico",
    };
    for (size_t i = 0; i < WSL_COUNT(paths); i++)
        assert_false(is_automatic("GET", paths[i]));
    assert_false(browser_request_is_automatic(SLICE("GET"), (struct slice){NULL, 0}));
}

/* Each prefix of a path, in a buffer of exactly its size. */
static void test_every_cut(void **unused)
{
    static const char path[] = "/.well-known/x";
    for (size_t length = 0; length < sizeof(path); length++) {
        char *cut = malloc(length ? length : 1);
        memcpy(cut, path, length);
        bool whole = length >= strlen("/.well-known/");
        assert_int_equal(browser_request_is_automatic(SLICE("GET"), (struct slice){cut, length}),
                         whole);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_browsers_ask_for_by_themselves),
        cmocka_unit_test(test_what_somebody_asked_for),
        cmocka_unit_test(test_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
