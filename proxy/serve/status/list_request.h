/*
 * A request for a session list: it hops from worker to worker, and each adds its own sessions.
 *
 *     asker's worker                  worker 0       worker 1      ...
 *     list_request_start ---> add ----------> add -------> ... ---+
 *     done  <-----------------------------------------------------+
 *
 * After some hundred sessions the request is posted again to the same worker, so that others have
 * a turn. Of the requests of one asking worker one runs at a time, and the others queue: a crowd of
 * askers does not take those turns for itself.
 *
 * Owns: the list. Thread: list_request_start and the callbacks on the asker's worker. Errors:
 * false: out of memory. Lifetime: the list goes when `done` returns. The asker's worker does not
 * end before.
 */
#ifndef WSLUICE_SERVE_STATUS_LIST_REQUEST_H
#define WSLUICE_SERVE_STATUS_LIST_REQUEST_H

#include "serve/session/session_env.h"
#include "serve/status/session_list.h"

/* The list is borrowed, and not sorted yet; its rows may be taken. */
typedef void list_request_done_fn(void *owner, struct session_list *list);

/* Called before a queued request begins. False: it is not begun, and its list is empty. */
typedef bool list_request_wanted_fn(const void *owner);

/* Adds sessions of other processes; called once, during list_request_start. */
typedef void list_request_seed_fn(void *owner, struct session_list *list);

/* `seed`: NULL: there are none. */
WSL_MUST_CHECK bool list_request_start(struct session_env *env, const struct status_query *query,
                                       list_request_seed_fn *seed, list_request_done_fn *done,
                                       list_request_wanted_fn *wanted, void *owner);

#endif
