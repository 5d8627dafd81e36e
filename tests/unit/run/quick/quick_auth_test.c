#include "run/quick/quick_auth.h"

#include "core/auth/password.h"
#include "lib/cli_run.h"

static void a_password_is_hashed(void **state)
{
    static const char *const lines[] = {
        "--auth-plugin=BasicHTTPAuth --auth-source=ann:open:sesame 7 h:1",
        "7 h:1 --auth-plugin websockify.auth_plugins.BasicHTTPAuth --auth-source ann:open:sesame",
    };
    if (!password_supports(USERS_HASH_sha512))
        skip();
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct run run;
        accepts(&run, lines[i]);
        assert_int_equal(run.route->auth.count, 1);
        assert_int_equal(run.route->auth.asked_for, CONFIG_AUTH_FOR_WEBSOCKET);
        const struct config_auth_basic *basic = &run.route->auth.methods[0].basic;
        assert_string_equal(basic->realm, "Websockify");
        assert_int_equal(basic->accounts.count, 1);
        struct slice hash = slice_of(basic->accounts.items[0]);
        assert_true(slice_cut_prefix(&hash, SLICE("ann:")));
        assert_int_equal(password_verify(SLICE("open:sesame"), hash), PASSWORD_RIGHT);
        done(&run);
    }
}

static void words_are_listed(void **state)
{
    struct run run;
    accepts(&run, "--web=/tmp --web-auth --auth-plugin=ExpectOrigin "
                  "--auth-source=http://a\t\nhttps://b:8443\t 7 h:1");
    assert_int_equal(run.route->auth.asked_for, CONFIG_AUTH_FOR_ALL);
    assert_int_equal(run.route->auth.methods[0].origin.origins.count, 2);
    assert_string_equal(run.route->auth.methods[0].origin.origins.items[0], "http://a");
    assert_string_equal(run.route->auth.methods[0].origin.origins.items[1], "https://b:8443");
    done(&run);
    create("c.pem");
    accepts(&run, "--cert=c.pem --verify-client --auth-plugin=ClientCertCNAuth --auth-source=ann "
                  "--ssl-only 7 h:1");
    assert_string_equal(run.route->auth.methods[0].certificate.names.items[0], "ann");
    done(&run);
}

static void faults_are_reported(void **state)
{
    refuses("--auth-plugin=BasicHTTPAuth --auth-source=ann 7 h:1", 1, "there is no colon");
    refuses("--auth-plugin=BasicHTTPAuth --auth-source=:x 7 h:1", 1, "no name of a user");
    refuses("--auth-plugin=ExpectOrigin --auth-source= 7 h:1", 1, "there is no word in it");
    refuses("--auth-plugin=ClientCertCNAuth --auth-source=ann 7 h:1", 1,
            "no listener asks for client certificates");
    refuses("--auth-plugin=ExpectOrigin --auth-source=a --config=x.yaml", 2,
            "has no effect with --config");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_password_is_hashed),
        IN_DIRECTORY(words_are_listed),
        IN_DIRECTORY(faults_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
