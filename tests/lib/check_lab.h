/*
 * Checks of files in a directory of their own: one step alone, or a whole `wsluice check`.
 */
#ifndef TESTS_LIB_CHECK_LAB_H
#define TESTS_LIB_CHECK_LAB_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/check/check.h"
#include "run/check/check_path.h"

struct check_lab {
    char folder[32];
    struct diag diag;
    struct option_locator names;
    struct check check;
    char *out; /* lines about what is good */
    size_t out_size;
    char *findings; /* "error: message; remedy\n" */
};

static struct check_lab lab;

static inline struct config_place check_lab_place(const void *owner, struct option_ref option)
{
    return config_place_none;
}

static inline int check_lab_begin(void **unused)
{
    lab = (struct check_lab){.folder = "/tmp/wsluice-check-XXXXXX"};
    return mkdtemp(lab.folder) && chmod(lab.folder, 0755) == 0 && chdir(lab.folder) == 0 ? 0 : -1;
}

static inline int check_lab_remove(const char *path, const struct stat *info, int type,
                                   struct FTW *walk)
{
    return remove(path);
}

static inline int check_lab_end(void **unused)
{
    free(lab.out);
    free(lab.findings);
    return chdir("/") == 0 ? nftw(lab.folder, check_lab_remove, 8, FTW_DEPTH | FTW_PHYS) : -1;
}

/* What a step finds: between these two. */
static inline struct check *check_lab_open(const struct config *config)
{
    free(lab.out);
    free(lab.findings);
    lab.findings = NULL;
    diag_init(&lab.diag);
    lab.names = (struct option_locator){.locate = check_lab_place};
    lab.check = (struct check){config, &lab.names, &lab.diag,
                               open_memstream(&lab.out, &lab.out_size), NULL};
    return &lab.check;
}

static inline void check_lab_close(void)
{
    size_t size;
    FILE *out = open_memstream(&lab.findings, &size);
    for (size_t i = 0; i < lab.diag.count; i++) {
        char line[2048];
        diag_format(&lab.diag.findings[i], line, sizeof(line));
        fprintf(out, "%s: %s\n", lab.diag.findings[i].level == DIAG_ERROR ? "error" : "warning",
                line);
    }
    fclose(out);
    if (lab.check.out)
        fclose(lab.check.out);
    diag_free(&lab.diag);
}

/* The whole check of "gateway.yaml". Returns whether it has no errors. */
static inline bool check_lab_run(const char *text, bool connects)
{
    FILE *file = fopen("gateway.yaml", "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    struct check_options options = {connects, check_lab_open(NULL)->out};
    const struct config *config = load_config(&(struct load_request){.path = "gateway.yaml",
                                                                     .inspect = check_inspect,
                                                                     .inspect_owner = &options},
                                              &lab.diag);
    check_lab_close();
    config_release(config);
    return config != NULL;
}

static inline void check_lab_finds(const char *words)
{
    if (!strstr(lab.findings, words))
        fail_msg("expected \"%s\" in:\n%s", words, lab.findings);
}

static inline void check_lab_says(const char *words)
{
    if (!strstr(lab.out, words))
        fail_msg("expected \"%s\" in:\n%s%s", words, lab.out, lab.findings);
}

static inline void check_lab_finds_nothing(void)
{
    assert_string_equal(lab.findings, "");
}

static inline size_t check_lab_count(void)
{
    size_t count = 0;
    for (const char *at = lab.findings; (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

static inline void check_lab_write(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, check_lab_begin, check_lab_end)

#endif
