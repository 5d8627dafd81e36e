/* One connection to a server whose every byte the test writes. */
#include "net/redis/redis_link.h"

#include "lib/failing_alloc.h"

#include "lib/redis_lab.h"

#if WSLUICE_HIREDIS

#define GET "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"

static struct redis_link tested;
static unsigned ready_count, end_count, expected; /* replies */
static char replies[1024];

static void ready(struct redis_link *link)
{
    assert_ptr_equal(link, &tested);
    ready_count++;
}

static bool reply(struct redis_link *link, const struct redis_reply *got)
{
    size_t length = strlen(replies);
    if (expected == 0)
        return false;
    expected--;
    snprintf(replies + length, sizeof(replies) - length, "%d:%.*s\n", (int)got->kind,
             (int)got->text.len, got->text.len ? got->text.ptr : "");
    return true;
}

static void ended(struct redis_link *link)
{
    assert_int_equal(link->state, REDIS_LINK_CLOSED);
    end_count++;
}

static const struct redis_link_events events = {ready, reply, ended};

static bool open_link(void)
{
    ready_count = end_count = expected = 0;
    replies[0] = '\0';
    tested = (struct redis_link){.settings = &settings, .events = &events, .loop = redis_loop};
    uv_update_time(&loop);
    bool opened = redis_link_open(&tested);
    assert_int_equal(ready_count + end_count, 0);
    return opened;
}

static bool get(void)
{
    const struct slice words[] = {SLICE("GET"), SLICE("a")};
    bool sent = redis_link_send(&tested, words, 2);
    expected += sent;
    return sent;
}

static void expect_end(const char *problem)
{
    lab_until(end_count == 1);
    if (!strstr(tested.problem, problem) || !strstr(tested.problem, path))
        fail_msg("problem: %s", tested.problem);
    settle();
    assert_int_equal(end_count, 1);
}

static void test_is_ready_at_once_without_a_login(void **unused)
{
    assert_true(open_link());
    assert_int_equal(tested.state, REDIS_LINK_READY);
    assert_true(get());
    assert_true(get());
    server_accepts();
    server_reads(GET GET);
    server_drips("$3\r\nb:1\r\n$-1\r\n");
    lab_until(expected == 0);
    assert_string_equal(replies, "1:b:1\n2:\n");
    redis_link_close(&tested);
    server_reads_end();
    assert_int_equal(end_count, 0);
}

static void test_logs_in(void **unused)
{
    settings.password = "secret";
    assert_true(open_link());
    assert_int_equal(tested.state, REDIS_LINK_GREETING);
    server_accepts();
    server_reads("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
    server_reads_nothing();
    server_drips("+OK\r\n");
    lab_until(ready_count == 1);
    redis_link_close(&tested);

    settings.user = "desk";
    settings.database = 15;
    assert_true(open_link());
    server_accepts();
    server_reads(
        "*3\r\n$4\r\nAUTH\r\n$4\r\ndesk\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n");
    server_drips("+OK\r\n+OK\r");
    assert_int_equal(ready_count, 0);
    server_drips("\n");
    lab_until(ready_count == 1);
    assert_true(get());
    server_reads(GET);
    redis_link_close(&tested);
}

static void test_a_login_that_is_refused(void **unused)
{
    static const struct {
        const char *says, *problem;
    } cases[] = {
        {"-WRONGPASS invalid username-password pair secret\r\n", ": WRONGPASS: "},
        {"-ERR unknown command `AUTH`, with args beginning with: `secret`\r\n", ": ERR: "},
        {"-ERR max number of clients reached\r\n", "maxclients"},
        {"+OK\r\n-ERR DB index is out of range\r\n", "no database"},
        {"-DENIED Redis is running in protected mode\r\n", "protected mode"},
    };
    settings.password = "secret";
    settings.database = 3;
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        assert_true(open_link());
        server_accepts();
        server_says(cases[i].says);
        server_hang_up();
        expect_end(cases[i].problem);
        assert_true(tested.refused);
        assert_null(strstr(tested.problem, "secret"));
    }
}

static void test_a_login_with_another_reply(void **unused)
{
    static const char *const says[] = {"+QUEUED\r\n", "$-1\r\n", ":1\r\n", "*0\r\n",
                                       "HTTP/1.1 400\r\n"};
    settings.password = "secret";
    for (size_t i = 0; i < WSL_COUNT(says); i++) {
        assert_true(open_link());
        server_accepts();
        server_drips(says[i]);
        expect_end("reply");
        assert_false(tested.refused);
        server_reads("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
        server_reads_end();
    }
}

/* The server stops at any byte of the login and of a reply. */
static void test_a_server_that_hangs_up_anywhere(void **unused)
{
    const char *text = "+OK\r\n$5\r\nhost:\r\n";
    settings.password = "secret";
    for (size_t cut = 0; cut < strlen(text); cut++) {
        assert_true(open_link());
        server_accepts();
        server_says_bytes(text, size_min(cut, 5));
        if (cut >= 5) {
            lab_until(tested.state == REDIS_LINK_READY);
            assert_true(get());
            server_says_bytes(text + 5, cut - 5);
        }
        server_hang_up();
        expect_end("redis ");
        assert_string_equal(replies, "");
    }
}

static void test_a_reply_without_a_command(void **unused)
{
    assert_true(open_link());
    server_accepts();
    server_says("+OK\r\n");
    expect_end("without a command");
    assert_true(open_link());
    server_accepts();
    server_says("-ERR max number of clients reached\r\n");
    expect_end("maxclients");
    assert_true(tested.refused);
}

static void test_there_is_no_server(void **unused)
{
    server_close();
    assert_false(open_link());
    assert_non_null(strstr(tested.problem, path));
    settle();
    assert_int_equal(end_count, 0);
}

/* Commands wait in a bounded buffer, and arrive whole and in order. */
static void test_a_server_that_does_not_read(void **unused)
{
    unsigned sent = 0;
    assert_true(open_link());
    while (get())
        sent++;
    assert_true(sent > REDIS_LINK_ROOM / sizeof(GET));
    server_accepts();
    for (unsigned i = 0; i < sent; i++)
        server_reads(GET);
    server_reads_nothing();
    assert_true(get());
    server_reads(GET);
    redis_link_close(&tested);
    for (size_t i = 0; i < sizeof(tested.out); i++)
        assert_int_equal(tested.out[i], 0);
}

static void test_a_write_to_a_server_that_is_gone(void **unused)
{
    assert_true(open_link());
    server_accepts();
    server_hang_up();
    assert_true(get());
    assert_int_equal(end_count, 0);
    lab_until(end_count == 1);
}

static void test_no_memory(void **unused)
{
    settings.password = "secret";
    bool opened = false;
    for (unsigned n = 1; !opened; n++) {
        failing_alloc_arm(n);
        opened = open_link();
        failing_alloc_arm(0);
        if (!opened)
            assert_non_null(strstr(tested.problem, "redis "));
        assert_true(n < 50);
    }
    redis_link_close(&tested);
    settle();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, redis_set_up, redis_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_is_ready_at_once_without_a_login),
        CASE(test_logs_in),
        CASE(test_a_login_that_is_refused),
        CASE(test_a_login_with_another_reply),
        CASE(test_a_server_that_hangs_up_anywhere),
        CASE(test_a_reply_without_a_command),
        CASE(test_there_is_no_server),
        CASE(test_a_server_that_does_not_read),
        CASE(test_a_write_to_a_server_that_is_gone),
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
