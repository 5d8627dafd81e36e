/*
 * A place in a source of the configuration: where a value was written, for findings. And a list of
 * texts, which structs of several headers have.
 *
 * Owns: nothing; its user says how long `file` lives. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_MODEL_SECTION_CONFIG_PLACE_H
#define WSLUICE_CONFIG_MODEL_SECTION_CONFIG_PLACE_H

#include <stdarg.h>

#include "base/base.h"

/* file NULL: the command line. line 0: the source has no lines. */
struct config_place {
    const char *file;
    uint32_t line, column;
};

extern const struct config_place config_place_none;

/* NULL and 0: none. */
struct config_texts {
    const char *const *items;
    size_t count;
};

/*
 * "gateway.yaml:3:7: ", or "" for NULL and for a source without lines. As snprintf: returns the
 * length of the whole text.
 */
int config_place_print(const struct config_place *place, char *text, size_t size);

/* The same, and the message behind it. */
int config_place_format(const struct config_place *place, char *text, size_t size,
                        const char *format, ...) WSL_PRINTF(4, 5);
int config_place_format_args(const struct config_place *place, char *text, size_t size,
                             const char *format, va_list args) WSL_PRINTF(4, 0);

#endif
