/* The source over a server whose every byte the test writes. */
#include "serve/tokens/token_redis.h"

#include "lib/failing_alloc.h"

#include "lib/redis_lab.h"
#include "serve/tokens/token_sources.h"

#if WSLUICE_HIREDIS

struct asked {
    struct token_wait wait;
    struct token_destination destination;
    unsigned calls;
    enum reason reason;
};

static struct token_source *source;
static char url[128], printed[128];
static struct asked first, second;

static void answered(struct token_wait *wait, enum reason reason)
{
    struct asked *asked = WSL_CONTAINER(wait, struct asked, wait);
    asked->calls++;
    asked->reason = reason;
}

static void ask(struct asked *asked, const char *token, unsigned worker)
{
    const struct token_question question = {.token = slice_of(token)};
    token_destination_clear(&asked->destination);
    *asked = (struct asked){
        .wait = {.loop = {&lab.lane, {.watches = &watches, .resolver = resolver}, .worker = worker},
                 .answered = answered}};
    asked->wait.destination = &asked->destination;
    uv_update_time(&loop);
    bool is_answered = token_source_find(source, &question, &asked->wait, &asked->reason);
    assert_int_equal(asked->calls, 0);
    assert_int_equal(is_answered, asked->wait.pending == NULL);
    asked->calls = is_answered;
}

static const char *address_of(const struct asked *asked)
{
    return config_address_print(&asked->destination.address, printed, sizeof(printed));
}

static void expect(struct asked *asked, enum reason reason, const char *text)
{
    lab_until(asked->calls == 1);
    const char *got = reason == REASON_none ? address_of(asked) : asked->destination.detail;
    if (asked->reason != reason || !strstr(got, text))
        fail_msg("%s: %s", reason_row(asked->reason)->name, got);
}

static int open_source(void **unused)
{
    char error[256];
    (void)redis_set_up(unused);
    snprintf(url, sizeof(url), "unix:%s", path);
    const struct config_tokens tokens = {
        .redis = {.url = url, .prefix = "d:", .timeout_ms = LAB_PATIENCE_MS}};
    source = token_sources_create(&tokens, &(struct token_shared){0}, error, sizeof(error));
    assert_non_null(source);
    return 0;
}

/* The clients outlive the source; they are closed as watch_set_close does it. */
static int close_source(void **unused)
{
    token_destination_clear(&first.destination);
    token_destination_clear(&second.destination);
    token_source_release(source);
    while (!list_empty(&watches.holders)) {
        struct watch_holder *holder =
            WSL_CONTAINER(watches.holders.next, struct watch_holder, link);
        holder->close(holder);
    }
    return redis_tear_down(unused);
}

static void server_answers(const char *token, const char *value)
{
    char text[200];
    snprintf(text, sizeof(text), "*2\r\n$3\r\nGET\r\n$%zu\r\nd:%s\r\n", strlen(token) + 2, token);
    server_reads(text);
    snprintf(text, sizeof(text), "$%zu\r\n%s\r\n", strlen(value), value);
    server_says(text);
}

static void test_values(void **unused)
{
    static const struct {
        const char *value;
        enum reason reason;
        const char *text; /* of the address or the detail */
    } cases[] = {
        {"localhost:5900", REASON_none, "localhost:5900"},
        {" 10.0.0.5:5900\n", REASON_none, "10.0.0.5:5900"},
        {"[::1]:1", REASON_none, "[::1]:1"},
        {"unix:/run/desk", REASON_none, "unix:/run/desk"},
#if WSLUICE_JANSSON
        {"{\"host\": \"desk\", \"port\": 5900}", REASON_none, "desk:5900"},
        {"{\"host\": \"desk:5901\"}", REASON_none, "desk:5901"},
        {"{\"target\": \"tcp://desk:5902\"}", REASON_none, "desk:5902"},
        {"{\"host\": \"desk\"}", REASON_token_source, "port"},
        {"{\"host\": \"token\", ", REASON_token_source, "is no valid JSON"},
#endif
        {"", REASON_token_source, "is empty"},
        {"token", REASON_token_source, "is no target"},
        {"token:nosuchservice", REASON_token_source, "no service"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        ask(&first, "token", 0);
        if (i == 0)
            server_accepts();
        server_answers("token", cases[i].value);
        expect(&first, cases[i].reason, cases[i].text);
        if (cases[i].reason != REASON_none) {
            assert_non_null(strstr(first.destination.detail, "redis unix:"));
            assert_null(strstr(first.destination.detail, "token:"));
        }
    }
    ask(&first, "token", 0);
    server_reads("*2\r\n$3\r\nGET\r\n$7\r\nd:token\r\n");
    server_says("$-1\r\n");
    expect(&first, REASON_token_unknown, "");
    ask(&first, "token", 0);
    server_reads("*2\r\n$3\r\nGET\r\n$7\r\nd:token\r\n");
    server_says("-WRONGTYPE Operation against a key d:token\r\n");
    expect(&first, REASON_token_source, "WRONGTYPE");
}

static void test_each_worker_has_a_connection(void **unused)
{
    ask(&first, "a", 0);
    server_accepts();
    server_answers("a", "a:1");
    expect(&first, REASON_none, "a:1");
    int kept = peer;
    peer = -1;
    ask(&second, "b", 1);
    server_accepts();
    server_answers("b", "b:2");
    expect(&second, REASON_none, "b:2");
    server_hang_up();
    peer = kept;
    ask(&first, "c", 0);
    server_answers("c", "c:3");
    expect(&first, REASON_none, "c:3");
}

static void test_leaves(void **unused)
{
    ask(&first, "a", 0);
    ask(&second, "b", 0);
    server_accepts();
    token_source_leave(source, &first.wait);
    server_reads("*2\r\n$3\r\nGET\r\n$3\r\nd:a\r\n*2\r\n$3\r\nGET\r\n$3\r\nd:b\r\n");
    server_says("$3\r\na:1\r\n$3\r\nb:2\r\n");
    expect(&second, REASON_none, "b:2");
    assert_int_equal(first.calls, 0);
}

static void test_describes_itself(void **unused)
{
    char text[256];
    assert_true(token_source_describe(source, text, sizeof(text)));
    assert_non_null(strstr(text, path));
}

static void test_a_login_is_not_shown(void **unused)
{
    static const char *const mistakes[] = {"redis://:secret@h:x", "redis://:secret%@h"};
    char error[256], text[256];
    for (size_t i = 0; i < WSL_COUNT(mistakes); i++) {
        const struct config_tokens wrong = {.redis = {.url = mistakes[i]}};
        assert_null(token_redis_create(&wrong, NULL, error, sizeof(error)));
        assert_null(strstr(error, "secret"));
    }
    const struct config_tokens tokens = {.redis = {.url = "rediss://u:secret@h:1/2"}};
    struct token_source *other = token_redis_create(&tokens, NULL, error, sizeof(error));
    assert_non_null(other);
    assert_true(token_source_describe(other, text, sizeof(text)));
    assert_null(strstr(text, "secret"));
    token_source_release(other);
}

static void test_no_memory(void **unused)
{
    char error[256];
    const struct config_tokens tokens = {
        .redis = {.url = url, .prefix = "d:", .user = "u", .password = "p"}};
    struct token_source *other = NULL;
    for (unsigned n = 1; !other; n++) {
        failing_alloc_arm(n);
        other = token_redis_create(&tokens, NULL, error, sizeof(error));
        failing_alloc_arm(0);
        assert_true(other || strcmp(error, "out of memory") == 0);
        assert_true(n < 20);
    }
    token_source_release(other);
    for (unsigned n = 1; n < 4; n++) {
        failing_alloc_arm(n);
        ask(&first, "a", n);
        failing_alloc_arm(0);
        if (first.calls == 0)
            token_source_leave(source, &first.wait);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_source, close_source)
    const struct CMUnitTest tests[] = {
        CASE(test_values),           CASE(test_each_worker_has_a_connection), CASE(test_leaves),
        CASE(test_describes_itself), CASE(test_a_login_is_not_shown),         CASE(test_no_memory),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

#else

/* The program says what it lacks. */
int main(void)
{
    char error[256] = "";
    const struct config_tokens tokens = {.redis.url = "redis://localhost"};
    bool created = token_redis_create(&tokens, NULL, error, sizeof(error)) != NULL;
    return created || !strstr(error, "without hiredis");
}

#endif
