#include "config/model/section/ws_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* tests/unit/config/model/text_form_test.c compares each with its regular expression. */

static void hosts_and_origins(void **state)
{
    assert_null(ws_field_check_host("desk.example.com"));
    assert_null(ws_field_check_host("[::1]:8080"));
    assert_non_null(ws_field_check_host(""));
    assert_non_null(ws_field_check_host(":80"));
    assert_non_null(ws_field_check_host("a\r\nX-Y: z"));
    assert_non_null(ws_field_check_host("a b"));
    assert_non_null(ws_field_check_host("ann@a"));
    assert_non_null(ws_field_check_host("a!b"));
    assert_non_null(ws_field_check_host("desk:abc"));
    assert_non_null(ws_field_check_host("desk:"));
    assert_non_null(ws_field_check_host("desk:0"));
    assert_non_null(ws_field_check_host("desk:65536"));
    assert_non_null(ws_field_check_host("[::1"));
    assert_non_null(ws_field_check_host("[::1]x"));
    assert_non_null(ws_field_check_host("[::1]:"));
    assert_non_null(ws_field_check_host("[1:2]"));
    assert_non_null(ws_field_check_host("[]"));
    assert_null(ws_field_check_host("[fe80::1]"));
    assert_null(ws_field_check_host("10.0.0.1:65535"));
    assert_null(ws_field_check_origin("https://desk:1"));
    assert_null(ws_field_check_origin("null"));
    assert_non_null(ws_field_check_origin("desk"));
    assert_non_null(ws_field_check_origin("https://desk/"));
    assert_non_null(ws_field_check_origin("https://*.desk"));
    assert_non_null(ws_field_check_origin("https://a\n"));
}

static void credentials(void **state)
{
    assert_null(ws_field_check_user("Ann Lee"));
    assert_non_null(ws_field_check_user("a:b"));
    assert_non_null(ws_field_check_user("a\n"));
    assert_null(ws_field_check_password("a:b c"));
    assert_non_null(ws_field_check_password("a\r"));
    assert_non_null(ws_field_check_password("a\x7f"));
    assert_null(ws_field_check_bearer("eyJ.a-b_c~+/=="));
    assert_non_null(ws_field_check_bearer(""));
    assert_non_null(ws_field_check_bearer("="));
    assert_non_null(ws_field_check_bearer("a=b"));
    assert_non_null(ws_field_check_bearer("a b"));
    assert_non_null(ws_field_check_bearer("a\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_origins),
        cmocka_unit_test(credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
