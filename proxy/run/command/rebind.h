/*
 * The port that the command gets in place of the one where this process listens. A shim that is
 * preloaded into the command (rebind/shim.h) moves its bind to that port. A command that the shim
 * cannot reach, because it is linked statically or was never told the old port, finds the new one
 * in WSLUICE_COMMAND_PORT.
 *
 * Owns: a socket that reserves the port and never listens. Thread: the main one. Errors: false.
 * Lifetime: rebind_reserve to rebind_release.
 */
#ifndef WSLUICE_RUN_COMMAND_REBIND_H
#define WSLUICE_RUN_COMMAND_REBIND_H

#include <stdint.h>

#include "base/base.h"

struct rebind {
    int fd;
    uint16_t from; /* the listener's port; `to`, if it has none that the command could know */
    uint16_t to;   /* 0: nothing is reserved, the command has a port of its own */
};

/*
 * Reserves a free port of both families' loopback: the kernel does not choose it for other sockets.
 * A program that binds this very port with SO_REUSEADDR still gets it before the command listens;
 * dialling refuses other users' programs there (net/connect/socket_owner.h).
 */
WSL_MUST_CHECK bool rebind_reserve(struct rebind *rebind);
void rebind_release(struct rebind *rebind);

/*
 * The environment of the command: this process's, without the variables that are meant for this
 * process alone. NULL and one line: the shim is missing, or out of memory. The caller frees it with
 * rebind_free_environment.
 */
WSL_MUST_CHECK char **rebind_environment(const struct rebind *rebind, char *error,
                                         size_t error_size);
void rebind_free_environment(char **environment);

#endif
