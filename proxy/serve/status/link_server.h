/*
 * The end of a link in a process that was replaced by an upgrade: answers what the successor asks
 * about its sessions (core/status/link_message.h). A link is no client: it is not counted, does not
 * hold up the end, and is closed last.
 *
 * Owns: the descriptor, the answer. Thread: the worker's whose session_env has it. Errors: false:
 * out of memory, and the descriptor is closed. Lifetime: link_server_open to the end of the peer,
 * or to link_server_close_all.
 */
#ifndef WSLUICE_SERVE_STATUS_LINK_SERVER_H
#define WSLUICE_SERVE_STATUS_LINK_SERVER_H

#include "serve/status/kill_request.h"

WSL_MUST_CHECK bool link_server_open(struct session_env *env, int fd, kill_request_end_fn *end);

/* When the worker is cleared. */
void link_server_close_all(struct session_env *env);

#endif
