/*
 * Sessions as rows for the status: those that match a filter, the first N in some order, and the
 * sums of all. It holds no more rows than the query's limit, however many sessions are added.
 *
 * Owns: the rows. Thread: one at a time; sessions are added on their worker's. Errors: false: out
 * of memory; a row for which there is none is left out, and `failed` is set. Lifetime:
 * session_list_init to session_list_free.
 */
#ifndef WSLUICE_SERVE_STATUS_SESSION_LIST_H
#define WSLUICE_SERVE_STATUS_SESSION_LIST_H

#include "serve/status/session_row.h"

struct session_list_sums {
    uint64_t sessions, matched; /* of these: sessions that match the filter */
    uint64_t rate_up, rate_down;
    uint64_t stalled_up, stalled_down;
};

struct session_list {
    struct status_query query;
    struct session_list_sums sums;
    struct session_row **rows; /* in the query's order after session_list_sort */
    size_t count;
    bool failed;
};

WSL_MUST_CHECK bool session_list_init(struct session_list *list, const struct status_query *query);
void session_list_free(struct session_list *list);

/* Adds it if it is a session for the status and matches. */
void session_list_add(struct session_list *list, struct session *session, uint64_t now);

/* A row of another process, which has been filtered there; its sums are the caller's to add. */
void session_list_add_row(struct session_list *list, const struct session_row *row);

/* Moves the rows out: `list` is empty then. */
struct session_list session_list_take(struct session_list *list);

/* After the last session was added. A thousand rows take half a millisecond. */
void session_list_sort(struct session_list *list);

#endif
