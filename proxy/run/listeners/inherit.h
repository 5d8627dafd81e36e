/*
 * Listening sockets that the process inherits instead of binding them: from systemd's socket
 * activation (LISTEN_FDS) and from a predecessor in an upgrade (WSLUICE_FDS).
 *
 * A socket is lent when systemd keeps it: the process then never removes the file of a Unix socket,
 * however many upgrades the socket goes through.
 *
 * Owns: the descriptors that are not claimed yet. Thread: the main one. Errors: none; sockets that
 * fit no listener are closed at the end. Lifetime: inherit_open to inherit_close.
 */
#ifndef WSLUICE_RUN_LISTENERS_INHERIT_H
#define WSLUICE_RUN_LISTENERS_INHERIT_H

#include "base/base.h"
#include "config/model/config.h"

#define INHERIT_NAME 160

/* Variables of a successor. */
#define INHERIT_SOCKETS "WSLUICE_FDS"
#define INHERIT_READY   "WSLUICE_READY_FD"
#define INHERIT_ERROR   "WSLUICE_ERROR_FD"

struct inherit_socket {
    int fd; /* -1: claimed */
    bool lent;
    char name[INHERIT_NAME];
};

struct inherit {
    struct inherit_socket *sockets;
    size_t count;
    int ready_fd; /* pipe to the predecessor, which retires on a byte; -1: no predecessor */
};

/* Whether this process was started by a predecessor. To be called before inherit_open. */
bool inherit_is_successor(void);

/*
 * The pipe on which this process tells its predecessor why it does not serve (WSLUICE_ERROR_FD,
 * which is removed); -1: none.
 */
int inherit_error_fd(void);

/* Writes as much of a text as a predecessor takes; never blocks. */
void inherit_tell(int error_fd, const char *text);

/* Reads the variables from the environment, and removes them there. */
void inherit_open(struct inherit *inherit);

/*
 * The socket for a listener: one with the listener's name, one named by its address as written in
 * the configuration, or one bound to that address. The caller owns the descriptor. False: none.
 */
WSL_MUST_CHECK bool inherit_claim(struct inherit *inherit, const struct config_listener *listener,
                                  struct inherit_socket *claimed);

/* Whether this socket is bound to the address, in any spelling. */
bool inherit_fits(int fd, const struct config_address *address);

/* Closes the unclaimed sockets and returns their number. */
size_t inherit_close(struct inherit *inherit);

/* "WSLUICE_FDS=..." for a child that inherits these; malloc'd, NULL: out of memory. */
WSL_MUST_CHECK char *inherit_describe(const struct inherit_socket *sockets, size_t count);

#endif
