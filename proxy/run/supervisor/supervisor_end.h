/*
 * How the process ends, from the first signal to the last handle (process_state.h).
 *
 * Owns: nothing. Thread: the main one. Errors: none.
 * Lifetime: the supervisor's.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_END_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_END_H

#include "run/supervisor/supervisor_priv.h"

/* SIGTERM or SIGINT: ends the process in order, the second one at once. */
void supervisor_end_signal(struct supervisor *supervisor, int number);

/* The process that has taken over ends: so does this one, with `at_once` without a drain. */
void supervisor_end_by_successor(struct supervisor *supervisor, bool at_once);

/* The last predecessor has ended (predecessors.h). */
void supervisor_end_emptied_cb(void *owner);

/* No new clients; sessions end by themselves. `handed_over`: a successor has the sockets. */
void supervisor_end_retire(struct supervisor *supervisor, bool handed_over);

/* The answer to a client that asks for a change when the process does not serve any more. */
struct control_verdict supervisor_end_verdict(const struct supervisor *supervisor);

/* An exit rule holds (exit_timer). */
void supervisor_end_rule_cb(void *owner, const char *why);

/* A worker is empty (worker_shared.empty). The last one stops the command and the process. */
void supervisor_end_worker_cb(void *owner, void *argument);

/* A worker is cleared (worker_shared.cleared). The last one ends the process. */
void supervisor_end_cleared_cb(void *owner, void *argument);

/*
 * The command has ended and is not started again (command_request.ended). It ends the process, or
 * was the last thing that the process waited for.
 */
void supervisor_end_command_cb(void *owner, int status);

/* Probes no target any more. */
void supervisor_end_probing(struct supervisor *supervisor);

/* Closes every handle: the loop ends. */
void supervisor_end_close(struct supervisor *supervisor);

#endif
