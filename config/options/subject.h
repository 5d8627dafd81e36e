/*
 * What a finding of a finished snapshot is about: one option of one element, how it is called and
 * where it was written. A file and the command line answer both questions in their own way.
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_SUBJECT_H
#define WSLUICE_CONFIG_SUBJECT_H

#include <stdbool.h>

#include "config/model/diag.h"
#include "config/options/options.h"

/* routes[outer].targets[inner].key */
struct subject {
    enum options_section section;
    const char *key; /* NULL: the section itself */
    size_t outer;    /* index of the listener or route; nothing elsewhere */
    size_t inner;    /* index of the certificate, target, capture or header in it */
};

struct subject_names {
    bool flags; /* call an option by its flag on the command line, where it has one */
    struct diag_where (*locate)(const void *owner, struct subject subject);
    /* Is the section called by its single key, as target: of targets:? NULL: no. */
    bool (*is_single)(const void *owner, const struct subject *subject);
    /* Was something wrong in this listener or route already? NULL: nothing was anywhere. */
    bool (*is_faulty)(const void *owner, enum options_section section, size_t outer);
    const void *owner;
    bool incomplete; /* whole files could not be read: what seems to be missing may be there */
};

bool subject_is_faulty(const struct subject_names *names, enum options_section section,
                       size_t outer);

struct diag_where subject_where(const struct subject_names *names, struct subject subject);

/* "routes[3].target.ca", or "--ssl-target-name". */
void subject_print(const struct subject_names *names, struct subject subject, char *buffer,
                   size_t size);

/* " at gateway.yaml:12:5", for a message that is about two places; nothing without lines. */
void subject_print_place(const struct subject_names *names, struct subject subject, char *buffer,
                         size_t size);

void subject_complain(const struct subject_names *names, struct diag *diag, enum diag_level level,
                      struct subject subject, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
