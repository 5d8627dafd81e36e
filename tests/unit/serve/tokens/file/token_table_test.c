#include "serve/tokens/file/token_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct siphash_seed seed = {1, 2};

/* As token_files_read hands it over: one file. */
static struct token_text text_of(const char *bytes)
{
    struct token_text text = {
        .bytes = strdup(bytes),
        .length = strlen(bytes),
        .pieces = calloc(1, sizeof(*text.pieces)),
        .count = 1,
    };
    assert_non_null(text.bytes);
    assert_non_null(text.pieces);
    text.pieces[0].length = text.length;
    return text;
}

static struct token_table *table_of(const char *bytes)
{
    struct token_text text = text_of(bytes);
    struct token_table *table = token_table_create("/tokens", &text, &seed);
    assert_non_null(table);
    assert_null(text.bytes);
    assert_null(text.pieces);
    return table;
}

static void assert_host(const struct token_table *table, const char *token, const char *host)
{
    const struct token_entry *entry = token_table_find(table, slice_of(token));
    if (!host) {
        assert_null(entry);
        return;
    }
    assert_non_null(entry);
    assert_true(slice_equal(entry->host, slice_of(host)));
}

static void test_finds_each_line(void **unused)
{
    struct token_table *table = table_of("one: h1:1\ntwo: [::1]:2\nthree: unix:/run/x\n");
    assert_int_equal(token_table_count(table), 3);
    assert_host(table, "one", "h1");
    assert_host(table, "two", "::1");
    assert_host(table, "three", "/run/x");
    assert_true(token_table_find(table, SLICE("three"))->is_unix);
    assert_int_equal(token_table_find(table, SLICE("two"))->port, 2);
    assert_host(table, "", NULL);
    assert_host(table, "on", NULL);
    assert_host(table, "ones", NULL);
    token_table_free(table);
}

static void test_the_last_line_of_a_token_counts(void **unused)
{
    struct token_table *table = table_of("a: h1:1\nb: h2:2\na: h3:3\na: h4:nosuchservice\n");
    assert_int_equal(token_table_count(table), 2);
    assert_host(table, "a", "h3"); /* a line with a fault is ignored */
    assert_int_equal(token_table_find(table, SLICE("a"))->port, 3);
    assert_host(table, "b", "h2");
    token_table_free(table);
}

static void test_an_empty_text_knows_no_token(void **unused)
{
    struct token_table *table = table_of("");
    assert_int_equal(token_table_count(table), 0);
    assert_host(table, "", NULL);
    assert_host(table, "a", NULL);
    assert_int_equal(token_table_text(table)->length, 0);
    token_table_free(table);
}

static void test_a_token_ends_with_its_file(void **unused)
{
    struct token_text text = text_of("a: h1:1b: h2:2\n");
    text.pieces = realloc(text.pieces, 2 * sizeof(*text.pieces));
    text.count = 2;
    text.pieces[0] = (struct token_piece){.name = strdup("x"), .length = 7};
    text.pieces[1] = (struct token_piece){.name = strdup("y"), .length = 8};
    struct token_table *table = token_table_create("/tokens", &text, &seed);
    assert_non_null(table);
    assert_host(table, "a", "h1");
    assert_host(table, "b", "h2");
    token_table_free(table);
}

static void test_many_tokens(void **unused)
{
    enum { MANY = 5000 };
    char *bytes = malloc(MANY * 32), *at = bytes, token[16], host[16];
    assert_non_null(bytes);
    for (int i = 0; i < MANY; i++)
        at += snprintf(at, 32, "t%d: h%d:%d\n", i, i, i % 60000 + 1);
    struct token_table *table = table_of(bytes);
    assert_int_equal(token_table_count(table), MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(token, sizeof(token), "t%d", i);
        snprintf(host, sizeof(host), "h%d", i);
        assert_host(table, token, host);
    }
    token_table_free(table);
    free(bytes);
}

static void test_without_memory_there_is_no_table(void **unused)
{
    for (unsigned i = 1;; i++) {
        struct token_text text = text_of("a: h1:1\nb: h2:2\n");
        failing_alloc_arm(i);
        struct token_table *table = token_table_create("/tokens", &text, &seed);
        bool failed = failing_alloc_disarm();
        assert_null(text.bytes);
        assert_int_equal(table == NULL, failed);
        token_table_free(table);
        if (!failed)
            return;
    }
}

static void test_ports_by_number_and_by_name(void **unused)
{
    struct token_target number = {.port = 5900}, name = {.service = SLICE("ssh")},
                        none = {.service = SLICE("nosuchservice")}, path = {.is_unix = true};
    assert_int_equal(token_table_port(&number), 5900);
    assert_int_equal(token_table_port(&name), 22);
    assert_int_equal(token_table_port(&none), 0);
    assert_int_equal(token_table_port(&path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_each_line),
        cmocka_unit_test(test_the_last_line_of_a_token_counts),
        cmocka_unit_test(test_an_empty_text_knows_no_token),
        cmocka_unit_test(test_a_token_ends_with_its_file),
        cmocka_unit_test(test_many_tokens),
        cmocka_unit_test(test_without_memory_there_is_no_table),
        cmocka_unit_test(test_ports_by_number_and_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
