/*
 * The path from the root of a file to a value, kept on the stack of the reader, and written
 * out only when there is something to say: "listeners[0].tls.mode".
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: that of the walker's stack frame.
 */
#ifndef WSLUICE_CONFIG_YAML_YAML_PATH_H
#define WSLUICE_CONFIG_YAML_YAML_PATH_H

#include <stddef.h>

#include "config/model/diag.h"

enum { YAML_PATH_TEXT_MAX = 200 };

struct yaml_path {
    const struct yaml_path *up; /* NULL: the root */
    const char *key;            /* NULL: the step is an index */
    size_t index;
};

/* Cut short where it does not fit. */
void yaml_path_print(const struct yaml_path *at, char *buffer, size_t size);

/* An error about what the trail leads to; NULL: about the file. */
void yaml_path_complain(const struct yaml_path *at, struct diag *diag, struct diag_where where,
                        const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
