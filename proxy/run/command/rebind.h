/*
 * The port that a wrapped command gets instead of the one where we listen, and how it is told: a
 * shim of ours is preloaded into it (rebind/shim.h) and moves its bind there. Commands that the
 * shim cannot reach, because they are linked statically or were never told the old port, find the
 * new one in WSLUICE_COMMAND_PORT.
 *
 * Owns: a socket that keeps the port and never listens. Thread: the main one. Errors: false.
 * Lifetime: rebind_reserve to rebind_release.
 */
#ifndef WSLUICE_RUN_COMMAND_REBIND_H
#define WSLUICE_RUN_COMMAND_REBIND_H

#include <stdint.h>

#include "base/base.h"

struct rebind {
    int fd;
    uint16_t from; /* the same as `to` where we have none that the command could know */
    uint16_t to;   /* 0: nothing was reserved, the command has a port of its own */
};

/*
 * A free port of both families' loopback, which the kernel gives to no other socket by chance from
 * now on. A program that asks for this very port with SO_REUSEADDR gets it before the command
 * listens; dialling refuses other users' programs there (net/connect/socket_owner.h).
 */
WSL_MUST_CHECK bool rebind_reserve(struct rebind *rebind);
void rebind_release(struct rebind *rebind);

/*
 * The environment for the command: ours, without what was meant for us alone. NULL and one line:
 * the shim is missing, or memory. The caller frees it with rebind_free_environment.
 */
WSL_MUST_CHECK char **rebind_environment(const struct rebind *rebind, char *error,
                                         size_t error_size);
void rebind_free_environment(char **environment);

#endif
