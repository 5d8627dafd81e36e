/*
 * What an operator sees of the process: all that an answer is made from, in one place, and the two
 * forms it has.
 *
 * Owns: nothing. Thread: the worker's that answers. Errors: NULL: out of memory. Lifetime: a view
 * borrows all it points to for the call; the bytes are the caller's.
 */
#ifndef WSLUICE_SERVE_STATUS_STATUS_H
#define WSLUICE_SERVE_STATUS_STATUS_H

#include "core/route/balance.h"
#include "serve/status/session_list.h"

struct history;
struct process_facts;
struct site;

struct status_view {
    const struct site *site;
    const struct process_facts *process;
    const struct session_list *list;
    uint64_t now;        /* of the loop */
    int64_t wall;        /* Unix milliseconds */
    const char *refusal; /* why whoever asks may not end sessions; NULL: he may */
};

/* Routes of a page, and targets of all of them: what a person can look at, and memory has to hold.
 */
#define STATUS_ROUTES  500
#define STATUS_TARGETS 2000

const char *status_target_state(enum balance_state state);

/* The JSON document for programs and for the page, ?format=json in proxy/README.md. */
WSL_MUST_CHECK char *status_json(const struct status_view *view, size_t *length);

/* Tables for a terminal, as wide as the query says. */
WSL_MUST_CHECK char *status_text_print(const struct status_view *view, size_t *length);

#endif
