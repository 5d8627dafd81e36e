/*
 * The findings about each file of tests/config/wrong, word for word. After a change of words, run
 * this with WSLUICE_ACCEPT=1 and read the difference.
 */
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
#include "run/cli/call/cli_report.h"

static char *findings_of(char *path)
{
    struct diag diag;
    char *text;
    size_t size;
    diag_init(&diag);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    if (config)
        fail_msg("%s: has no errors", path);
    FILE *stream = open_memstream(&text, &size);
    cli_report_findings(&diag, "wsluice", stream);
    fclose(stream);
    diag_free(&diag);
    return text;
}

static char *read_expected(const char *path)
{
    char *text = calloc(1, 64 << 10);
    FILE *stream = fopen(path, "r");
    if (stream) {
        assert_true(fread(text, 1, (64 << 10) - 1, stream) < (64 << 10) - 1);
        fclose(stream);
    }
    return text;
}

static void accept(const char *path, const char *text)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void each_wrong_file_has_its_findings(void **state)
{
    glob_t files;
    unsigned different = 0;
    unsetenv("WSLUICE_TEST_UNSET");
    assert_int_equal(chdir(WSLUICE_SOURCE "/tests/config/wrong"), 0);
    assert_int_equal(glob("*.yaml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 60);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char expect[256], *path = files.gl_pathv[i];
        snprintf(expect, sizeof(expect), "%.*s.expect", (int)(strlen(path) - strlen(".yaml")),
                 path);
        char *text = findings_of(path), *expected = read_expected(expect);
        if (getenv("WSLUICE_ACCEPT")) {
            accept(expect, text);
        } else if (strcmp(text, expected) != 0) {
            print_error("---- %s: expected\n%s---- but it is\n%s", path, expected, text);
            different++;
        }
        free(expected);
        free(text);
    }
    globfree(&files);
    assert_int_equal(different, 0);
}

static char *report(const char *path, enum cli_report_level level, struct cli_report_counts *counts)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const struct config *config = cli_report_load(path, level, stream, counts);
    config_release(config);
    fclose(stream);
    return text;
}

static void a_file_that_loads_has_warnings_at_most(void **state)
{
    static const char risky[] = "listeners: ['127.0.0.1:0']\n"
                                "routes:\n"
                                "  - {path: '/{host}', captures: {host: '.+'}, "
                                "target: 'tcp://{host}:1'}\n";
    char path[] = "/tmp/wsluice-report-XXXXXX";
    struct cli_report_counts counts;
    FILE *file = fdopen(mkstemp(path), "w");
    fputs(risky, file);
    fclose(file);
    char *all = report(path, CLI_REPORT_ALL, &counts);
    assert_int_equal(counts.errors, 0);
    assert_true(counts.warnings > 0);
    assert_non_null(strstr(all, "warning: "));
    free(all);
    char *failure = report(path, CLI_REPORT_FAILURE, NULL);
    assert_string_equal(failure, "");
    free(failure);
    remove(path);
    failure = report(path, CLI_REPORT_FAILURE, &counts);
    assert_int_equal(counts.errors, 1);
    assert_non_null(strstr(failure, "wsluice: error: cannot read"));
    free(failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrong_file_has_its_findings),
        cmocka_unit_test(a_file_that_loads_has_warnings_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
