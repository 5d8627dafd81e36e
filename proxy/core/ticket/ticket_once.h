/*
 * The single-use tickets that have been used, each until it expires.
 *
 * The number is bounded. When as many are remembered, a new one is refused: forgetting one that has
 * not expired would let it be used again. Expired ones are forgotten with each use, the earliest
 * first, at two for one new one: so the store shrinks while it is used.
 *
 * Pure. Owns: the entries. Thread: one at a time. Errors: a verdict. Lifetime: ticket_once_create
 * to ticket_once_free.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_ONCE_H
#define WSLUICE_CORE_TICKET_TICKET_ONCE_H

#include "base/base.h"
#include "core/ticket/ticket_verdict.h"

/* A ticket, by a digest. */
struct ticket_use {
    uint8_t bytes[16];
    int64_t until_ms; /* Unix time: the ticket is worth nothing from then on */
};

struct ticket_once;

/* NULL: out of memory, or no random numbers. */
WSL_MUST_CHECK struct ticket_once *ticket_once_create(size_t capacity);
void ticket_once_free(struct ticket_once *once); /* NULL is fine */

/* TICKET_VALID: it is used now. TICKET_USED, TICKET_FULL or TICKET_MEMORY: nothing has changed. */
WSL_MUST_CHECK enum ticket_verdict ticket_once_use(struct ticket_once *once,
                                                   const struct ticket_use *use, int64_t now_ms);

size_t ticket_once_count(const struct ticket_once *once);

#endif
