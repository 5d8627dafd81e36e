/*
 * The option table as help: one option, a section, or all options as a page of Markdown, which is
 * config/README.md.
 *
 * Owns: nothing. Thread: any. Errors: false for a name that the table does not have; the owner
 * of the stream checks it for errors. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_REFERENCE_H
#define WSLUICE_CONFIG_PRINT_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/options/options.h"

/*
 * `width`: columns of a line, at least 40.
 *
 * An option or a section by its path, with or without brackets: "routes[2].target.ca" or
 * "routes.targets.ca"; or by its own name, all of that name. False: there is none, and *nearest is
 * a similar name or NULL.
 */
bool reference_print(const char *path, FILE *stream, unsigned width, const char **nearest);

/* All options, each with its help. */
void reference_overview(FILE *stream, unsigned width);

void reference_markdown(FILE *stream);

#endif
