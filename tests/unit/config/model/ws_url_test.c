#include "config/model/ws_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void splits(void **state)
{
    static const struct {
        const char *text;
        bool tls, is_socket;
        const char *place, *target;
        unsigned port;
    } rows[] = {
        {"ws://a", false, false, "a", "/", 80},
        {"wss://a:1/b?c=/d:/e", true, false, "a:1", "/b?c=/d:/e", 443},
        {"wss://[::1]:2/", true, false, "[::1]:2", "/", 443},
        {"ws://", false, false, "", "/", 80},
        {"ws+unix:/run/a.sock", false, true, "/run/a.sock", "/", 80},
        {"ws+unix:/run/a.sock:/b?c:/d", false, true, "/run/a.sock", "/b?c:/d", 80},
        {"wss+unix:@a:/", true, true, "@a", "/", 443},
        {"ws://a/{b}/%7E", false, false, "a", "/{b}/%7E", 80},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct ws_url url;
        assert_true(ws_url_has_scheme(rows[i].text));
        const char *fault = ws_url_split(rows[i].text, &url);
        if (fault)
            fail_msg("%s: %s", rows[i].text, fault);
        assert_int_equal(url.tls, rows[i].tls);
        assert_int_equal(url.is_socket, rows[i].is_socket);
        assert_int_equal(url.port, rows[i].port);
        assert_true(slice_equal(url.place, slice_of(rows[i].place)));
        assert_true(slice_equal(url.target, slice_of(rows[i].target)));
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"ws://ann@a/", "must not have a user name"},
        {"ws://ann:pw@a", "must not have a user name"},
        {"ws+unix:a.sock", "must have an absolute path"},
        {"ws+unix:", "must have an absolute path"},
        {"ws://a/b#c", "must not have a fragment"},
        {"ws://a#c", "must not have a fragment"},
        {"ws://a?b", "must have a '/'"},
        {"ws://a/b c", "character"},
        {"ws://a/\r\nX: y", "character"},
        {"ws://a/%2", "character"},
        {"ws://a/\xc3\xa9", "character"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct ws_url url;
        const char *fault = ws_url_split(rows[i].text, &url);
        if (!fault || !strstr(fault, rows[i].why))
            fail_msg("%s: %s", rows[i].text, fault ? fault : "is accepted");
    }
    static const char *const others[] = {"", "ws:/a", "http://a", "WS://a", "unix:/a", "wss:a"};
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_false(ws_url_has_scheme(others[i]));
}

static void long_paths(void **state)
{
    struct ws_url url;
    char text[WS_URL_TARGET_MAX + 32] = "ws://a/";
    size_t begin = strlen(text);
    memset(text + begin, 'x', WS_URL_TARGET_MAX - 1);
    assert_null(ws_url_split(text, &url));
    assert_int_equal(url.target.len, WS_URL_TARGET_MAX);
    text[begin + WS_URL_TARGET_MAX - 1] = 'x';
    assert_non_null(ws_url_split(text, &url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits),
        cmocka_unit_test(refuses),
        cmocka_unit_test(long_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
