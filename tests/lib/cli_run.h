/*
 * Runs of cli_parse, each test in a directory of its own.
 */
#ifndef TESTS_LIB_CLI_RUN_H
#define TESTS_LIB_CLI_RUN_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/cli/cli.h"

/* A run of cli_parse over a line that is split at spaces; '~' is an empty word. */
struct run {
    struct cli_result result;
    char program[64], line[512];
    char *argv[40];
    int argc;
    char *out, *err;
    const struct config_listener *listener;
    const struct config_route *route;
};

/* For results with any number of listeners and routes. */
static inline void parse_words(struct run *run, const char *program, const char *line)
{
    *run = (struct run){.argc = 1};
    snprintf(run->program, sizeof(run->program), "%s", program);
    run->argv[0] = run->program;
    assert_true(strlen(line) < sizeof(run->line));
    memcpy(run->line, line, strlen(line) + 1);
    char *rest;
    for (char *word = strtok_r(run->line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "~") == 0)
            *word = '\0';
        run->argv[run->argc++] = word;
    }
    size_t out_size, err_size;
    FILE *out = open_memstream(&run->out, &out_size), *err = open_memstream(&run->err, &err_size);
    cli_parse(run->argc, run->argv, out, err, &run->result);
    fclose(out);
    fclose(err);
    assert_true((run->result.action == CLI_EXIT) == (run->result.config == NULL));
}

static inline void parse_file(struct run *run, const char *line)
{
    parse_words(run, "wsluice", line);
}

/* By that argv[0]. */
static inline void parse_as(struct run *run, const char *program, const char *line)
{
    parse_words(run, program, line);
    if (run->result.config) {
        assert_int_equal(run->result.config->listener_count, 1);
        assert_int_equal(run->result.config->route_count, 1);
        run->listener = run->result.config->listeners;
        run->route = run->result.config->routes;
    }
}

static inline void parse(struct run *run, const char *line)
{
    parse_as(run, "wsluice", line);
}

static inline void done(struct run *run)
{
    cli_result_free(&run->result);
    free(run->out);
    free(run->err);
}

/* A command that ends with `status`, and whose outputs contain `out` and `err`. */
static inline void says(const char *line, int status, const char *out, const char *err)
{
    struct run run;
    parse(&run, line);
    assert_int_equal(run.result.action, CLI_EXIT);
    if (!strstr(run.out, out) || !strstr(run.err, err))
        fail_msg("%s: expected '%s' and '%s' in: %s%s", line, out, err, run.out, run.err);
    assert_int_equal(run.result.exit_status, status);
    done(&run);
}

static inline void accepts(struct run *run, const char *line)
{
    parse(run, line);
    if (run->result.action != CLI_RUN)
        fail_msg("%s: %s", line, run->err);
    assert_string_equal(run->out, "");
}

static inline void refuses(const char *line, int status, const char *message)
{
    struct run run;
    parse(&run, line);
    assert_int_equal(run.result.action, CLI_EXIT);
    assert_int_equal(run.result.exit_status, status);
    assert_string_equal(run.out, "");
    if (!strstr(run.err, message))
        fail_msg("%s: expected '%s' in: %s", line, message, run.err);
    assert_non_null(strstr(run.err, "wsluice: error: "));
    assert_true((strncmp(run.err, "usage: ", 7) == 0) == (status == 2));
    done(&run);
}

static inline int enter_directory(void **state)
{
    char template[] = "/tmp/wsluice-cli-XXXXXX";
    if (!mkdtemp(template) || chdir(template) < 0)
        return -1;
    *state = strdup(template);
    return 0;
}

static inline int leave_directory(void **state)
{
    DIR *folder = opendir(".");
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlink(entry->d_name);
    if (folder)
        closedir(folder);
    int status = chdir("/") < 0 || rmdir(*state) < 0 ? -1 : 0;
    free(*state);
    return status;
}

static inline void create(const char *file)
{
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    fclose(stream);
}

static inline void write_file(const char *file, const char *text)
{
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

#endif
