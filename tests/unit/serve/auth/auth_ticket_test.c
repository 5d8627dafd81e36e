#include "serve/auth/auth_ticket.h"

#include <sys/time.h>
#include <unistd.h>

#include "lib/head_of.h"
#include "lib/http_lab.h"
#include "lib/ticket_lab.h"
#include "serve/auth/ticket/ticket_key_urls.h"
#include "serve/auth/ticket/ticket_used.h"

static char path[64], error[300], text[HEAD_OF_TEXT];
static struct auth_answer answer;
static struct ticket_used *used;
static struct auth_ticket_shared shared;
static const char *const places[] = {"header", "query:t", "cookie:t", "subprotocol"};
static const struct config_ticket plain = {
    .key = {.file = path}, .from = {places, 4}, .leeway_ms = 1000};

static int setup(void **state)
{
    snprintf(path, sizeof(path), "/tmp/auth_ticket_XXXXXX");
    int fd = mkstemp(path);
    static const char key[] = TICKET_OCT_JWK;
    bool written = fd >= 0 && write(fd, key, sizeof(key) - 1) == sizeof(key) - 1;
    close(fd);
    used = ticket_used_create(2);
    shared = (struct auth_ticket_shared){.used = used};
    return !written || !used;
}

static int teardown(void **state)
{
    unlink(path);
    ticket_used_free(used);
    return 0;
}

static int64_t seconds(void)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return now.tv_sec;
}

/* A ticket that expires so many seconds from now, with more members. */
static char *ticket_of(int64_t lifetime, const char *more)
{
    char payload[300];
    struct ticket_keys *keys = ticket_lab_keys(TICKET_OCT_JWK, NULL);
    snprintf(payload, sizeof(payload), "{\"exp\":%lld%s}", (long long)(seconds() + lifetime), more);
    char *token = ticket_lab_token(ticket_keys_at(keys, 0), "{\"alg\":\"HS256\"}", payload);
    ticket_keys_release(keys);
    return token;
}

static enum auth_outcome ask(struct auth_method *method, const char *target, const char *fields,
                             bool is_upgrade)
{
    struct http_head head = head_of(target, fields, text);
    struct client_address client = {.known = true};
    assert_true(ip_parse(SLICE("192.0.2.7"), client.ip.address));
    const struct auth_question question = {
        .head = &head, .client = &client, .is_upgrade = is_upgrade};
    answer = (struct auth_answer){0};
    return method->ops->ask(method, &question, NULL, &answer);
}

static struct auth_method *method_of(const struct config_ticket *config)
{
    struct auth_method *method = auth_ticket_create(config, &shared, error, sizeof(error));
    if (!method)
        fail_msg("%s", error);
    return method;
}

static enum auth_outcome ask_once(struct auth_method *method, int64_t lifetime, const char *more,
                                  bool is_upgrade)
{
    char fields[1000];
    char *token = ticket_of(lifetime, more);
    snprintf(fields, sizeof(fields), "Authorization: Bearer %s\r\n", token);
    free(token);
    return ask(method, "/", fields, is_upgrade);
}

static void test_each_place(void **state)
{
    static const struct {
        const char *target, *fields;
    } rows[] = {
        {"/", "Authorization: Bearer %s\r\n"},
        {"/?t=%s", ""},
        {"/", "Cookie: t=%s\r\n"},
        {"/", "Sec-WebSocket-Protocol: bearer.%s, binary\r\n"},
    };
    struct auth_method *method = method_of(&plain);
    char *token = ticket_of(60, ",\"sub\":\"ann\"");
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char target[1000], fields[1000];
        /* Only one of the two has a place for it. */
        const char *at = strstr(rows[i].target, "%s"), *in = strstr(rows[i].fields, "%s");
        snprintf(target, sizeof(target), "%.*s%s", at ? (int)(at - rows[i].target) : 100,
                 rows[i].target, at ? token : "");
        snprintf(fields, sizeof(fields), "%.*s%s%s", in ? (int)(in - rows[i].fields) : 100,
                 rows[i].fields, in ? token : "", in ? in + 2 : "");
        assert_int_equal(ask(method, target, fields, true), AUTH_PASSED);
        assert_string_equal(answer.user, "ann");
        assert_int_equal(answer.expires_at, 0);
    }
    free(token);
    method->ops->release(method);
}

static void test_refusals(void **state)
{
    struct auth_method *method = method_of(&plain);
    assert_int_equal(ask(method, "/", "", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_required);
    assert_string_equal(answer.challenge, "Bearer");
    assert_int_equal(ask(method, "/", "Authorization: Bearer nonsense\r\n", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_failed);
    assert_string_equal(answer.challenge, "Bearer error=\"invalid_token\"");
    assert_string_equal(answer.detail, "the ticket is no JSON Web Token in its compact form");
    assert_int_equal(ask_once(method, -2, "", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket has expired");
    assert_int_equal(ask_once(method, 60, ",\"aud\":\"x\"", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket is for another audience");
    assert_int_equal(ask_once(method, 60, ",\"sub\":7", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "a claim of the ticket is malformed: sub");
    method->ops->release(method);
}

static void test_exp_is_required(void **state)
{
    struct config_ticket config = plain;
    struct auth_method *method = method_of(&config);
    assert_int_equal(ask_once(method, 60, ",\"x\":1", true), AUTH_PASSED);
    method->ops->release(method);
    struct ticket_keys *keys = ticket_lab_keys(TICKET_OCT_JWK, NULL);
    char fields[400];
    char *token = ticket_lab_token(ticket_keys_at(keys, 0), "{\"alg\":\"HS256\"}", "{}");
    snprintf(fields, sizeof(fields), "Authorization: Bearer %s\r\n", token);
    free(token);
    ticket_keys_release(keys);
    for (int unlimited = 0; unlimited < 2; unlimited++) {
        config.unlimited = unlimited;
        method = method_of(&config);
        assert_int_equal(ask(method, "/", fields, true), unlimited ? AUTH_PASSED : AUTH_FAILED);
        assert_string_equal(answer.detail,
                            unlimited ? "" : "the ticket lacks a claim that is required: exp");
        method->ops->release(method);
    }
}

static void test_single_use(void **state)
{
    struct config_ticket config = plain;
    config.single_use = true;
    struct auth_method *method = method_of(&config), *other = method_of(&config);
    assert_int_equal(ask_once(method, 60, ",\"jti\":\"a\"", false), AUTH_PASSED); /* a page */
    assert_int_equal(ask_once(method, 60, ",\"jti\":\"a\"", true), AUTH_PASSED);
    assert_int_equal(ask_once(method, 60, ",\"jti\":\"a\"", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket has been used already");
    assert_int_equal(ask_once(other, 60, ",\"jti\":\"a\"", true), AUTH_FAILED);
    assert_int_equal(ask_once(other, 60, "", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket lacks a claim that is required: jti");
    assert_int_equal(ask_once(other, 60, ",\"jti\":\"b\"", true), AUTH_PASSED);
    assert_int_equal(ask_once(other, 60, ",\"jti\":\"c\"", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_unavailable);
    assert_string_equal(answer.detail, "too many single-use tickets are remembered");
    method->ops->release(method);
    other->ops->release(other);
}

static void test_the_session_ends_with_it(void **state)
{
    struct config_ticket config = plain;
    config.end_session = true;
    struct auth_method *method = method_of(&config);
    int64_t now = seconds();
    assert_int_equal(ask_once(method, 60, "", true), AUTH_PASSED);
    assert_true(answer.expires_at >= now + 61 && answer.expires_at <= now + 63);
    method->ops->release(method);
}

static void test_other_claims(void **state)
{
    static const char *const audiences[] = {"desks"}, *const issuers[] = {"i"},
                             *const required[] = {"role"};
    struct config_ticket config = plain;
    config.audiences = (struct config_texts){audiences, 1};
    config.issuers = (struct config_texts){issuers, 1};
    config.required = (struct config_texts){required, 1};
    config.user = "name";
    config.address = "ip";
    struct auth_method *method = method_of(&config);
#define GOOD ",\"aud\":\"desks\",\"iss\":\"i\",\"role\":1,\"name\":\"bob\""
    assert_int_equal(ask_once(method, 60, GOOD ",\"ip\":\"192.0.2.7\"", true), AUTH_PASSED);
    assert_string_equal(answer.user, "bob");
    assert_int_equal(ask_once(method, 60, GOOD ",\"ip\":\"192.0.2.8\"", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket is for another client address");
    assert_int_equal(ask_once(method, 60, GOOD, true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket lacks a claim that is required: ip");
    method->ops->release(method);
}

static void test_target(void **state)
{
    struct config_ticket config = plain;
    config.target = "desk";
    struct auth_method *method = method_of(&config);
    assert_int_equal(ask_once(method, 60, ",\"desk\":\"10.0.0.5:5900\"", true), AUTH_PASSED);
    assert_string_equal(answer.target, "10.0.0.5:5900");
    assert_string_equal(answer.chosen_by, "ticket");
    assert_int_equal(ask_once(method, 60, ",\"host\":\"a\",\"port\":1", true), AUTH_FAILED);
    assert_string_equal(answer.detail, "the ticket lacks a claim that is required: desk");
    method->ops->release(method);
    method = method_of(&plain);
    assert_int_equal(ask_once(method, 60, ",\"desk\":\"10.0.0.5:5900\"", true), AUTH_PASSED);
    assert_string_equal(answer.target, "");
    assert_null(answer.chosen_by);
    method->ops->release(method);
}

static void test_without_its_key(void **state)
{
    struct auth_method *method = method_of(&plain);
    unlink(path);
    assert_int_equal(ask_once(method, 60, "", true), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_unavailable);
    method->ops->release(method);
    assert_null(auth_ticket_create(&plain, &shared, error, sizeof(error)));
    assert_non_null(strstr(error, "No such file"));
}

/* The names of the configuration are those of the algorithms, in their order. */
static void test_algorithms(void **state)
{
    assert_int_equal(CONFIG_TICKET_ALGORITHMS - 1, 13);
    assert_string_equal(ticket_alg_at(CONFIG_TICKET_HS256 - 1)->name, "HS256");
    assert_string_equal(ticket_alg_at(CONFIG_TICKET_RS256 - 1)->name, "RS256");
    assert_string_equal(ticket_alg_at(CONFIG_TICKET_PS512 - 1)->name, "PS512");
    assert_string_equal(ticket_alg_at(CONFIG_TICKET_ES384 - 1)->name, "ES384");
    assert_string_equal(ticket_alg_at(CONFIG_TICKET_EDDSA - 1)->name, "EdDSA");
    struct config_ticket config = plain;
    config.key.algorithm = CONFIG_TICKET_ES256;
    assert_null(auth_ticket_create(&config, &shared, error, sizeof(error)));
    assert_non_null(strstr(error, "its algorithm is not ES256"));
}

static void test_says_what_it_lacks(void **state)
{
    assert_null(auth_ticket_create(&plain, &shared, error, sizeof(error)));
    assert_non_null(strstr(error, JSON_VALUE_LIBRARY));
}

/* ---- keys behind a URL ---- */

#define KEY_OF(kid, more) "{" TICKET_P256_PUBLIC more ",\"alg\":\"ES256\",\"kid\":\"" kid "\"}"
#define SET_OF(kid)       "{\"keys\":[" KEY_OF(kid, "") "]}"

static struct http_lab lab;
static struct auth_waiter waiter;
static struct http_head head;
static unsigned verdicts;
static enum auth_outcome verdict;

static void done_cb(struct auth_waiter *one, enum auth_outcome outcome)
{
    assert_ptr_equal(one, &waiter);
    verdicts++;
    verdict = outcome;
}

/* A service, and a method whose keys it has. */
static struct auth_method *open_service(uint32_t interval_ms)
{
    static struct config_ticket config;
    static char url[80];
    http_lab_open(&lab);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", lab.socket.port);
    config = (struct config_ticket){
        .key = {.url = url, .timeout_ms = 5000, .cache_ms = 60000, .interval_ms = interval_ms},
        .from = {places, 4},
    };
    shared.urls = ticket_key_urls_create();
    shared.origin = http_lab_origin(&lab);
    struct auth_method *method = method_of(&config);
    http_origin_release(shared.origin);
    return method;
}

static void close_service(struct auth_method *method)
{
    http_lab_close(&lab);
    method->ops->release(method);
    ticket_key_urls_free(shared.urls);
}

static void serve(unsigned status, const char *body)
{
    static char answer_text[600];
    snprintf(answer_text, sizeof(answer_text), "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n\r\n%s",
             status, strlen(body), body);
    http_lab_play(&lab, &(struct http_lab_row){.answer = answer_text}, 1);
}

/* With a ticket of that kid. */
static enum auth_outcome ask_service(struct auth_method *method, const char *kid)
{
    static char fields[1000];
    static const struct client_address client = {0};
    static struct auth_question question;
    char header[80], payload[80];
    struct ticket_keys *keys = ticket_lab_keys(KEY_OF("", "," TICKET_P256_PRIVATE), NULL);
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    snprintf(payload, sizeof(payload), "{\"exp\":%lld}", (long long)seconds() + 60);
    char *token = ticket_lab_token(ticket_keys_at(keys, 0), header, payload);
    snprintf(fields, sizeof(fields), "Authorization: Bearer %s\r\n", token);
    free(token);
    ticket_keys_release(keys);
    head = head_of("/", fields, text);
    question = (struct auth_question){
        .head = &head, .client = &client, .http = lab.pool, .lane = &lab.work.lane};
    answer = (struct auth_answer){0};
    waiter = (struct auth_waiter){.done = done_cb};
    verdicts = 0;
    return method->ops->ask(method, &question, &waiter, &answer);
}

static enum auth_outcome wait_for_verdict(void)
{
    while (verdicts == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    assert_int_equal(verdicts, 1);
    return verdict;
}

static void test_keys_behind_a_url(void **state)
{
    struct auth_method *method = open_service(0);
    serve(200, SET_OF("one"));
    assert_int_equal(ask_service(method, "one"), AUTH_WAITS);
    assert_int_equal(wait_for_verdict(), AUTH_PASSED);
    assert_int_equal(ask_service(method, "one"), AUTH_PASSED);
    assert_int_equal(lab.requests, 1);
    serve(200, SET_OF("two"));
    assert_int_equal(ask_service(method, "two"), AUTH_WAITS);
    assert_int_equal(wait_for_verdict(), AUTH_PASSED);
    assert_int_equal(ask_service(method, "one"), AUTH_WAITS);
    assert_int_equal(wait_for_verdict(), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_failed);
    assert_string_equal(answer.detail, "no key has the kid of the ticket");
    close_service(method);
}

static void test_no_keys_behind_a_url(void **state)
{
    struct auth_method *method = open_service(3600000);
    serve(500, "");
    assert_int_equal(ask_service(method, "one"), AUTH_WAITS);
    assert_int_equal(wait_for_verdict(), AUTH_FAILED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(answer.reason, REASON_auth_unavailable);
        assert_non_null(strstr(answer.detail, "the answer has status 500"));
        assert_true(answer.retry_after > 3000 && !answer.challenge);
        assert_int_equal(ask_service(method, "one"), AUTH_FAILED);
    }
    assert_int_equal(lab.requests, 1);
    close_service(method);
}

static void test_cancel(void **state)
{
    struct auth_method *method = open_service(0);
    for (unsigned turns = 0; turns < 10; turns++) {
        serve(500, "");
        assert_int_equal(ask_service(method, "one"), AUTH_WAITS);
        http_lab_turn(&lab, turns);
        unsigned before = verdicts;
        if (before == 0)
            method->ops->cancel(method, &waiter);
        http_lab_turn(&lab, 20);
        assert_int_equal(verdicts, before);
    }
    close_service(method);
}

#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KEY(test_each_place),
        WITH_KEY(test_refusals),
        WITH_KEY(test_exp_is_required),
        WITH_KEY(test_single_use),
        WITH_KEY(test_the_session_ends_with_it),
        WITH_KEY(test_other_claims),
        WITH_KEY(test_target),
        WITH_KEY(test_without_its_key),
        WITH_KEY(test_algorithms),
        WITH_KEY(test_keys_behind_a_url),
        WITH_KEY(test_no_keys_behind_a_url),
        WITH_KEY(test_cancel),
    };
    const struct CMUnitTest without[] = {WITH_KEY(test_says_what_it_lacks)};
    if (!JSON_VALUE_IS_BUILT_IN)
        return cmocka_run_group_tests(without, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
