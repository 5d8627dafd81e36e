#include "config/model/section/config_auth.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void each_method_is_told_by_its_section(void **state)
{
    static const char *const pin = "sha256//";
    const struct config_auth elements[CONFIG_AUTH_METHODS] = {
        [CONFIG_AUTH_BASIC] = {.basic = {.users = "users"}},
        [CONFIG_AUTH_CERTIFICATE] = {.certificate = {.pins = {&pin, 1}}},
        [CONFIG_AUTH_FORWARD] = {.forward = {.url = "http://door/"}},
        [CONFIG_AUTH_ORIGIN] = {.origin = {.origins = {&pin, 1}}},
        [CONFIG_AUTH_HEADER] = {.header = {.name = "X-User"}},
        [CONFIG_AUTH_LOGIN] = {.login = {.users = "users"}},
        [CONFIG_AUTH_TICKET] = {.ticket = {.key = {.file = "/etc/wsluice/ticket.key"}}},
    };
    const struct config_auth none = {0};
    (void)state;
    for (int i = 0; i < CONFIG_AUTH_METHODS; i++) {
        assert_int_equal(config_auth_method(&elements[i]), i);
        for (int j = 0; j < CONFIG_AUTH_METHODS; j++)
            assert_int_equal(config_auth_has(&elements[i], (enum config_auth_method)j), i == j);
        assert_string_not_equal(config_auth_method_name((enum config_auth_method)i), "none");
    }
    assert_int_equal(config_auth_method(&none), CONFIG_AUTH_METHODS);
    assert_string_equal(config_auth_method_name(CONFIG_AUTH_METHODS), "none");
}

static void tickets_and_services_may_name_targets(void **state)
{
    struct config_auth auth = {.ticket = {.key = {.file = "k"}}};
    assert_false(config_auth_names_target(&auth));
    auth.ticket.target = "desk";
    assert_true(config_auth_names_target(&auth));
    auth = (struct config_auth){.forward = {.url = "http://a/"}};
    assert_false(config_auth_names_target(&auth));
    auth.forward.target = "X-Target";
    assert_true(config_auth_names_target(&auth));
    auth.forward.url = NULL;
    assert_false(config_auth_names_target(&auth));
}

static void a_login_is_found(void **state)
{
    struct config_auth elements[] = {{.header = {.name = "X-User"}}, {.login = {.users = "users"}}};
    const struct config_auth_set none = {0}, one = {.methods = elements, .count = 1};
    const struct config_auth_set both = {.methods = elements, .count = 2};
    (void)state;
    assert_null(config_auth_login(&none));
    assert_null(config_auth_login(&one));
    assert_ptr_equal(config_auth_login(&both), &elements[1].login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_method_is_told_by_its_section),
                                       cmocka_unit_test(a_login_is_found),
                                       cmocka_unit_test(tickets_and_services_may_name_targets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
