/*
 * A command line of `wsluice connect` or `wsluice forward`, scanned from words.
 *
 * Owns: its words, scan and findings, until tunnel_line_end. Thread: one. Errors: assertions.
 */
#ifndef WSLUICE_TESTS_LIB_TUNNEL_LINE_H
#define WSLUICE_TESTS_LIB_TUNNEL_LINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/args/cli_scan.h"

struct tunnel_line {
    struct diag diag;
    struct cli_scan scan;
    char *words[24];
};

static inline void tunnel_line_begin(struct tunnel_line *line, const struct cli_command *command,
                                     const char *const *words)
{
    int count = 0;
    *line = (struct tunnel_line){.scan = {.command = command}};
    line->scan.diag = &line->diag;
    diag_init(&line->diag);
    for (; words[count]; count++)
        line->words[count] = strdup(words[count]);
    assert_true(cli_scan_words(&line->scan, count, line->words));
    assert_int_equal(line->diag.errors, 0);
}

static inline void tunnel_line_end(struct tunnel_line *line)
{
    cli_scan_free(&line->scan);
    diag_free(&line->diag);
    for (size_t i = 0; line->words[i]; i++)
        free(line->words[i]);
}

/* A new file; the caller removes it. */
static inline void tunnel_line_file(char *path, size_t size, const char *text)
{
    snprintf(path, size, "/tmp/wsluice-tunnel-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

#endif
