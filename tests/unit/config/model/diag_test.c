#include "config/model/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct config_place nowhere = {"command line", 0, 0};

static void counts_errors_and_warnings(void **state)
{
    struct diag diag;
    diag_init(&diag);
    for (int i = 0; i < 20; i++)
        diag_add(&diag, i % 2 ? DIAG_ERROR : DIAG_WARNING, nowhere, NULL, NULL, "finding %d", i);
    assert_int_equal(diag.count, 20);
    assert_int_equal(diag.errors, 10);
    assert_int_equal(diag.lost, 0);
    assert_string_equal(diag.findings[19].message, "finding 19");
    diag_free(&diag);
}

/* The result is incomplete then, which must not look like success. */
static void a_warning_without_memory_is_an_error(void **state)
{
    for (unsigned number = 1; number <= 3; number++) {
        struct diag diag;
        diag_init(&diag);
        failing_alloc_arm(number);
        diag_add(&diag, DIAG_WARNING, nowhere, "option", "remedy", "careful");
        failing_alloc_arm(0);
        assert_int_equal(diag.lost, 1);
        assert_int_equal(diag.errors, 1);
        diag_free(&diag);
    }
}

static void formats_findings(void **state)
{
    struct diag diag;
    diag_init(&diag);
    diag_add(&diag, DIAG_ERROR, nowhere, NULL, NULL, "alone");
    diag_add(&diag, DIAG_ERROR, nowhere, "--cert", "name another", "no %s", "file");
    diag_add(&diag, DIAG_ERROR, (struct config_place){"a.yaml", 3, 7}, "workers", NULL, "bad");
    char line[100];
    assert_int_equal(diag_format(&diag.findings[0], line, sizeof(line)), 5);
    assert_string_equal(line, "alone");
    diag_format(&diag.findings[1], line, sizeof(line));
    assert_string_equal(line, "--cert: no file; name another");
    diag_format(&diag.findings[2], line, sizeof(line));
    assert_string_equal(line, "a.yaml:3:7: workers: bad");
    assert_int_equal(diag_format(&diag.findings[1], line, 4), 29);
    assert_string_equal(line, "--c");
    diag_free(&diag);
}

static const char *guess(const char *word)
{
    static const char *const names[] = {"workers", "verbose", "log-file", "log-format", "ssl-only"};
    struct diag_guess found = diag_guess(word, strlen(word));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        diag_guess_offer(&found, names[i]);
    return found.best;
}

static void suggests_similar_names(void **state)
{
    assert_string_equal(guess("workers"), "workers");
    assert_string_equal(guess("worker"), "workers");
    assert_string_equal(guess("wrokers"), "workers");
    assert_string_equal(guess("logfile"), "log-file");
    assert_string_equal(guess("log-fromat"), "log-format");
    assert_string_equal(guess("sslonly"), "ssl-only");
    assert_null(guess("web"));
    assert_null(guess("token-plugin"));
    assert_null(guess(""));
    assert_null(guess("a-very-long-word-that-is-longer-than-any-name-of-an-option"));
}

/* One edit each, at every position: nearer than any other name. */
static void suggests_after_any_single_edit(void **state)
{
    const char word[] = "log-format";
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++) {
        char edited[32];
        memcpy(edited, word, i);
        memcpy(edited + i, word + i + 1, length - i);
        assert_string_equal(guess(edited), "log-format");
        memcpy(edited + i + 1, word + i, length - i + 1);
        edited[i] = 'x';
        assert_string_equal(guess(edited), "log-format");
        memcpy(edited, word, length + 1);
        edited[i] = 'x';
        assert_string_equal(guess(edited), "log-format");
    }
}

static void shows(struct diag *diag, const char *source, unsigned line, unsigned column,
                  const char *expected)
{
    struct text text = {0};
    diag_add(diag, DIAG_ERROR, (struct config_place){source, line, column}, NULL, NULL, "%s", "no");
    diag_excerpt(diag, &diag->findings[diag->count - 1], &text);
    assert_int_equal(text.length, strlen(expected));
    if (text.length > 0)
        assert_memory_equal(text.bytes, expected, text.length);
    text_free(&text);
}

static void shows_the_line_and_a_caret(void **state)
{
    struct diag diag;
    diag_init(&diag);
    const char text[] = "a: 1\r\n\tb: [x, 'y z']\n\xc3\xa9\xc3\xa9: \xc3\xa9\xc3\xa9 \n";
    const char *source = diag_add_source(&diag, "f.yaml", text, strlen(text));
    assert_string_equal(source, "f.yaml");
    shows(&diag, source, 1, 1, "     1 | a: 1\n       | ^\n");
    shows(&diag, source, 2, 9, "     2 |  b: [x, 'y z']\n       |         ^^^^^\n");
    shows(&diag, source, 3, 5, "     3 | \xc3\xa9\xc3\xa9: \xc3\xa9\xc3\xa9 \n       |     ^^\n");
    shows(&diag, source, 3, 99,
          "     3 | \xc3\xa9\xc3\xa9: \xc3\xa9\xc3\xa9 \n       |        ^\n");
    shows(&diag, source, 99, 1, "");
    shows(&diag, "f.yaml", 1, 1, ""); /* the same name, but no source of ours */
    shows(&diag, source, 0, 0, "");
    diag_free(&diag);
}

static void cuts_long_lines_around_the_caret(void **state)
{
    struct diag diag;
    char text[1000];
    diag_init(&diag);
    memset(text, 'x', sizeof(text));
    text[500] = ' ';
    text[503] = ' ';
    const char *source = diag_add_source(&diag, "f", text, sizeof(text));
    diag_add(&diag, DIAG_ERROR, (struct config_place){source, 1, 502}, NULL, NULL, "%s", "no");
    struct text excerpt = {0};
    diag_excerpt(&diag, &diag.findings[0], &excerpt);
    size_t length;
    char *line = text_take(&excerpt, &length);
    assert_true(strcspn(line, "\n") < 130);
    assert_int_equal(strncmp(line, "     1 | ...xxx", 15), 0);
    assert_int_equal(strchr(line, '^') - strchr(line, '\n') - 1, strstr(line, " xx ") + 1 - line);
    free(line);
    diag_free(&diag);
}

static void hides_secrets(void **state)
{
    struct diag diag;
    diag_init(&diag);
    const char text[] = "a: {b: \xc3\xa9t\xc3\xa9, c: d}\ne: |\n  one\n  two\nf: g\n";
    const char *source = diag_add_source(&diag, "f", text, strlen(text));
    diag_hide(&diag, (struct config_place){source, 1, 8}, (struct config_place){source, 1, 11});
    diag_hide(&diag, (struct config_place){source, 2, 4}, (struct config_place){source, 5, 1});
    shows(&diag, source, 1, 5, "     1 | a: {b: *****, c: d}\n       |     ^\n");
    shows(&diag, source, 3, 3, "     3 |   ***\n       |   ^^^\n");
    shows(&diag, source, 5, 1, "     5 | f: g\n       | ^\n");
    diag_free(&diag);
}

static void sorts_by_place(void **state)
{
    struct diag diag;
    diag_init(&diag);
    const char *first = diag_add_source(&diag, "z", "", 0);
    const char *second = diag_add_source(&diag, "a", "", 0);
    const struct config_place places[] = {{second, 1, 1}, {first, 3, 1}, {first, 2, 9},
                                          {first, 2, 1},  {NULL, 0, 0},  {first, 3, 1}};
    const char *expected[] = {"4", "3", "2", "1", "5", "0"};
    for (size_t i = 0; i < 6; i++)
        diag_add(&diag, DIAG_ERROR, places[i], NULL, NULL, "%zu", i);
    diag_sort(&diag);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(diag.findings[i].message, expected[i]);
    diag_free(&diag);
}

static void formats_any_bytes_as_one_line(void **state)
{
    struct diag diag;
    diag_init(&diag);
    diag_add(&diag, DIAG_ERROR, config_place_none, "a\nb", NULL, "\x1b[31m%s", "\r");
    assert_string_equal(diag.findings[0].option, "a?b");
    assert_string_equal(diag.findings[0].message, "?[31m?");
    diag_free(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_errors_and_warnings),
        cmocka_unit_test(a_warning_without_memory_is_an_error),
        cmocka_unit_test(formats_findings),
        cmocka_unit_test(suggests_similar_names),
        cmocka_unit_test(suggests_after_any_single_edit),
        cmocka_unit_test(shows_the_line_and_a_caret),
        cmocka_unit_test(cuts_long_lines_around_the_caret),
        cmocka_unit_test(hides_secrets),
        cmocka_unit_test(sorts_by_place),
        cmocka_unit_test(formats_any_bytes_as_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
