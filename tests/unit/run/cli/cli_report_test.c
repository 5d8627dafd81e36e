/*
 * What is said about each file of tests/config/wrong, to the message. After a wording has changed,
 * run this with WSLUICE_ACCEPT=1 and read the difference.
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
#include "run/cli/cli_report.h"

static char *findings_of(char *path)
{
    struct diag diag;
    char *text;
    size_t size;
    diag_init(&diag);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    if (config)
        fail_msg("%s: nothing is wrong with it", path);
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

static void each_is_explained(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
