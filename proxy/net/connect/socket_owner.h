/*
 * Whose program it is that a TCP connection within this machine has reached. A free port is kept
 * for a command by a socket that does not listen, and until the command does another user's program
 * may listen there: the kernel lets sockets share a port if each allows for it (SO_REUSEADDR).
 *
 * The kernel is asked about the other end (NETLINK_SOCK_DIAG); as long as nobody has accepted the
 * connection that is the listening socket, else the accepted one.
 *
 * Owns: nothing. Thread: any; a few system calls that do not block. Errors: verdicts.
 * Lifetime: none.
 */
#ifndef WSLUICE_NET_CONNECT_SOCKET_OWNER_H
#define WSLUICE_NET_CONNECT_SOCKET_OWNER_H

#include "base/base.h"

enum socket_owner {
    SOCKET_OWNER_OURS,    /* this process's user, root, or a user that a descendant runs as */
    SOCKET_OWNER_FOREIGN, /* another user, or nobody: the other end is closed */
    SOCKET_OWNER_UNKNOWN, /* the kernel does not say */
};

/* `fd` is a connected TCP socket whose peer is on this machine. */
WSL_MUST_CHECK enum socket_owner socket_owner_of_peer(int fd);

/* Whether the kernel says; false: every verdict will be UNKNOWN. */
WSL_MUST_CHECK bool socket_owner_is_known(void);

#endif
