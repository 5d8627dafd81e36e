/*
 * Prints what a ticket says, for people: its header and claims as JSON, its times as dates.
 *
 * Owns: nothing. Thread: any. Errors: false and one line. Lifetime: none.
 */
#ifndef WSLUICE_RUN_TICKET_TICKET_SHOW_H
#define WSLUICE_RUN_TICKET_TICKET_SHOW_H

#include "base/base.h"

/* Verifies nothing, and says so. `now`: Unix time. */
WSL_MUST_CHECK bool ticket_show_print(struct slice token, int64_t now, FILE *out, char *error,
                                      size_t error_size);

/* The payload of a ticket as it is, with a newline. */
WSL_MUST_CHECK bool ticket_show_claims(struct slice token, FILE *out, char *error,
                                       size_t error_size);

#endif
