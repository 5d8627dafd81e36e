/*
 * The path from the root of a file to a value, as a list on the reader's stack. It becomes a text,
 * such as "listeners[0].tls.mode", only for findings.
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: that of the reader's stack frame.
 */
#ifndef WSLUICE_CONFIG_YAML_YAML_PATH_H
#define WSLUICE_CONFIG_YAML_YAML_PATH_H

#include <stddef.h>

#include "config/model/diag.h"

struct yaml_path {
    const struct yaml_path *up; /* NULL: the root */
    const char *key;            /* NULL: the step is an index */
    size_t index;
};

/* An error about the value at this path, whose text is cut short if too long; NULL: the file. */
void yaml_path_report(const struct yaml_path *at, struct diag *diag, struct config_place where,
                      const char *remedy, const char *format, ...) WSL_PRINTF(5, 6);

#endif
