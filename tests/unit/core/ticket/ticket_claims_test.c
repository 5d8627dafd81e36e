#include "core/ticket/ticket_claims.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

#define NOW 1000 /* seconds */

static struct ticket_facts facts;
static struct client_address client;
static int64_t now_ms;

static enum ticket_verdict check(const char *text, const struct ticket_policy *policy)
{
    const char *fault = NULL;
    struct json_value *claims = json_value_parse(slice_of(text), JSON_VALUE_DEPTH, &fault);
    const struct ticket_moment moment = {now_ms, &client};
    if (!claims)
        fail_msg("%s: %s", text, fault);
    enum ticket_verdict verdict = ticket_claims_check(claims, policy, &moment, &facts);
    json_value_free(claims);
    return verdict;
}

struct row {
    const char *claims;
    enum ticket_verdict verdict;
    const char *claim; /* that is named; NULL: not compared */
};

static void check_rows(const struct row *rows, size_t count, const struct ticket_policy *policy)
{
    for (size_t i = 0; i < count; i++) {
        enum ticket_verdict verdict = check(rows[i].claims, policy);
        if (verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].claims, ticket_verdict_phrase(verdict));
        if (rows[i].claim)
            assert_string_equal(facts.claim, rows[i].claim);
    }
}

static int setup(void **state)
{
    now_ms = NOW * 1000;
    client = (struct client_address){.known = true};
    assert_true(ip_parse(SLICE("192.0.2.7"), client.ip.address));
    return 0;
}

static void test_times(void **state)
{
    static const struct row rows[] = {
        {"{}", TICKET_VALID, NULL},
        {"{\"exp\":1001}", TICKET_VALID, NULL},
        {"{\"exp\":1000}", TICKET_EXPIRED, NULL},
        {"{\"exp\":1000.001}", TICKET_VALID, NULL},
        {"{\"exp\":1000.0009}", TICKET_EXPIRED, NULL},
        {"{\"exp\":1.001e3}", TICKET_VALID, NULL},
        {"{\"exp\":0}", TICKET_EXPIRED, NULL},
        {"{\"exp\":-1}", TICKET_EXPIRED, NULL},
        {"{\"exp\":-0.5}", TICKET_EXPIRED, NULL},
        {"{\"nbf\":1000}", TICKET_VALID, NULL},
        {"{\"nbf\":1000.001}", TICKET_EARLY, NULL},
        {"{\"nbf\":1001}", TICKET_EARLY, NULL},
        {"{\"nbf\":-8e12}", TICKET_VALID, NULL},
        {"{\"iat\":1000}", TICKET_VALID, NULL},
        {"{\"iat\":1001}", TICKET_EARLY, NULL},
        {"{\"iat\":999,\"nbf\":999,\"exp\":1001}", TICKET_VALID, NULL},
        {"{\"exp\":8e12}", TICKET_VALID, NULL},
        {"{\"exp\":8.1e12}", TICKET_CLAIMS, "exp"},
        {"{\"exp\":9223372036854775807}", TICKET_CLAIMS, "exp"},
        {"{\"exp\":1e300}", TICKET_CLAIMS, "exp"},
        {"{\"nbf\":-1e300}", TICKET_CLAIMS, "nbf"},
        {"{\"exp\":\"1001\"}", TICKET_CLAIMS, "exp"},
        {"{\"exp\":null}", TICKET_CLAIMS, "exp"},
        {"{\"exp\":true}", TICKET_CLAIMS, "exp"},
        {"{\"exp\":[1001]}", TICKET_CLAIMS, "exp"},
        {"{\"nbf\":\"\"}", TICKET_CLAIMS, "nbf"},
        {"{\"iat\":{}}", TICKET_CLAIMS, "iat"},
    };
    const struct ticket_policy policy = {0};
    check_rows(rows, WSL_COUNT(rows), &policy);
    assert_int_equal(check("{\"exp\":1000.5}", &policy), TICKET_VALID);
    assert_int_equal(facts.expires_ms, 1000500);
    assert_int_equal(check("{}", &policy), TICKET_VALID);
    assert_true(facts.expires_ms == INT64_MAX);
    assert_int_equal(check("[]", &policy), TICKET_CLAIMS);
}

/* Each boundary to the millisecond, from both sides. */
static void test_leeway(void **state)
{
    static const struct {
        const char *claims;
        int64_t first, last; /* milliseconds at which it is valid */
    } rows[] = {
        {"{\"exp\":1000}", 0, 1002499},
        {"{\"nbf\":1000}", 997500, 1 << 30},
        {"{\"iat\":1000}", 997500, 1 << 30},
        {"{\"nbf\":1000,\"exp\":1000}", 997500, 1002499},
    };
    const struct ticket_policy policy = {.leeway_ms = 2500};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        now_ms = rows[i].first;
        assert_int_equal(check(rows[i].claims, &policy), TICKET_VALID);
        now_ms = rows[i].first - 1;
        if (rows[i].first > 0)
            assert_int_equal(check(rows[i].claims, &policy), TICKET_EARLY);
        now_ms = rows[i].last;
        assert_int_equal(check(rows[i].claims, &policy), TICKET_VALID);
        now_ms = rows[i].last + 1;
        if (rows[i].last < 1 << 30)
            assert_int_equal(check(rows[i].claims, &policy), TICKET_EXPIRED);
    }
}

static void test_audience(void **state)
{
    static const struct row rows[] = {
        {"{\"aud\":\"desks\"}", TICKET_VALID, NULL},
        {"{\"aud\":[\"desks\"]}", TICKET_VALID, NULL},
        {"{\"aud\":[\"shells\",\"desks\"]}", TICKET_VALID, NULL},
        {"{\"aud\":\"rooms\"}", TICKET_VALID, NULL},
        {"{}", TICKET_MISSING, "aud"},
        {"{\"aud\":[]}", TICKET_AUDIENCE, NULL},
        {"{\"aud\":\"\"}", TICKET_AUDIENCE, NULL},
        {"{\"aud\":\"Desks\"}", TICKET_AUDIENCE, NULL},
        {"{\"aud\":\"desks \"}", TICKET_AUDIENCE, NULL},
        {"{\"aud\":\"desk\"}", TICKET_AUDIENCE, NULL},
        {"{\"aud\":\"desks,rooms\"}", TICKET_AUDIENCE, NULL},
        {"{\"aud\":[[\"desks\"]]}", TICKET_CLAIMS, "aud"},
        {"{\"aud\":[\"desks\",7]}", TICKET_CLAIMS, "aud"},
        {"{\"aud\":{\"desks\":1}}", TICKET_CLAIMS, "aud"},
        {"{\"aud\":null}", TICKET_CLAIMS, "aud"},
        {"{\"aud\":7}", TICKET_CLAIMS, "aud"},
    };
    static const char *const audiences[] = {"desks", "rooms"};
    const struct ticket_policy policy = {.audiences = {audiences, 2}}, none = {0};
    check_rows(rows, WSL_COUNT(rows), &policy);
    assert_int_equal(check("{}", &none), TICKET_VALID);
    assert_int_equal(check("{\"aud\":\"desks\"}", &none), TICKET_AUDIENCE);
    assert_int_equal(check("{\"aud\":[]}", &none), TICKET_AUDIENCE);
    static const char *const star = "*";
    const struct ticket_policy any = {.audiences = {&star, 1}};
    assert_int_equal(check("{}", &any), TICKET_VALID);
    assert_int_equal(check("{\"aud\":\"desks\"}", &any), TICKET_VALID);
    assert_int_equal(check("{\"aud\":[\"a\",\"b\"]}", &any), TICKET_VALID);
    assert_int_equal(check("{\"aud\":7}", &any), TICKET_CLAIMS);
    assert_int_equal(check("{\"aud\":[\"*\"]}", &policy), TICKET_AUDIENCE);
}

static void test_issuer(void **state)
{
    static const struct row rows[] = {
        {"{\"iss\":\"https://a/\"}", TICKET_VALID, NULL},
        {"{\"iss\":\"https://b/\"}", TICKET_VALID, NULL},
        {"{\"iss\":\"https://a\"}", TICKET_ISSUER, NULL},
        {"{\"iss\":\"\"}", TICKET_ISSUER, NULL},
        {"{}", TICKET_MISSING, "iss"},
        {"{\"iss\":[\"https://a/\"]}", TICKET_CLAIMS, "iss"},
        {"{\"iss\":null}", TICKET_CLAIMS, "iss"},
    };
    static const char *const issuers[] = {"https://a/", "https://b/"};
    const struct ticket_policy policy = {.issuers = {issuers, 2}}, none = {0};
    check_rows(rows, WSL_COUNT(rows), &policy);
    assert_int_equal(check("{\"iss\":\"x\"}", &none), TICKET_VALID);
    assert_int_equal(check("{\"iss\":7}", &none), TICKET_CLAIMS);
}

static void test_required(void **state)
{
    static const struct row rows[] = {
        {"{\"exp\":1001,\"role\":false}", TICKET_VALID, NULL},
        {"{\"exp\":1001}", TICKET_MISSING, "role"},
        {"{\"exp\":1001,\"role\":null}", TICKET_MISSING, "role"},
        {"{\"role\":1}", TICKET_MISSING, "exp"},
    };
    static const char *const required[] = {"exp", "role"};
    const struct ticket_policy policy = {.required = {required, 2}};
    check_rows(rows, WSL_COUNT(rows), &policy);
}

static void test_single_use(void **state)
{
    static const struct row rows[] = {
        {"{\"exp\":1001,\"jti\":\"a\"}", TICKET_VALID, NULL},
        {"{\"exp\":1001}", TICKET_MISSING, "jti"},
        {"{\"exp\":1001,\"jti\":\"\"}", TICKET_MISSING, "jti"},
        {"{\"jti\":\"a\"}", TICKET_MISSING, "exp"},
        {"{\"exp\":1001,\"jti\":7}", TICKET_CLAIMS, "jti"},
        {"{\"exp\":1001,\"jti\":null}", TICKET_CLAIMS, "jti"},
    };
    const struct ticket_policy policy = {.single_use = true}, many = {0};
    check_rows(rows, WSL_COUNT(rows), &policy);
    assert_int_equal(check("{}", &many), TICKET_VALID);
    assert_int_equal(check("{\"jti\":7}", &many), TICKET_CLAIMS);
    char text[400], id[300];
    memset(id, 'i', sizeof(id));
    snprintf(text, sizeof(text), "{\"exp\":1001,\"jti\":\"%.256s\"}", id);
    assert_int_equal(check(text, &policy), TICKET_VALID);
    snprintf(text, sizeof(text), "{\"exp\":1001,\"jti\":\"%.257s\"}", id);
    assert_int_equal(check(text, &policy), TICKET_CLAIMS);
}

static void test_address(void **state)
{
    static const struct row rows[] = {
        {"{\"ip\":\"192.0.2.7\"}", TICKET_VALID, NULL},
        {"{\"ip\":\"::ffff:192.0.2.7\"}", TICKET_VALID, NULL},
        {"{\"ip\":[\"2001:db8::1\",\"192.0.2.7\"]}", TICKET_VALID, NULL},
        {"{\"ip\":\"192.0.2.8\"}", TICKET_ADDRESS, NULL},
        {"{\"ip\":\"192.0.2.07\"}", TICKET_ADDRESS, NULL},
        {"{\"ip\":\"192.0.2.7:80\"}", TICKET_ADDRESS, NULL},
        {"{\"ip\":\"\"}", TICKET_ADDRESS, NULL},
        {"{\"ip\":[]}", TICKET_ADDRESS, NULL},
        {"{}", TICKET_MISSING, "ip"},
        {"{\"ip\":7}", TICKET_CLAIMS, "ip"},
        {"{\"ip\":null}", TICKET_CLAIMS, "ip"},
        {"{\"ip\":[\"192.0.2.7\",7]}", TICKET_CLAIMS, "ip"},
    };
    const struct ticket_policy policy = {.address = "ip"};
    check_rows(rows, WSL_COUNT(rows), &policy);
    client.known = false;
    assert_int_equal(check("{\"ip\":\"192.0.2.7\"}", &policy), TICKET_ADDRESS);
    client.known = true;
}

static void test_user_and_target(void **state)
{
    static const struct row rows[] = {
        {"{\"name\":\"ann\",\"to\":\"desk-7\"}", TICKET_VALID, NULL},
        {"{\"sub\":\"ann\",\"to\":\"desk-7\"}", TICKET_MISSING, "name"},
        {"{\"name\":\"\",\"to\":\"desk-7\"}", TICKET_MISSING, "name"},
        {"{\"name\":\"ann\"}", TICKET_MISSING, "to"},
        {"{\"name\":7,\"to\":\"desk-7\"}", TICKET_CLAIMS, "name"},
        {"{\"name\":\"ann\",\"to\":[\"desk-7\"]}", TICKET_CLAIMS, "to"},
        {"{\"name\":\"a\\nn\",\"to\":\"desk-7\"}", TICKET_CLAIMS, "name"},
        {"{\"name\":\"ann\",\"to\":\"desk\\u007f\"}", TICKET_CLAIMS, "to"},
    };
    const struct ticket_policy policy = {.user = "name", .target = "to"}, plain = {0};
    check_rows(rows, WSL_COUNT(rows), &policy);
    assert_int_equal(check(rows[0].claims, &policy), TICKET_VALID);
    assert_string_equal(facts.user, "ann");
    assert_string_equal(facts.target, "desk-7");
    assert_int_equal(check("{\"sub\":\"j\xC3\xB6\"}", &plain), TICKET_VALID);
    assert_string_equal(facts.user, "j\xC3\xB6");
    assert_string_equal(facts.target, "");
    assert_int_equal(check("{\"to\":7}", &plain), TICKET_VALID);
    assert_string_equal(facts.user, "");
    assert_int_equal(check("{\"sub\":7}", &plain), TICKET_CLAIMS);
    char text[400], name[300];
    memset(name, 'n', sizeof(name));
    snprintf(text, sizeof(text), "{\"sub\":\"%.255s\"}", name);
    assert_int_equal(check(text, &plain), TICKET_VALID);
    assert_int_equal(strlen(facts.user), 255);
    snprintf(text, sizeof(text), "{\"sub\":\"%.256s\"}", name);
    assert_int_equal(check(text, &plain), TICKET_CLAIMS);
}

/* As websockify's JWTTokenApi takes them. */
static void test_host_and_port(void **state)
{
    static const struct {
        const char *claims, *target;
    } good[] = {
        {"{\"host\":\"desk\",\"port\":5900}", "desk:5900"},
        {"{\"host\":\"desk\",\"port\":\"5900\"}", "desk:5900"},
        {"{\"host\":\"desk\",\"port\":\"ssh\",\"target\":7}", "desk:ssh"},
        {"{\"host\":\"::1\",\"port\":65535}", "::1:65535"},
        {"{\"host\":\"unix_socket\",\"port\":\"/run/desk\"}", "unix_socket:/run/desk"},
    };
    static const struct row bad[] = {
        {"{\"port\":5900}", TICKET_MISSING, "host"},
        {"{\"host\":\"desk\"}", TICKET_MISSING, "port"},
        {"{\"host\":\"\",\"port\":5900}", TICKET_MISSING, "host"},
        {"{\"host\":\"desk\",\"port\":\"\"}", TICKET_MISSING, "port"},
        {"{\"host\":\"desk\",\"port\":0}", TICKET_CLAIMS, "port"},
        {"{\"host\":\"desk\",\"port\":65536}", TICKET_CLAIMS, "port"},
        {"{\"host\":\"desk\",\"port\":59.5}", TICKET_CLAIMS, "port"},
        {"{\"host\":\"desk\",\"port\":null}", TICKET_CLAIMS, "port"},
        {"{\"host\":7,\"port\":5900}", TICKET_CLAIMS, "host"},
        {"{\"host\":\"tls://desk\",\"port\":5900}", TICKET_CLAIMS, "host"},
        {"{\"host\":\"a\\nb\",\"port\":5900}", TICKET_CLAIMS, "host"},
    };
    const struct ticket_policy policy = {.host_and_port = true};
    for (size_t i = 0; i < WSL_COUNT(good); i++) {
        assert_int_equal(check(good[i].claims, &policy), TICKET_VALID);
        assert_string_equal(facts.target, good[i].target);
    }
    check_rows(bad, WSL_COUNT(bad), &policy);
    char text[400], host[300];
    memset(host, 'h', sizeof(host));
    snprintf(text, sizeof(text), "{\"host\":\"%.250s\",\"port\":5900}", host);
    assert_int_equal(check(text, &policy), TICKET_VALID);
    snprintf(text, sizeof(text), "{\"host\":\"%.251s\",\"port\":5900}", host);
    assert_int_equal(check(text, &policy), TICKET_CLAIMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_times, setup),
        cmocka_unit_test_setup(test_leeway, setup),
        cmocka_unit_test_setup(test_audience, setup),
        cmocka_unit_test_setup(test_issuer, setup),
        cmocka_unit_test_setup(test_required, setup),
        cmocka_unit_test_setup(test_single_use, setup),
        cmocka_unit_test_setup(test_address, setup),
        cmocka_unit_test_setup(test_user_and_target, setup),
        cmocka_unit_test_setup(test_host_and_port, setup),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
