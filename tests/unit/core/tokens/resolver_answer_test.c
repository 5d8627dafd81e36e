#include "core/tokens/resolver_answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/json_value.h"

static struct resolver_answer answer;

/* A copy of exact size, so that the sanitizer reports an overrun. */
static const char *parse(const char *text, size_t length)
{
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    const char *fault = resolver_answer_parse((struct slice){copy, length}, &answer);
    free(copy);
    return fault;
}

static void expect(const char *text, const char *host, unsigned port)
{
    const char *fault = parse(text, strlen(text));
    if (fault)
        fail_msg("%s: %s", text, fault);
    assert_true(slice_equal(answer.target.host, slice_of(host)));
    assert_int_equal(answer.target.port, port);
    assert_int_equal(answer.target.is_unix, host[0] == '/' || host[0] == '@');
    /* Each part of it is refused, or means something else: none reads beyond its end. */
    for (size_t cut = 0; cut < strlen(text); cut++)
        (void)!parse(text, cut);
    assert_null(parse(text, strlen(text)));
}

static void expect_fault(const char *text, const char *why)
{
    const char *fault = parse(text, strlen(text));
    if (!fault || !strstr(fault, why))
        fail_msg("%s: %s", text, fault ? fault : "accepted");
}

static void test_plain(void **state)
{
    expect("10.0.0.5:5900", "10.0.0.5", 5900);
    expect(" desk.example:22\r\n", "desk.example", 22);
    expect("[::1]:5900\n", "::1", 5900);
    expect("tcp://desk:1", "desk", 1);
    expect("unix:/run/desk", "/run/desk", 0);
    expect("tls://desk:1", "desk", 1);
    assert_int_equal(answer.tls, RESOLVER_TLS_ON);
    expect_fault("", "is empty");
    expect_fault(" \n", "is empty");
    expect_fault("desk", "is no target");
    expect_fault("desk:0", "is no target");
    expect_fault("desk:70000", "is no target");
    expect_fault("a:1\nb:2", "is no target");
    expect_fault("a:1 b", "is no target");
    expect_fault("<html>not found</html>", "is no target");
    expect_fault("http://10.0.0.5:80", "is no target");
    expect_fault("\"10.0.0.5:80\"x", "is no target");
    assert_non_null(parse("a\0b:1", 5));
}

static void test_target_alone(void **state)
{
    assert_null(resolver_answer_parse_target(SLICE("tls://10.0.0.5:5900"), &answer));
    assert_int_equal(answer.tls, RESOLVER_TLS_ON);
    assert_int_equal(answer.target.port, 5900);
    assert_null(resolver_answer_parse_target(SLICE("unix:/run/desk"), &answer));
    assert_true(answer.target.is_unix);
    static const char *const bad[] = {"",           "desk",  "{\"target\":\"a:1\"}",
                                      "http://a:1", "a:1\n", "a:0"};
    for (size_t i = 0; i < WSL_COUNT(bad); i++)
        assert_non_null(resolver_answer_parse_target(slice_of(bad[i]), &answer));
}

#if JSON_VALUE_IS_BUILT_IN

static void test_websockify(void **state)
{
    expect("{\"host\":\"10.0.0.5\",\"port\":5900}", "10.0.0.5", 5900);
    expect("{\"host\":\"desk\",\"port\":\"5900\"}", "desk", 5900);
    expect("{\"host\":\"::1\",\"port\":5900}", "::1", 5900);
    expect("{\"host\":\"unix_socket\",\"port\":\"/run/desk\"}", "/run/desk", 0);
    expect(" {\"host\":\"desk\",\"port\":1,\"color\":[]}\n", "desk", 1);
    expect("{\"host\":\"10.0.0.5:5900\"}", "10.0.0.5", 5900);
    expect("{\"host\":\"[::1]:5900\"}", "::1", 5900);
    expect_fault("{\"host\":\"::1\"}", "port");
    expect_fault("{\"host\":\"desk:5900:1\"}", "port");
    expect_fault("{\"host\":\"desk:5900\",\"port\":null}", "port");
    expect_fault("{\"host\":\"desk\"}", "port");
    expect_fault("{\"port\":1}", "host");
    expect_fault("{\"host\":\"desk\",\"port\":0}", "port");
    expect_fault("{\"host\":\"desk\",\"port\":65536}", "port");
    expect_fault("{\"host\":\"desk\",\"port\":1.5}", "port");
    expect_fault("{\"host\":\"desk\",\"port\":true}", "port");
    expect_fault("{\"host\":\"a:1\",\"port\":1}", "host");
    expect_fault("{\"host\":\"unix:/x\",\"port\":1}", "host");
    expect_fault("{\"host\":\"a b\",\"port\":1}", "host");
    expect_fault("{\"host\":[\"a\"],\"port\":1}", "host");
    expect_fault("{\"host\":\"a\\u0000b\",\"port\":1}", "");
}

static void test_ours(void **state)
{
    expect("{\"target\":\"tls://desk:5900\",\"tls\":{\"server_name\":\"d.example\"},"
           "\"preamble\":\"SGVsbG8K\",\"user\":\"ann\",\"expires\":1900000000,"
           "\"max_duration\":\"30m\",\"idle_timeout\":90,\"record\":\"ann-1.rec\"}",
           "desk", 5900);
    assert_int_equal(answer.tls, RESOLVER_TLS_ON);
    assert_string_equal(answer.server_name, "d.example");
    assert_int_equal(answer.preamble_length, 6);
    assert_memory_equal(answer.preamble, "Hello\n", 6);
    assert_string_equal(answer.user, "ann");
    assert_int_equal(answer.expires, 1900000000);
    assert_int_equal(answer.max_duration_ms, 1800000);
    assert_int_equal(answer.idle_timeout_ms, 90000);
    assert_string_equal(answer.record, "ann-1.rec");
    expect("{\"tls\":true,\"target\":\"tcp://desk:1\"}", "desk", 1);
    assert_int_equal(answer.tls, RESOLVER_TLS_ON);
    expect("{\"target\":\"desk:1\",\"tls\":false}", "desk", 1);
    assert_int_equal(answer.tls, RESOLVER_TLS_OFF);
    expect("{\"target\":\"unix:@x\"}", "@x", 0);
    assert_int_equal(answer.tls, RESOLVER_TLS_AS_CONFIGURED);
    expect("{\"target\":\"unix:/x\",\"tls\":{\"server_name\":\"a\"}}", "/x", 0);
}

static void test_mistakes(void **state)
{
#define WITH(member) "{\"target\":\"desk:1\"," member "}"
    expect_fault(WITH("\"expire\":1900000000"), "unknown member");
    expect_fault(WITH("\"host\":\"other\""), "both target and host");
    expect_fault(WITH("\"port\":2"), "both target and host");
    expect_fault("{\"target\":\"desk\"}", "no valid target");
    expect_fault("{\"target\":7}", "no valid target");
    expect_fault("{\"target\":null}", "no valid target");
    expect_fault("{\"target\":\"tls://desk:1\",\"tls\":false}", "without tls");
    expect_fault("{\"target\":\"unix:/x\",\"tls\":true}", "without a server_name");
    expect_fault(WITH("\"tls\":1"), "neither");
    expect_fault(WITH("\"tls\":{\"insecure\":true}"), "unknown member in tls");
    expect_fault(WITH("\"tls\":{\"server_name\":\"a b\"}"), "server_name");
    expect_fault(WITH("\"tls\":{\"server_name\":{}}"), "server_name");
    expect_fault(WITH("\"preamble\":\"***\""), "preamble");
    expect_fault(WITH("\"preamble\":7"), "preamble");
    expect_fault(WITH("\"user\":\"\""), "user");
    expect_fault(WITH("\"user\":\"a\\nb\""), "user");
    expect_fault(WITH("\"expires\":0"), "expires");
    expect_fault(WITH("\"expires\":1e300"), "expires");
    expect_fault(WITH("\"expires\":\"tomorrow\""), "expires");
    expect_fault(WITH("\"max_duration\":0"), "max_duration");
    expect_fault(WITH("\"max_duration\":-1"), "max_duration");
    expect_fault(WITH("\"max_duration\":\"forever\""), "max_duration");
    expect_fault(WITH("\"max_duration\":[60]"), "max_duration");
    expect_fault(WITH("\"idle_timeout\":\"\""), "idle_timeout");
    expect_fault(WITH("\"record\":\"../x\""), "record");
    expect_fault(WITH("\"record\":\".x\""), "record");
    expect_fault(WITH("\"record\":true"), "record");
    expect_fault(WITH("\"user\":\"a\",\"user\":\"b\""), "JSON");
    expect_fault("{\"target\":\"a:1\"} x", "JSON");
    expect_fault("{\"target\":\"a:1\"", "JSON");
    expect_fault("{}", "port");
    expect_fault("{\"a\":{\"a\":{\"a\":{}}}}", "port");
    expect_fault("[\"a:1\"]", "no target");
}

static void test_lengths(void **state)
{
    char user[RESOLVER_ANSWER_USER + 1] = "", text[400];
    memset(user, 'u', sizeof(user) - 2);
    snprintf(text, sizeof(text), "{\"target\":\"a:1\",\"user\":\"%s\"}", user);
    expect(text, "a", 1);
    assert_string_equal(answer.user, user);
    user[sizeof(user) - 2] = 'u';
    snprintf(text, sizeof(text), "{\"target\":\"a:1\",\"user\":\"%s\"}", user);
    expect_fault(text, "user");
}

#else

static void test_json_without_its_library(void **state)
{
    expect_fault("{\"host\":\"a\",\"port\":1}", "jansson");
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_target_alone),
#if JSON_VALUE_IS_BUILT_IN
        cmocka_unit_test(test_websockify),
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_lengths),
#else
        cmocka_unit_test(test_json_without_its_library),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
