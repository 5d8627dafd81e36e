/* Look-ups in a server whose every byte the test writes. */
#include "net/redis/redis_client.h"

#include "lib/failing_alloc.h"

#include "lib/redis_lab.h"

#if WSLUICE_HIREDIS

#define GET(key)   "*2\r\n$3\r\nGET\r\n$1\r\n" key "\r\n"
#define HAVE(text) "$3\r\n" text "\r\n"

struct question {
    struct redis_lookup *lookup; /* NULL: answered, refused or cancelled */
    unsigned calls;
    enum redis_reply_kind kind;
    char text[REDIS_LINK_PROBLEM]; /* the value, or the problem */
    const char *then_get;          /* from within the callback; NULL: nothing */
    bool then_close;
};

static struct redis_client *client;
static unsigned idle_count;
static struct question a, b, c, d;

static void idle(void *owner)
{
    assert_ptr_equal(owner, &idle_count);
    idle_count++;
    client = NULL;
}

static void take_answer(struct question *question, const struct redis_answer *got)
{
    question->lookup = NULL;
    question->kind = got->kind;
    if (got->kind == REDIS_ERROR)
        snprintf(question->text, sizeof(question->text), "%s", got->problem);
    else
        snprintf(question->text, sizeof(question->text), "%.*s", (int)got->value.len,
                 got->value.len ? got->value.ptr : "");
}

static void ask(struct question *question, const char *key);

static void answered(void *owner, const struct redis_answer *got)
{
    struct question *question = owner;
    question->calls++;
    take_answer(question, got);
    if (question->then_get)
        ask(&d, question->then_get);
    if (question->then_close) {
        redis_client_close(client);
        client = NULL;
    }
}

static void ask(struct question *question, const char *key)
{
    struct redis_answer refusal;
    *question = (struct question){.kind = REDIS_INCOMPLETE};
    uv_update_time(&loop);
    question->lookup =
        redis_client_get(client, SLICE(""), slice_of(key), answered, question, &refusal);
    assert_int_equal(question->calls, 0);
    if (!question->lookup)
        take_answer(question, &refusal);
}

static void create(void)
{
    idle_count = 0;
    client = redis_client_create(&settings, &redis_loop, idle, &idle_count);
    assert_non_null(client);
}

static int client_tear_down(void **unused)
{
    if (client)
        redis_client_close(client);
    client = NULL;
    return redis_tear_down(unused);
}

static void expect(struct question *question, enum redis_reply_kind kind, const char *text)
{
    lab_until(!question->lookup);
    if (question->kind != kind || !strstr(question->text, text))
        fail_msg("%d: %s", (int)question->kind, question->text);
}

/* ---- replies ---- */

static void test_finds_values(void **unused)
{
    struct redis_answer refusal;
    create();
    ask(&a, "x");
    server_accepts();
    server_reads(GET("x"));
    server_drips(HAVE("h:1"));
    expect(&a, REDIS_VALUE, "h:1");
    ask(&a, "y");
    server_reads(GET("y"));
    server_says("$-1\r\n");
    expect(&a, REDIS_NOTHING, "");
    a = (struct question){0};
    a.lookup = redis_client_get(client, SLICE("desk:"), SLICE("s e\r\n"), answered, &a, &refusal);
    assert_non_null(a.lookup);
    server_reads("*2\r\n$3\r\nGET\r\n$10\r\ndesk:s e\r\n\r\n");
    server_says("-NOPERM this user has no permissions to access desk:s e\r\n");
    expect(&a, REDIS_ERROR, "NOPERM: ");
    assert_null(strstr(a.text, "s e\r"));
    a = (struct question){0};
    a.lookup = redis_client_ping(client, answered, &a, &refusal);
    assert_non_null(a.lookup);
    server_reads("*1\r\n$4\r\nPING\r\n");
    server_says("+PONG\r\n");
    expect(&a, REDIS_VALUE, "PONG");
}

/* Many at a time on one connection; the replies cut at every byte. */
static void test_pipelines(void **unused)
{
    const char *text = HAVE("x:1") "$-1\r\n" HAVE("z:3");
    create();
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        ask(&a, "x");
        ask(&b, "y");
        ask(&c, "z");
        if (cut == 0)
            server_accepts();
        server_reads(GET("x") GET("y") GET("z"));
        server_says_bytes(text, cut);
        settle();
        server_says(text + cut);
        expect(&a, REDIS_VALUE, "x:1");
        expect(&b, REDIS_NOTHING, "");
        expect(&c, REDIS_VALUE, "z:3");
        assert_int_equal(a.calls + b.calls + c.calls, 3);
    }
}

static void cancel(struct question *question)
{
    redis_client_cancel(client, question->lookup);
    question->lookup = NULL;
}

static void test_cancels(void **unused)
{
    settings.password = "p"; /* so that look-ups wait for the login */
    create();
    ask(&a, "x");
    ask(&b, "y");
    cancel(&a);
    server_accepts();
    server_reads("*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n");
    server_says("+OK\r\n");
    server_reads(GET("y"));
    ask(&c, "z");
    server_reads(GET("z"));
    cancel(&b);
    server_says(HAVE("y:2") HAVE("z:3"));
    expect(&c, REDIS_VALUE, "z:3");
    assert_int_equal(a.calls + b.calls, 0);
}

static void test_asks_and_closes_from_within_an_answer(void **unused)
{
    create();
    ask(&a, "x");
    a.then_get = "w";
    ask(&b, "y");
    b.then_close = true;
    ask(&c, "z");
    server_accepts();
    server_reads(GET("x") GET("y") GET("z"));
    server_says(HAVE("x:1"));
    expect(&a, REDIS_VALUE, "x:1");
    server_reads(GET("w"));
    server_says(HAVE("y:2") HAVE("z:3") HAVE("w:4"));
    expect(&b, REDIS_VALUE, "y:2");
    settle();
    assert_int_equal(c.calls + d.calls, 0);
    server_reads_end();
}

static void test_the_number_of_look_ups_is_bounded(void **unused)
{
    static struct question many[REDIS_CLIENT_PENDING];
    create();
    for (size_t i = 0; i < REDIS_CLIENT_PENDING; i++) {
        ask(&many[i], "x");
        assert_non_null(many[i].lookup);
    }
    ask(&a, "y");
    expect(&a, REDIS_ERROR, "too many look-ups");
    /* One that was cancelled still waits for its reply. */
    redis_client_cancel(client, many[0].lookup);
    ask(&a, "y");
    expect(&a, REDIS_ERROR, "too many look-ups");
    server_accepts();
    for (size_t i = 0; i < REDIS_CLIENT_PENDING; i++) {
        server_reads(GET("x"));
        server_says(HAVE("x:1"));
        turn();
    }
    for (size_t i = 1; i < REDIS_CLIENT_PENDING; i++)
        expect(&many[i], REDIS_VALUE, "x:1");
    ask(&a, "y");
    assert_non_null(a.lookup);
}

/* ---- connections that are lost ---- */

static void test_asks_again_on_the_next_connection(void **unused)
{
    create();
    ask(&a, "w");
    server_accepts();
    server_reads(GET("w"));
    server_says(HAVE("w:0"));
    expect(&a, REDIS_VALUE, "w:0");
    ask(&a, "x");
    ask(&b, "y");
    ask(&c, "z");
    server_reads(GET("x") GET("y") GET("z"));
    server_says(HAVE("x:1") "$3\r\nz");
    expect(&a, REDIS_VALUE, "x:1");
    cancel(&b);
    ask(&d, "v");
    server_accepts(); /* hangs up first */
    server_reads(GET("z") GET("v"));
    server_says(HAVE("z:3") HAVE("v:4"));
    expect(&c, REDIS_VALUE, "z:3");
    expect(&d, REDIS_VALUE, "v:4");
    assert_int_equal(b.calls, 0);
}

static void test_waits_for_a_server_that_restarts(void **unused)
{
    server_close();
    create();
    ask(&a, "x");
    settle();
    assert_non_null(a.lookup);
    server_open();
    server_accepts();
    server_reads(GET("x"));
    server_says(HAVE("x:1"));
    expect(&a, REDIS_VALUE, "x:1");
}

#define LOADING "-LOADING Redis is loading the dataset in memory\r\n"

/* As for one that restarts: the next connection asks again. */
static void test_waits_for_a_server_that_loads_its_data(void **unused)
{
    create();
    ask(&a, "x");
    ask(&b, "y");
    for (int i = 0; i < 3; i++) {
        server_accepts();
        server_reads(GET("x") GET("y"));
        server_says(i == 1 ? LOADING LOADING : LOADING);
    }
    server_accepts();
    server_reads(GET("x") GET("y"));
    assert_true(a.lookup && b.lookup);
    server_says(HAVE("x:1") HAVE("y:2"));
    expect(&a, REDIS_VALUE, "x:1");
    expect(&b, REDIS_VALUE, "y:2");
}

/* Not for longer than a look-up may take. */
static void test_says_that_a_server_loads_its_data(void **unused)
{
    settings.timeout_ms = 200;
    create();
    for (bool said = false; !said;
         said = strstr(a.text, "LOADING: the server is loading") != NULL) {
        ask(&a, "x");
        while (a.lookup) {
            if (peer < 0 && server_has_accepted())
                server_says(LOADING);
            turn();
            server_hang_up();
        }
        assert_int_equal(a.kind, REDIS_ERROR);
    }
}

static void test_fails_at_once_while_the_server_is_away(void **unused)
{
    settings.timeout_ms = 200;
    server_close();
    create();
    ask(&a, "x");
    expect(&a, REDIS_ERROR, path);
    assert_int_equal(a.calls, 1);
    unsigned refused = 0;
    for (uint64_t end = uv_hrtime() + 2000000000; uv_hrtime() < end && !refused; turn()) {
        ask(&b, "y");
        lab_until(!b.lookup);
        assert_int_equal(b.kind, REDIS_ERROR);
        refused += b.calls == 0;
    }
    assert_true(refused > 0);
    assert_non_null(strstr(b.text, path));
    server_open();
    lab_until((ask(&c, "z"), c.lookup)); /* after the pause */
    server_accepts();
    server_reads(GET("z"));
    server_says(HAVE("z:3"));
    expect(&c, REDIS_VALUE, "z:3");
    ask(&d, "w");
    server_reads(GET("w"));
    server_says(HAVE("w:4"));
    expect(&d, REDIS_VALUE, "w:4");
}

static void test_a_login_that_is_refused_fails_all(void **unused)
{
    settings.password = "secret";
    create();
    ask(&a, "x");
    ask(&b, "y");
    server_accepts();
    server_says("-WRONGPASS invalid username-password pair secret\r\n");
    expect(&a, REDIS_ERROR, "WRONGPASS");
    expect(&b, REDIS_ERROR, "WRONGPASS");
    assert_null(strstr(a.text, "secret"));
    ask(&c, "z");
    assert_int_equal(c.calls, 0);
    expect(&c, REDIS_ERROR, "WRONGPASS");
}

/* It accepts, and closes before it has answered anything: no attempts without a pause. */
static void test_a_server_that_closes_every_connection(void **unused)
{
    unsigned connections = 0;
    settings.timeout_ms = 400;
    create();
    ask(&a, "x");
    while (a.lookup) {
        connections += server_has_accepted();
        server_hang_up();
        turn();
    }
    assert_int_equal(a.kind, REDIS_ERROR);
    assert_in_range(connections, 2, 12);
}

static void test_a_stream_that_is_broken(void **unused)
{
    static const char *const says[] = {"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "hello\r\n", "%1\r\n"};
    settings.timeout_ms = 1000;
    create();
    for (size_t i = 0; i < WSL_COUNT(says); i++) {
        lab_until((ask(&a, "x"), a.lookup));
        server_accepts();
        server_reads(GET("x"));
        server_says(says[i]);
        server_reads_end();
        server_close(); /* it tries again until its deadline */
        expect(&a, REDIS_ERROR, path);
        server_open();
    }
}

/* ---- time ---- */

static void test_a_server_that_does_not_answer(void **unused)
{
    settings.timeout_ms = 100;
    create();
    ask(&a, "x");
    server_accepts();
    server_reads(GET("x"));
    server_says("$3\r\nx:");
    expect(&a, REDIS_ERROR, "did not answer in time");
    server_reads_end();
}

/* Later look-ups do not pay for the earlier one that has no reply. */
static void test_one_late_reply_costs_the_connection_only(void **unused)
{
    settings.timeout_ms = 1000;
    create();
    ask(&a, "x");
    server_accepts();
    server_reads(GET("x"));
    uint64_t half = uv_hrtime() + 600000000;
    lab_until(uv_hrtime() > half);
    ask(&b, "y");
    server_reads(GET("y"));
    expect(&a, REDIS_ERROR, "did not answer in time");
    assert_non_null(b.lookup);
    server_accepts();
    server_reads(GET("y"));
    server_says(HAVE("y:2"));
    expect(&b, REDIS_VALUE, "y:2");
}

static void test_a_server_that_does_not_answer_the_login(void **unused)
{
    settings.timeout_ms = 100;
    settings.password = "secret";
    create();
    ask(&a, "x");
    server_accepts();
    expect(&a, REDIS_ERROR, "did not answer in time");
    server_reads("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
    server_reads_end();
}

static void test_closes_itself_when_it_has_nothing_to_do(void **unused)
{
    settings.idle_ms = 50;
    create();
    ask(&a, "x");
    server_accepts();
    server_reads(GET("x"));
    uint64_t later = uv_hrtime() + 150000000;
    lab_until(uv_hrtime() > later);
    assert_int_equal(idle_count, 0);
    server_says(HAVE("x:1"));
    expect(&a, REDIS_VALUE, "x:1");
    lab_until(idle_count == 1);
    server_reads_end();
    settle();
    assert_int_equal(idle_count, 1);
}

/* ---- memory ---- */

static void test_closes_at_any_time(void **unused)
{
    settings.password = "p";
    for (int step = 0; step < 6; step++) {
        a = (struct question){0};
        create();
        if (step > 0)
            ask(&a, "x");
        if (step > 1)
            server_accepts();
        if (step > 2)
            server_says("+OK\r\n");
        if (step > 3)
            server_reads("*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n" GET("x"));
        if (step > 4)
            server_says("$3\r\nx");
        settle();
        redis_client_close(client);
        client = NULL;
        settle();
        assert_int_equal(a.calls, 0);
        server_close();
        server_open();
    }
}

static void test_no_memory(void **unused)
{
    settings.timeout_ms = 300;
    for (unsigned n = 1; n < 20; n++) {
        create();
        failing_alloc_arm(n);
        ask(&a, "x");
        for (int i = 0; i < 20 && a.lookup; i++) {
            if (peer >= 0 || server_has_accepted())
                (void)send(peer, HAVE("x:1"), i == 5 ? 9 : 0, MSG_NOSIGNAL);
            turn();
        }
        failing_alloc_arm(0);
        redis_client_close(client);
        client = NULL;
        server_hang_up();
        server_close();
        server_open();
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, redis_set_up, client_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_finds_values),
        CASE(test_pipelines),
        CASE(test_cancels),
        CASE(test_asks_and_closes_from_within_an_answer),
        CASE(test_the_number_of_look_ups_is_bounded),
        CASE(test_asks_again_on_the_next_connection),
        CASE(test_waits_for_a_server_that_restarts),
        CASE(test_waits_for_a_server_that_loads_its_data),
        CASE(test_says_that_a_server_loads_its_data),
        CASE(test_fails_at_once_while_the_server_is_away),
        CASE(test_a_login_that_is_refused_fails_all),
        CASE(test_a_server_that_closes_every_connection),
        CASE(test_a_stream_that_is_broken),
        CASE(test_a_server_that_does_not_answer),
        CASE(test_one_late_reply_costs_the_connection_only),
        CASE(test_a_server_that_does_not_answer_the_login),
        CASE(test_closes_itself_when_it_has_nothing_to_do),
        CASE(test_closes_at_any_time),
        CASE(test_no_memory),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

#else

int main(void)
{
    return 0;
}

#endif
