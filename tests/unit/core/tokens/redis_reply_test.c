#include "core/tokens/redis_reply.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#if WSLUICE_HIREDIS

/* From memory of exactly that size, so that a sanitizer reports a read behind it. */
static void feed(struct redis_parser *parser, const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, bytes, length);
    redis_reply_feed(parser, (struct slice){copy + 1, length});
    free(copy);
}

static struct redis_parser *create(void)
{
    struct redis_parser *parser = redis_reply_create();
    assert_non_null(parser);
    return parser;
}

/* One line for each reply, as "value:TEXT", "nothing", "error:TEXT" or "broken". */
static void list_replies(struct redis_parser *parser, char *out, size_t size)
{
    static const char *const names[] = {"", "value", "nothing", "error", "broken"};
    for (;;) {
        struct redis_reply reply = redis_reply_next(parser);
        size_t length = strlen(out);
        if (reply.kind == REDIS_INCOMPLETE)
            return;
        assert_true((reply.kind == REDIS_BROKEN) == (reply.fault != NULL));
        snprintf(out + length, size - length, "%s:%.*s\n", names[reply.kind], (int)reply.text.len,
                 reply.text.len ? reply.text.ptr : "");
        if (reply.kind == REDIS_BROKEN)
            return;
    }
}

/* At once, cut in two at every byte, and byte by byte. */
static void assert_replies(const char *bytes, const char *wanted)
{
    size_t length = strlen(bytes);
    for (size_t cut = 0; cut <= length; cut++) {
        char out[1024] = "";
        struct redis_parser *parser = create();
        feed(parser, bytes, cut);
        list_replies(parser, out, sizeof(out));
        feed(parser, bytes + cut, length - cut);
        if (!strstr(out, "broken"))
            list_replies(parser, out, sizeof(out));
        redis_reply_free(parser);
        assert_string_equal(out, wanted);
    }
    char out[1024] = "";
    struct redis_parser *parser = create();
    for (size_t i = 0; i < length && !strstr(out, "broken"); i++) {
        feed(parser, bytes + i, 1);
        list_replies(parser, out, sizeof(out));
    }
    redis_reply_free(parser);
    assert_string_equal(out, wanted);
}

static void test_reads_what_a_look_up_gets(void **state)
{
    assert_replies("$14\r\nlocalhost:5900\r\n", "value:localhost:5900\n");
    assert_replies("$0\r\n\r\n", "value:\n");
    assert_replies("$4\r\na\r\nb\r\n", "value:a\r\nb\n");
    assert_replies("$-1\r\n", "nothing:\n");
    assert_replies("*-1\r\n", "nothing:\n");
    assert_replies("+OK\r\n", "value:OK\n");
    assert_replies(":-7\r\n", "value:-7\n");
    assert_replies("-NOAUTH Authentication required.\r\n",
                   "error:NOAUTH Authentication required.\n");
    assert_replies("", "");
}

static void test_reads_replies_one_after_the_other(void **state)
{
    assert_replies("+OK\r\n+OK\r\n$3\r\na:1\r\n$-1\r\n-ERR no\r\n$3\r\nb:2\r\n$9\r\ncut",
                   "value:OK\nvalue:OK\nvalue:a:1\nnothing:\nerror:ERR no\nvalue:b:2\n");
}

static void test_refuses_all_else(void **state)
{
    assert_replies("*1\r\n$3\r\na:1\r\n", "broken:\n");
    assert_replies("*0\r\n", "broken:\n");
    assert_replies("+OK\r\n*2\r\n*1\r\n", "value:OK\nbroken:\n");
    assert_replies("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "broken:\n");
    assert_replies("*2147483647\r\n", "broken:\n");
    assert_replies("HTTP/1.1 400 Bad Request\r\n\r\n", "broken:\n");
    assert_replies("SSH-2.0-OpenSSH_9.2\r\n", "broken:\n");
    assert_replies("\r\n", "broken:\n");
    assert_replies("+OK\r\n\x15\x03\x01", "value:OK\nbroken:\n");
}

static void test_never_takes_a_type_of_resp3_for_a_value(void **state)
{
    static const char *const replies[] = {
        "%1\r\n+key\r\n:1\r\n", "~1\r\n:1\r\n",      ">1\r\n+invalidate\r\n", "#t\r\n", ",1.5\r\n",
        "(123456789012345\r\n", "=7\r\ntxt:a:1\r\n", "|1\r\n+a\r\n+b\r\n",
    };
    for (size_t i = 0; i < WSL_COUNT(replies); i++) {
        char out[200] = "";
        struct redis_parser *parser = create();
        feed(parser, replies[i], strlen(replies[i]));
        list_replies(parser, out, sizeof(out));
        assert_string_equal(out, "broken:\n");
        redis_reply_free(parser);
    }
}

static void test_stays_broken(void **state)
{
    struct redis_parser *parser = create();
    feed(parser, "?\r\n", 3);
    assert_int_equal(redis_reply_next(parser).kind, REDIS_BROKEN);
    feed(parser, "+OK\r\n", 5);
    struct redis_reply reply = redis_reply_next(parser);
    assert_int_equal(reply.kind, REDIS_BROKEN);
    assert_non_null(strstr(reply.fault, "RESP"));
    redis_reply_free(parser);
}

/* ---- length ---- */

/* A value of `length` bytes, in pieces of `piece`. */
static struct redis_reply read_long(struct redis_parser *parser, size_t length, size_t piece)
{
    char head[32], *bytes = malloc(length + 64);
    assert_non_null(bytes);
    size_t total = (size_t)snprintf(head, sizeof(head), "$%zu\r\n", length);
    memcpy(bytes, head, total);
    memset(bytes + total, 'x', length);
    memcpy(bytes + total + length, "\r\n", 2);
    total += length + 2;
    struct redis_reply reply = {.kind = REDIS_INCOMPLETE};
    for (size_t done = 0, more; done < total && reply.kind == REDIS_INCOMPLETE; done += more) {
        more = size_min(piece, total - done);
        feed(parser, bytes + done, more);
        reply = redis_reply_next(parser);
    }
    free(bytes);
    return reply;
}

static void test_a_value_has_a_limit(void **state)
{
    static const size_t pieces[] = {1, 1000, REDIS_VALUE_MAX};
    for (size_t i = 0; i < WSL_COUNT(pieces); i++) {
        struct redis_parser *parser = create();
        struct redis_reply reply = read_long(parser, REDIS_VALUE_MAX, pieces[i]);
        assert_int_equal(reply.kind, REDIS_VALUE);
        assert_int_equal(reply.text.len, REDIS_VALUE_MAX);
        assert_int_equal(reply.text.ptr[REDIS_VALUE_MAX - 1], 'x');
        reply = read_long(parser, REDIS_VALUE_MAX + 1, pieces[i]);
        assert_int_equal(reply.kind, REDIS_BROKEN);
        assert_non_null(strstr(reply.fault, "longer"));
        redis_reply_free(parser);
    }
}

/* Lines that never end, and a value that is announced and never ends. */
static void test_refuses_what_does_not_end(void **state)
{
    static const char *const begins[] = {"+", "-", ":", "$", "*", "$536870911\r\n", "", "+OK\r\n-"};
    for (size_t i = 0; i < WSL_COUNT(begins); i++) {
        struct redis_parser *parser = create();
        char piece[512];
        size_t fed = 0;
        memset(piece, '1', sizeof(piece));
        feed(parser, begins[i], strlen(begins[i]));
        struct redis_reply reply = redis_reply_next(parser);
        if (reply.kind == REDIS_VALUE)
            reply = redis_reply_next(parser);
        while (reply.kind == REDIS_INCOMPLETE) {
            feed(parser, piece, sizeof(piece));
            fed += sizeof(piece);
            reply = redis_reply_next(parser);
            assert_true(fed <= REDIS_VALUE_MAX + 1024);
        }
        assert_int_equal(reply.kind, REDIS_BROKEN);
        redis_reply_free(parser);
    }
}

#endif

/* ---- errors ---- */

static void assert_meaning(const char *error, const char *wanted)
{
    assert_non_null(strstr(redis_reply_explain(slice_of(error)), wanted));
}

static void test_explains_errors(void **state)
{
    assert_meaning("NOAUTH Authentication required.", "NOAUTH: the server wants a password");
    assert_meaning("WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS: ");
    assert_meaning("LOADING Redis is loading the dataset in memory", "LOADING: ");
    assert_meaning("MOVED 3999 127.0.0.1:6381", "MOVED: ");
    assert_meaning("READONLY You can't write against a read only replica.", "READONLY: ");
    assert_meaning("ERR max number of clients reached", "maxclients");
    assert_meaning("ERR DB index is out of range", "database");
    assert_meaning("ERR invalid DB index", "database");
    assert_meaning("ERR wrong number of arguments for 'auth' command", "older than Redis 6");
    assert_meaning("ERR something else", "ERR: the server refuses the command");
    assert_meaning("ERR", "ERR: the server refuses the command");
    assert_meaning("ERRATIC", "does not know");
    assert_meaning("OOM", "OOM: ");
    assert_meaning("", "does not know");
}

/* Servers quote the commands that they do not know, and so the token. */
static void test_knows_which_errors_pass(void **state)
{
    assert_true(redis_reply_will_pass(SLICE("LOADING Redis is loading the dataset in memory")));
    assert_true(redis_reply_will_pass(SLICE("LOADING")));
    assert_false(redis_reply_will_pass(SLICE("LOADINGS x")));
    assert_false(redis_reply_will_pass(SLICE("LOADIN")));
    assert_false(redis_reply_will_pass(SLICE("ERR LOADING")));
    assert_false(redis_reply_will_pass(SLICE("NOAUTH x")));
    assert_false(redis_reply_will_pass(SLICE("")));
}

static void test_never_quotes_an_error(void **state)
{
    static const char *const errors[] = {
        "ERR unknown command 'GET', with args beginning with: 'desk:SECRET'",
        "ERR unknown command `AUTH`, with args beginning with: `SECRET`",
        "NOPERM No permissions to access the key SECRET",
        "MOVED 3999 SECRET",
        "SECRET",
        "ERR SECRET",
    };
    for (size_t i = 0; i < WSL_COUNT(errors); i++)
        assert_null(strstr(redis_reply_explain(slice_of(errors[i])), "SECRET"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if WSLUICE_HIREDIS
        cmocka_unit_test(test_reads_what_a_look_up_gets),
        cmocka_unit_test(test_reads_replies_one_after_the_other),
        cmocka_unit_test(test_refuses_all_else),
        cmocka_unit_test(test_never_takes_a_type_of_resp3_for_a_value),
        cmocka_unit_test(test_stays_broken),
        cmocka_unit_test(test_a_value_has_a_limit),
        cmocka_unit_test(test_refuses_what_does_not_end),
#endif
        cmocka_unit_test(test_explains_errors),
        cmocka_unit_test(test_knows_which_errors_pass),
        cmocka_unit_test(test_never_quotes_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
