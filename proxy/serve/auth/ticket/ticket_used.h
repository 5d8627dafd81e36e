/*
 * The single-use tickets that have been used: one store for all workers, routes and configurations
 * of the process (core/ticket/ticket_once.h).
 *
 * Owns: the store. Thread: any; a mutex, held for one look-up. Errors: NULL, or a verdict.
 * Lifetime: outlives all sites.
 */
#ifndef WSLUICE_SERVE_AUTH_TICKET_TICKET_USED_H
#define WSLUICE_SERVE_AUTH_TICKET_TICKET_USED_H

#include "core/ticket/ticket_once.h"

#define TICKET_USED_MAX 200000 /* about 20 MB */

struct ticket_used;

WSL_MUST_CHECK struct ticket_used *ticket_used_create(size_t capacity);
void ticket_used_free(struct ticket_used *used); /* NULL is fine */

/* Uses it: TICKET_VALID, TICKET_USED, TICKET_FULL or TICKET_MEMORY. `now_ms`: Unix time. */
WSL_MUST_CHECK enum ticket_verdict ticket_used_take(struct ticket_used *used,
                                                    const struct ticket_use *use, int64_t now_ms);

#endif
