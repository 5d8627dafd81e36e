/*
 * The sessions of this process and of its predecessors (predecessors.h), as one list: each process
 * chooses the rows that the query asks for, and the list keeps those that come first of all.
 *
 * Owns: the rows until `done` returns. Thread: the asker's. Errors: false: out of memory. Lifetime:
 * ends with the callback; the asker's worker does not end before.
 */
#ifndef WSLUICE_SERVE_STATUS_ALL_SESSIONS_H
#define WSLUICE_SERVE_STATUS_ALL_SESSIONS_H

#include "serve/status/kill_request.h"
#include "serve/status/list_request.h"
#include "serve/status/predecessors.h"

struct all_sessions {
    struct session_list *list;                /* not sorted yet; its rows may be taken */
    const struct predecessors_answer *others; /* without rows */
    size_t other_count;
};

/* All is borrowed. */
typedef void all_sessions_done_fn(void *owner, const struct all_sessions *all);

WSL_MUST_CHECK bool all_sessions_list(struct session_env *env, const struct status_query *query,
                                      all_sessions_done_fn *done, list_request_wanted_fn *wanted,
                                      void *owner);

/* As kill_request_start; the id says which process has the session. */
WSL_MUST_CHECK bool all_sessions_kill(struct session_env *env, uint64_t id, const char *by,
                                      kill_request_end_fn *end, kill_request_done_fn *done,
                                      void *owner);

#endif
