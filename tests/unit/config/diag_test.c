#include "config/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct diag_where nowhere = {"command line", 0, 0};

static void counts_errors_apart_from_warnings(void **state)
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

static void formats_what_is_there(void **state)
{
    struct diag diag;
    diag_init(&diag);
    diag_add(&diag, DIAG_ERROR, nowhere, NULL, NULL, "alone");
    diag_add(&diag, DIAG_ERROR, nowhere, "--cert", "name another", "no %s", "file");
    diag_add(&diag, DIAG_ERROR, (struct diag_where){"a.yaml", 3, 7}, "workers", NULL, "bad");
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

static void guesses_what_was_meant(void **state)
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
static void guesses_through_any_single_edit(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_errors_apart_from_warnings),
        cmocka_unit_test(formats_what_is_there),
        cmocka_unit_test(guesses_what_was_meant),
        cmocka_unit_test(guesses_through_any_single_edit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
