#include "config/print/dump.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/load.h"
#include "config/options/snapshot.h"
#include "lib/config_equal.h"

/* A printed configuration loads to an equal one, with and without its lines of defaults. */

static const struct config *load(const char *path)
{
    struct diag diag;
    diag_init(&diag);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    for (size_t i = 0; i < diag.count; i++) {
        char line[400];
        diag_format(&diag.findings[i], line, sizeof(line));
        print_error("%s\n", line);
    }
    diag_free(&diag);
    return config;
}

static char *dump(const struct config *config)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    dump_config(config, stream);
    fclose(stream);
    return text;
}

static bool is_default_line(const char *line, size_t length)
{
    static const char mark[] = "  # default";
    size_t tail = sizeof(mark) - 1;
    return length >= tail && memcmp(line + length - tail, mark, tail) == 0;
}

static const struct config *load_printed(const char *text, bool with_defaults)
{
    char path[] = "/tmp/wsluice-dump-XXXXXX";
    int fd = mkstemp(path);
    FILE *stream = fdopen(fd, "w");
    assert_non_null(stream);
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
        if (with_defaults || !is_default_line(line, (size_t)(end - line)))
            fprintf(stream, "%.*s\n", (int)(end - line), line);
    fclose(stream);
    const struct config *config = load(path);
    unlink(path);
    return config;
}

static void expect_round_trip(const char *path)
{
    const struct config *config = load(path);
    if (!config)
        fail_msg("%s does not load", path);
    char *text = dump(config);
    for (int with_defaults = 0; with_defaults <= 1; with_defaults++) {
        const struct config *again = load_printed(text, with_defaults);
        if (!again || !config_equal(config, again))
            fail_msg("%s: what is printed is not the same:\n%s", path, text);
        char *twice = dump(again);
        if (!strstr(text, "# not shown")) /* by now that comes from the environment */
            assert_string_equal(twice, text);
        free(twice);
        config_release(again);
    }
    free(text);
    config_release(config);
}

static void round_trip_of_examples(void **state)
{
    glob_t files;
    assert_int_equal(chdir(WSLUICE_SOURCE "/config/examples"), 0);
    assert_int_equal(glob("*.yaml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 5);
    for (size_t i = 0; i < files.gl_pathc; i++)
        expect_round_trip(files.gl_pathv[i]);
    globfree(&files);
}

/* Every option, each with a value other than its default. */
static void round_trip_of_every_option(void **state)
{
    setenv("WSLUICE_TEST_SECRET", "hush", 1);
    setenv("WSLUICE_LISTENERS_0_TLS_CERTIFICATES_1_KEY_PASSWORD", "written out", 1);
    setenv("WSLUICE_ROUTES_12_TARGETS_WEBSOCKET_HEADERS_0_VALUE", "written out", 1);
    expect_round_trip(WSLUICE_SOURCE "/tests/config/everything.yaml");
}

static void hides_secrets(void **state)
{
    setenv("WSLUICE_TEST_SECRET", "hush", 1);
    const struct config *config = load(WSLUICE_SOURCE "/tests/config/everything.yaml");
    assert_non_null(config);
    char *text = dump(config);
    assert_string_equal(config->listeners[0].tls.certificates[1].key_password, "written out");
    assert_null(strstr(text, "written out"));
    assert_null(strstr(text, "hush"));
    assert_null(strstr(text, "from a file"));
    assert_non_null(strstr(text, "key_password: \"${WSLUICE_TEST_SECRET}\""));
    assert_non_null(strstr(text, "key_password: \"${WSLUICE_LISTENERS_0_TLS_CERTIFICATES_1_KEY_"
                                 "PASSWORD}\""));
    free(text);
    config_release(config);
}

static bool is_covered(const char *text, const struct options_row *row)
{
    char line[64];
    snprintf(line, sizeof(line), " %s: ", row->key);
    for (const char *p = text; (p = strstr(p, line)); p++)
        if (!is_default_line(p, strcspn(p, "\n")))
            return true;
    return strncmp(text, line + 1, strlen(line) - 1) == 0;
}

/* A new option goes into everything.yaml, or its round trip is not tested. */
static void everything_yaml_sets_every_option(void **state)
{
    const struct config *config = load(WSLUICE_SOURCE "/tests/config/everything.yaml");
    assert_non_null(config);
    char *text = dump(config);
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        bool in_map = options_section(row->section)->shape == OPTIONS_MAP;
        char line[64];
        snprintf(line, sizeof(line), "\n%s: ", row->key);
        if (!in_map && !is_covered(text, row) && !strstr(text, line))
            fail_msg("%s is not in tests/config/everything.yaml", row->key);
    }
    free(text);
    config_release(config);
}

/* Texts that YAML or the loader would read as something else without quotes. */
static void quotes_texts(void **state)
{
    const char *texts[] = {"null",   "~",   "yes",  "12",     "a: b", "a #b",     "'",
                           "\"",     "\\",  "${A}", "$$",     "[a]",  "{a}",      "*a",
                           "&a",     "!a",  "- a",  "a\nb\t", "\x01", "\xc3\xa9", " a ",
                           "a:",     ": a", "@a",   "%a",     "|",    ">",        "? a",
                           "a'b\"c", "#",   "off",  "1e3",    "$",    "a$b${",    "[a-z]+$"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char why[100];
        struct config *config = snapshot_begin();
        struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
        struct config_route *route = snapshot_open(config, OPTIONS_ROUTE, config);
        snapshot_set(config, options_find(OPTIONS_LISTENER, "address"), listener, "1", why, 100);
        route->kind = CONFIG_KIND_METRICS;
        snapshot_set(config, options_find(OPTIONS_PROCESS, "user"), config, texts[i], why, 100);
        char *text = dump(config);
        const struct config *again = load_printed(text, true);
        assert_non_null(again);
        assert_string_equal(again->user, texts[i]);
        config_release(again);
        config_release(config);
        free(text);
    }
}

/* The comparison that the round trips rely on. */
static void comparison_detects_differences(void **state)
{
    const struct config *a = load(WSLUICE_SOURCE "/tests/config/everything.yaml");
    struct config *b = snapshot_begin();
    assert_false(config_equal(a, b));
    assert_true(config_equal(b, b));
    config_release(a);
    config_release(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_of_examples),
        cmocka_unit_test(round_trip_of_every_option),
        cmocka_unit_test(hides_secrets),
        cmocka_unit_test(everything_yaml_sets_every_option),
        cmocka_unit_test(quotes_texts),
        cmocka_unit_test(comparison_detects_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
