/* The tables of reasons: whole, and well-formed as Markdown. */
#include "run/help/cli_reasons.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *print(void (*table)(FILE *stream))
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    table(stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

/* Each line has as many cells as the first one. */
static void assert_cells(const char *text, unsigned cells)
{
    unsigned bars = 0;
    for (const char *c = text; *c; c++) {
        bars += *c == '|';
        if (*c != '\n')
            continue;
        assert_int_equal(bars, cells + 1);
        assert_int_equal(c[-1], '|');
        bars = 0;
    }
    assert_int_equal(bars, 0);
}

static void test_each_reason_has_advice_and_a_line(void **unused)
{
    char *text = print(cli_reasons_print);
    for (int i = REASON_none + 1; i < REASON_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof(name), "\n| `%s` | ", reason_row((enum reason)i)->name);
        bool written = i != REASON_ws_masked;
        assert_int_equal(cli_reasons_advice((enum reason)i) != NULL, written);
        assert_int_equal(strstr(text, name) != NULL, written);
    }
    assert_null(cli_reasons_advice(REASON_none));
    assert_cells(text, 6);
    free(text);
}

static void test_a_remedy_is_plain_and_cut_to_size(void **unused)
{
    char text[128], small[6];
    cli_reasons_remedy(REASON_target_tls, text, sizeof(text));
    assert_string_equal(text, "does the target speak TLS on this port?");
    cli_reasons_remedy(REASON_target_timeout, text, sizeof(text));
    assert_string_equal(text, "look for a firewall that drops packets, or raise connect_timeout");
    cli_reasons_remedy(REASON_client_io, text, sizeof(text)); /* "read `detail`" alone */
    assert_string_equal(text, "");
    cli_reasons_remedy(REASON_target_tls, small, sizeof(small));
    assert_string_equal(small, "does ");
}

static void test_each_close_code_has_a_line_in_order(void **unused)
{
    char *text = print(cli_reasons_print_close);
    unsigned lines = 0, before = 0;
    for (int i = 0; i < REASON_COUNT; i++) {
        const struct reason_row *row = reason_row((enum reason)i);
        char line[256];
        snprintf(line, sizeof(line), "\n| %u | %s | `%s` |\n", row->close_code, row->text,
                 row->name);
        bool sent = row->close_code != 0 && cli_reasons_advice((enum reason)i);
        assert_int_equal(strstr(text, line) != NULL, sent);
        lines += sent;
    }
    for (const char *at = text; (at = strchr(at, '\n')); at++) {
        unsigned code = (unsigned)strtoul(at[1] ? at + 3 : "", NULL, 10);
        assert_true(code == 0 || code >= before);
        before = code;
        lines -= code != 0;
    }
    assert_int_equal(lines, 0);
    assert_cells(text, 3);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_reason_has_advice_and_a_line),
        cmocka_unit_test(test_a_remedy_is_plain_and_cut_to_size),
        cmocka_unit_test(test_each_close_code_has_a_line_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
