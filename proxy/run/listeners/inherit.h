/*
 * Listening sockets that come with the process instead of being bound by it: from systemd's socket
 * activation (LISTEN_FDS) and from an older wsluice that hands over (WSLUICE_FDS).
 *
 * A socket is lent when somebody outside keeps it: the file of a Unix socket is then not ours to
 * remove, however often the socket is handed on.
 *
 * Owns: the descriptors that nobody has claimed yet. Thread: the main one. Errors: none; what does
 * not fit is closed at the end. Lifetime: inherit_open to inherit_close.
 */
#ifndef WSLUICE_RUN_LISTENERS_INHERIT_H
#define WSLUICE_RUN_LISTENERS_INHERIT_H

#include "base/base.h"
#include "config/model/config.h"

#define INHERIT_NAME 160

struct inherit_socket {
    int fd; /* -1: claimed */
    bool lent;
    char name[INHERIT_NAME];
};

struct inherit {
    struct inherit_socket *sockets;
    size_t count;
    int ready_fd; /* write here when serving; the older process then lets go. -1: there is none */
};

/* Has an older wsluice started this process to take over? Before inherit_open. */
bool inherit_is_successor(void);

/* Reads and removes the environment's variables. */
void inherit_open(struct inherit *inherit);

/*
 * The socket for a listener: the one that bears its name, or its address as it is written, or that
 * is bound to it. Its descriptor is now the caller's. False: there is none.
 */
WSL_MUST_CHECK bool inherit_claim(struct inherit *inherit, const struct config_listener *listener,
                                  struct inherit_socket *claimed);

/* Is this socket bound to the address, however that is written? */
bool inherit_fits(int fd, const struct config_address *address);

/* Closes what nobody claimed and says how many those were. */
size_t inherit_close(struct inherit *inherit);

/* "WSLUICE_FDS=..." for a child that gets these; malloc'd, NULL: out of memory. */
WSL_MUST_CHECK char *inherit_describe(const struct inherit_socket *sockets, size_t count);

#endif
