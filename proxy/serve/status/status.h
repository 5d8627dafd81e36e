/*
 * The status of the process, as JSON for programs and as text for terminals.
 *
 * Owns: nothing. Thread: the answering worker's. Errors: NULL: out of memory. Lifetime: a view
 * borrows all that it points to during the call; the bytes are the caller's.
 */
#ifndef WSLUICE_SERVE_STATUS_STATUS_H
#define WSLUICE_SERVE_STATUS_STATUS_H

#include "core/route/balance.h"
#include "serve/status/predecessors.h"
#include "serve/status/session_list.h"

struct history;
struct process_facts;
struct site;

struct status_view {
    const struct site *site;
    const struct process_facts *process;
    const struct session_list *list;
    uint64_t now;        /* of the loop, in milliseconds */
    int64_t wall;        /* Unix milliseconds */
    const char *refusal; /* why this client may not end sessions; NULL: it may */
    /* Processes that upgrades have replaced, and that have sessions. */
    const struct predecessors_answer *predecessors;
    size_t predecessor_count;
};

/* The most routes and targets that are listed: bounds the memory of an answer. */
#define STATUS_ROUTES  500
#define STATUS_TARGETS 2000

const char *status_target_state(enum balance_state state);

/* The JSON document for programs and for the page, ?format=json in proxy/README.md. */
WSL_MUST_CHECK char *status_json(const struct status_view *view, size_t *length);

/* Tables for a terminal, as wide as the query allows. */
WSL_MUST_CHECK char *status_text_print(const struct status_view *view, size_t *length);

#endif
