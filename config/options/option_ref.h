/*
 * The option that a finding about a complete snapshot refers to: its name and where it was written.
 * A file and the command line provide both in their own way.
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_OPTIONS_OPTION_REF_H
#define WSLUICE_CONFIG_OPTIONS_OPTION_REF_H

#include <stdbool.h>

#include "config/model/diag.h"
#include "config/options/options.h"

/* routes[outer].targets[inner].key */
struct option_ref {
    enum options_section section;
    const char *key; /* NULL: the section itself */
    size_t outer;    /* index of the listener or route; unused elsewhere */
    size_t inner;    /* index of the certificate, target, capture, header or method */
    /* The section that holds `section`, or stands for it (`like`), if there are several such. */
    enum options_section within;
};

struct option_locator {
    /* Its name on a command line with options of its own, or NULL. NULL: there is none. */
    const char *(*name)(const void *owner, const struct option_ref *option);
    bool flags; /* name an option by its command-line flag, if it has one */
    struct config_place (*locate)(const void *owner, struct option_ref option);
    /* Is the section written with its single key, such as target: for targets:? NULL: no. */
    bool (*is_single)(const void *owner, const struct option_ref *option);
    /* Does this listener or route have findings already? NULL: none has. */
    bool (*is_faulty)(const void *owner, enum options_section section, size_t outer);
    const void *owner;
    bool incomplete; /* a file could not be read: do not report missing elements */
};

/* On the path of the option: `section`, or the one that stands for it there. */
enum options_section option_ref_section(const struct option_ref *option,
                                        enum options_section section);

bool option_ref_is_faulty(const struct option_locator *names, enum options_section section,
                          size_t outer);

/* " at gateway.yaml:12:5", the second place of a message; empty without lines. */
void option_ref_print_place(const struct option_locator *names, struct option_ref option,
                            char *buffer, size_t size);

void option_ref_report(const struct option_locator *names, struct diag *diag, enum diag_level level,
                       struct option_ref option, const char *remedy, const char *format, ...)
    WSL_PRINTF(6, 7);
void option_ref_complain_args(const struct option_locator *names, struct diag *diag,
                              enum diag_level level, struct option_ref option, const char *remedy,
                              const char *format, va_list args) WSL_PRINTF(6, 0);

#endif
