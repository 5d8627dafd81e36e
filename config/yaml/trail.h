/*
 * The way from the root of a file to a value, kept on the stack of whoever walks there, and written
 * out only when there is something to say: "listeners[0].tls.mode".
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: that of the walker's stack frame.
 */
#ifndef WSLUICE_CONFIG_TRAIL_H
#define WSLUICE_CONFIG_TRAIL_H

#include <stddef.h>

#include "config/model/diag.h"

enum { TRAIL_TEXT_MAX = 200 };

struct trail {
    const struct trail *up; /* NULL: the root */
    const char *key;        /* NULL: the step is an index */
    size_t index;
};

/* Cut short where it does not fit. */
void trail_print(const struct trail *trail, char *buffer, size_t size);

/* An error about what the trail leads to; NULL: about the file. */
void trail_complain(const struct trail *trail, struct diag *diag, struct diag_where where,
                    const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
