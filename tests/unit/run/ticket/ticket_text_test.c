#include "run/ticket/ticket_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

static char error[300];

static void test_claims(void **state)
{
    static const struct {
        const char *claim, *json;
    } rows[] = {
        {"a=b", "{\"a\":\"b\""},
        {"a=", "{\"a\":\"\""},
        {"a=b=c", "{\"a\":\"b=c\""},
        {"q\"=\\", "{\"q\\\"\":\"\\\\\""},
        {"n:=1", "{\"n\":1"},
        {"n:=[1,{\"a\":null}]", "{\"n\":[1,{\"a\":null}]"},
        {"n:=1],[2", NULL},
        {"n:=1,2", NULL},
        {"n:=", NULL},
        {"n:=x", NULL},
        {"n:={\"a\":1,\"a\":2}", NULL},
        {"n", NULL},
        {"=b", NULL},
        {":=1", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct json json = {0};
        json_put_open(&json, '{');
        bool added = ticket_text_add_claim(&json, rows[i].claim, error, sizeof(error));
        if (added != (rows[i].json != NULL) ||
            (added && !slice_equal(text_slice(&json.text), slice_of(rows[i].json))))
            fail_msg("%s: %.*s", rows[i].claim, (int)json.text.length, json.text.bytes);
        text_free(&json.text);
    }
}

static void test_members_are_separated(void **state)
{
    struct json json = {0};
    json_put_open(&json, '{');
    assert_true(ticket_text_add_claim(&json, "a:=1", error, sizeof(error)));
    assert_true(ticket_text_add_claim(&json, "b=1", error, sizeof(error)));
    assert_true(slice_equal(text_slice(&json.text), SLICE("{\"a\":1,\"b\":\"1\"")));
    text_free(&json.text);
}

static bool token_of(const char *word, const char *input, char *token, size_t size)
{
    FILE *file = fmemopen(NULL, 200, "w+");
    fputs(input, file);
    rewind(file);
    bool read = ticket_text_token(word, file, token, size, error, sizeof(error));
    fclose(file);
    return read;
}

static void test_tokens(void **state)
{
    char token[8];
    assert_true(token_of("abc", "", token, sizeof(token)));
    assert_string_equal(token, "abc");
    assert_true(token_of(NULL, "abc\r\nnext\n", token, sizeof(token)));
    assert_string_equal(token, "abc");
    assert_true(token_of("-", "abc", token, sizeof(token)));
    assert_string_equal(token, "abc");
    assert_false(token_of(NULL, "", token, sizeof(token)));
    assert_string_equal(error, "no ticket was given");
    assert_false(token_of("", "", token, sizeof(token)));
    assert_true(token_of("1234567", "", token, sizeof(token)));
    assert_false(token_of("12345678", "", token, sizeof(token)));
    assert_string_equal(error, "the ticket is too long");
    assert_true(token_of(NULL, "123456\n", token, sizeof(token)));
    assert_false(token_of(NULL, "12345678\n", token, sizeof(token)));
}

static void test_key_files(void **state)
{
    char path[] = "/tmp/ticket_text_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char secret[] = "0123456789abcdef0123456789abcdef\n";
    assert_int_equal(write(fd, secret, sizeof(secret) - 1), sizeof(secret) - 1);
    const struct ticket_alg *alg = ticket_alg_find(SLICE("HS256"));
    struct ticket_keys *keys = ticket_text_keys(path, alg, error, sizeof(error));
    assert_non_null(keys);
    ticket_keys_release(keys);
    assert_null(ticket_text_keys(path, NULL, error, sizeof(error)));
    assert_non_null(strstr(error, path));
    assert_int_equal(ftruncate(fd, TICKET_KEYS_TEXT_MAX + 1), 0);
    assert_null(ticket_text_keys(path, alg, error, sizeof(error)));
    assert_non_null(strstr(error, "too large"));
    close(fd);
    unlink(path);
    assert_null(ticket_text_keys(path, alg, error, sizeof(error)));
    assert_non_null(strstr(error, "No such file"));
    assert_null(ticket_text_keys("/", alg, error, sizeof(error)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_members_are_separated),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_key_files),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
