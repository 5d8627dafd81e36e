#include "core/tokens/token_file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* From memory of exactly that size, so that a sanitizer reports a read behind it. */
static const char *parse(const char *text, struct token_target *target)
{
    size_t length = strlen(text);
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text, length);
    const char *fault = token_file_target((struct slice){copy + 1, length}, target);
    free(copy);
    return fault;
}

static void assert_target(const char *text, bool is_unix, const char *host, unsigned port,
                          const char *service)
{
    struct token_target target;
    assert_null(parse(text, &target));
    assert_null(token_file_target(slice_of(text), &target));
    assert_int_equal(target.is_unix, is_unix);
    assert_true(slice_equal(target.host, slice_of(host)));
    assert_int_equal(target.port, port);
    assert_true(slice_equal(target.service, slice_of(service)));
}

static void assert_fault(const char *text, const char *part)
{
    struct token_target target;
    const char *fault = parse(text, &target);
    if (!fault || !strstr(fault, part))
        fail_msg("%s: %s", text, fault ? fault : "accepted");
}

static void test_reads_targets(void **state)
{
    assert_target("localhost:5900", false, "localhost", 5900, "");
    assert_target(" \t 10.0.0.5:1 \r", false, "10.0.0.5", 1, "");
    assert_target("desk.example.com:65535", false, "desk.example.com", 65535, "");
    assert_target("host:ssh", false, "host", 0, "ssh");
    assert_target("host:3com-tsmux", false, "host", 0, "3com-tsmux");
}

static void test_reads_ipv6_with_and_without_brackets(void **state)
{
    assert_target("[::1]:5900", false, "::1", 5900, "");
    assert_target("::1:5900", false, "::1", 5900, "");
    assert_target("[fe80::1%eth0]:5900", false, "fe80::1%eth0", 5900, "");
    assert_target("2001:db8::7:80", false, "2001:db8::7", 80, "");
    assert_fault("[::1:5900", "host");
    assert_fault("[:5900", "host");
    assert_fault("1:2:3:5900", "host");
}

static void test_reads_unix_sockets(void **state)
{
    char path[256] = "unix:/";
    assert_target("unix_socket:/run/desk.sock", true, "/run/desk.sock", 0, "");
    assert_target("unix:/run/a:b c", true, "/run/a:b c", 0, "");
    assert_target("unix:@desk", true, "@desk", 0, "");
    assert_fault("unix:run/desk.sock", "unix:/PATH");
    assert_fault("unix:", "unix:/PATH");
    assert_fault("unix_socket:/", "unix:/PATH");
    assert_fault("unix:/a\001b", "control");
    memset(path + 6, 'p', 106);
    assert_target(path, true, path + 5, 0, "");
    path[6 + 106] = 'p';
    assert_fault(path, "too long");
    /* A host may be called so. */
    assert_target("unix-box:5900", false, "unix-box", 5900, "");
}

static void test_refuses_targets_that_cannot_be_connected_to(void **state)
{
    assert_fault("", "HOST:PORT");
    assert_fault("localhost", "HOST:PORT");
    assert_fault(":5900", "host");
    assert_fault("[]:5900", "host");
    assert_fault("a b:5900", "host");
    assert_fault("tcp://host:5900", "host");
    assert_fault("{name}:5900", "host");
    assert_fault("user@host:5900", "host");
    assert_fault("host:", "port");
    assert_fault("host:0", "port");
    assert_fault("host:65536", "port");
    assert_fault("host:0080", "port");
    assert_fault("host:+80", "port");
    assert_fault("host: 80", "port");
    assert_fault("host:a/b", "port");
    assert_fault("host:abcdefghijklmnopqrstuvwxyz-abcdefgh", "port");
}

static const char file[] = "\xEF\xBB\xBF"
                           "one: host:1\r\n"
                           "# two: host:2\n"
                           "\n"
                           " \t\r\n"
                           "three:\t host:3 \n"
                           "no separator\n"
                           "four: host: 4\n"
                           "five: a: host:5\n"
                           ": host:6\n"
                           "a:b # c: host:7\n"
                           " \tlead and trail : host:8\n"
                           "nine: host\n"
                           " # ten: host:10\n"
                           "last: host:11";

struct seen {
    enum token_file_verdict verdict;
    unsigned line;
    const char *token;
    unsigned port;
};
static const struct seen wanted[] = {
    {TOKEN_FILE_LINE, 1, "one", 1},      {TOKEN_FILE_LINE, 5, "three", 3},
    {TOKEN_FILE_FAULT, 6, NULL, 0},      {TOKEN_FILE_FAULT, 7, NULL, 0},
    {TOKEN_FILE_FAULT, 8, NULL, 0},      {TOKEN_FILE_FAULT, 9, NULL, 0},
    {TOKEN_FILE_LINE, 10, "a:b # c", 7}, {TOKEN_FILE_LINE, 11, "lead and trail ", 8},
    {TOKEN_FILE_FAULT, 12, NULL, 0},     {TOKEN_FILE_LINE, 14, "last", 11},
};

static void test_reads_lines(void **state)
{
    struct token_cursor cursor = {SLICE(file), 0};
    struct token_line line;
    const char *fault;
    for (size_t i = 0; i < WSL_COUNT(wanted); i++) {
        assert_int_equal(token_file_next(&cursor, &line, &fault), wanted[i].verdict);
        assert_int_equal(cursor.line, wanted[i].line);
        if (wanted[i].verdict == TOKEN_FILE_FAULT) {
            assert_non_null(fault);
            continue;
        }
        assert_true(slice_equal(line.token, slice_of(wanted[i].token)));
        assert_int_equal(line.target.port, wanted[i].port);
    }
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_END);
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_END);
}

/* A file that is cut off has the same lines up to the cut, and nothing behind it is read. */
static void test_reads_a_file_that_is_cut_off(void **state)
{
    for (size_t length = 0; length < sizeof(file); length++) {
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, file, length);
        struct token_cursor cursor = {{copy, length}, 0};
        struct token_line line;
        const char *fault;
        size_t count = 0;
        enum token_file_verdict verdict;
        while ((verdict = token_file_next(&cursor, &line, &fault)) != TOKEN_FILE_END) {
            assert_true(count < WSL_COUNT(wanted));
            assert_int_equal(cursor.line, wanted[count].line);
            if (cursor.rest.len > 0)
                assert_int_equal(verdict, wanted[count].verdict);
            count++;
        }
        free(copy);
    }
}

static void test_refuses_bytes_that_no_token_has(void **state)
{
    static const char nul[] = "a\0b: host:1\nc: ho\0st:1\n";
    struct token_cursor cursor = {{nul, sizeof(nul) - 1}, 0};
    struct token_line line;
    const char *fault;
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_FAULT);
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_FAULT);
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_END);

    char *text = malloc(TOKEN_MAX + 16);
    assert_non_null(text);
    memset(text, 't', TOKEN_MAX + 1);
    memcpy(text + TOKEN_MAX, ": host:1", 9);
    cursor = (struct token_cursor){slice_of(text), 0};
    text[TOKEN_MAX + 8] = '\0';
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_LINE);
    assert_int_equal(line.token.len, TOKEN_MAX);
    memcpy(text + TOKEN_MAX, "t: host:1", 10);
    cursor = (struct token_cursor){slice_of(text), 0};
    assert_int_equal(token_file_next(&cursor, &line, &fault), TOKEN_FILE_FAULT);
    free(text);
}

static void test_names_of_files(void **state)
{
    static const char *const good[] = {"a", "desk one", "a.b", "-", "%2e", "a\n", "\\"};
    static const char *const bad[] = {"", ".", "..", ".a", "/", "a/", "a/b", "/a", "../a"};
    static char longest[256];
    for (size_t i = 0; i < WSL_COUNT(good); i++)
        assert_true(token_file_is_name(slice_of(good[i])));
    for (size_t i = 0; i < WSL_COUNT(bad); i++)
        assert_false(token_file_is_name(slice_of(bad[i])));
    assert_false(token_file_is_name(SLICE("a\0b")));
    assert_false(token_file_is_name(SLICE("\0")));
    memset(longest, 'x', sizeof(longest));
    assert_true(token_file_is_name((struct slice){longest, 255}));
    assert_false(token_file_is_name((struct slice){longest, 256}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_targets),
        cmocka_unit_test(test_reads_ipv6_with_and_without_brackets),
        cmocka_unit_test(test_reads_unix_sockets),
        cmocka_unit_test(test_refuses_targets_that_cannot_be_connected_to),
        cmocka_unit_test(test_reads_lines),
        cmocka_unit_test(test_reads_a_file_that_is_cut_off),
        cmocka_unit_test(test_refuses_bytes_that_no_token_has),
        cmocka_unit_test(test_names_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
