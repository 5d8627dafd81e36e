/*
 * Listening sockets: bind with the right options, accept, clean up. A socket that the process
 * inherits (fd:N) moves to another descriptor; numbers 0 to 2 get /dev/null instead.
 *
 * Owns: the descriptor, and the file of a Unix socket. Thread: the main one. Errors: one line that
 * names the address, the problem and the remedy. Lifetime: until listen_close.
 */
#ifndef WSLUICE_NET_LISTEN_H
#define WSLUICE_NET_LISTEN_H

#include <sys/types.h>

#include "base/base.h"
#include "config/model/config.h"
#include "net/addr.h"
#include "net/unix_file.h"

#define LISTEN_NAME 160

struct listen_socket {
    int fd;
    char name[LISTEN_NAME]; /* the bound address, with the port that the kernel chose */
    struct unix_file file;  /* of a Unix socket */
};

WSL_MUST_CHECK bool listen_open(struct listen_socket *socket, const struct config_listener *config,
                                char *error, size_t error_size);

/* Takes over a descriptor that is already listening. */
WSL_MUST_CHECK bool listen_adopt(struct listen_socket *socket, const struct config_listener *config,
                                 int fd, char *error, size_t error_size);

/* After a reload: applies a changed backlog, mode and owner to a socket that stays open. */
WSL_MUST_CHECK bool listen_renew(struct listen_socket *socket, const struct config_listener *before,
                                 const struct config_listener *after, char *error,
                                 size_t error_size);

/* Another process goes on listening: listen_close will not remove the file. */
void listen_disown(struct listen_socket *socket);

/* Goes on listening; a process that is started meanwhile may take the path. */
void listen_yield(struct listen_socket *socket);

/*
 * Closes the socket. Another process may have taken it over; if it has not (its configuration lacks
 * this address), the file is removed.
 */
void listen_hand_over(struct listen_socket *socket);

/* The next connection, non-blocking; -1 with errno. */
WSL_MUST_CHECK int listen_accept(const struct listen_socket *socket, struct addr *peer);

/* Closes, and removes the file of a Unix socket unless another file is there now. */
void listen_close(struct listen_socket *socket);

#endif
