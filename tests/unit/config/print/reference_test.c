#include "config/print/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *print(const char *path, bool *found, const char **nearest)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    *found = reference_print(path, stream, 79, nearest);
    fclose(stream);
    return text;
}

static void prints(const char *path, const char *part)
{
    bool found;
    const char *nearest;
    char *text = print(path, &found, &nearest);
    assert_true(found);
    if (!strstr(text, part))
        fail_msg("%s: expected '%s' in: %s", path, part, text);
    free(text);
}

static void expect_unknown(const char *path, const char *expected)
{
    bool found;
    const char *nearest;
    free(print(path, &found, &nearest));
    assert_false(found);
    assert_true(string_equal(nearest, expected));
}

static void prints_options_and_sections(void **state)
{
    prints("workers", "    value:   a number from 1 to 1024, or auto\n    default: auto\n");
    prints("log.level", "    value:   debug, info, warn or error\n");
    prints("listeners[].tls.certificates[].key", "    flag:    --key=FILE\n");
    prints("routes[2].targets.address", "    default: none, it must be given\n");
    prints("routes.target.ca", "    value:   a file\n");
    prints("listeners[0].auth", "The methods of routes[].auth");
    prints("listeners.auth.basic.realm", "    default: wsluice\n");
    prints("auth", "  listeners[].auth[]\n      The methods of");
    prints("limits", "\n  limits.drain_timeout\n      time ");
    prints("drain_timeout", "limits.drain_timeout\n");
    prints("redirect_status", "    value:   301, 302, 307 or 308\n");
    prints("connect", "    default: first; after_upgrade on the quick command line\n");
    prints("origins", "    default: any on the quick command line\n");
}

static void suggests_a_name(void **state)
{
    expect_unknown("limits.drain_timout", "drain_timeout");
    expect_unknown("entirely_different", NULL);
    expect_unknown("workers.more", NULL);
}

static void expect_width(char *text, unsigned width)
{
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        bool one_word =
            !memchr(line + strspn(line, " "), ' ', (size_t)(end - line) - strspn(line, " "));
        if ((size_t)(end - line) > width && !one_word)
            fail_msg("wider than %u: %.*s", width, (int)(end - line), line);
        assert_true(end == line || end[-1] != ' ');
    }
}

/* Only a word that is wider has a longer line. */
static void keeps_within_the_width(void **state)
{
    const unsigned widths[] = {40, 61, 79, 99, 100, 120};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        char *text, path[200];
        const char *nearest;
        size_t size;
        const struct options_row *row;
        FILE *stream = open_memstream(&text, &size);
        reference_overview(stream, widths[i]);
        for (size_t j = 0; (row = options_at(j)); j++) {
            options_path(row->section, row, path, sizeof(path));
            assert_true(options_section(row->section)->shape == OPTIONS_MAP ||
                        reference_print(path, stream, widths[i], &nearest));
        }
        fclose(stream);
        expect_width(text, widths[i]);
        free(text);
    }
}

/* Nothing behind a semicolon is left out: it may say what the default is. */
static void overview_has_the_whole_help(void **state)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    reference_overview(stream, 120);
    fclose(stream);
    assert_non_null(strstr(text, "; auto: one per CPU"));
    free(text);
    stream = open_memstream(&text, &size);
    reference_overview(stream, 60);
    fclose(stream);
    assert_non_null(strstr(text, "\n  workers\n      threads that carry sessions; "));
    free(text);
}

/* In the overview by its path, on the page by its key. */
static void prints_every_option(void **state)
{
    char *overview, *page, path[200];
    size_t size;
    FILE *stream = open_memstream(&overview, &size);
    reference_overview(stream, 100);
    fclose(stream);
    stream = open_memstream(&page, &size);
    reference_markdown(stream);
    fclose(stream);
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (options_section(row->section)->shape == OPTIONS_MAP)
            continue;
        options_path(row->section, row, path, sizeof(path));
        assert_non_null(strstr(overview, path));
        snprintf(path, sizeof(path), "\n| `%s` | ", row->key);
        assert_non_null(strstr(page, path));
    }
    free(overview);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_options_and_sections),
        cmocka_unit_test(suggests_a_name),
        cmocka_unit_test(keeps_within_the_width),
        cmocka_unit_test(overview_has_the_whole_help),
        cmocka_unit_test(prints_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
