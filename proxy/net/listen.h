/*
 * Listening sockets: bind with the right options, accept, and clean up after themselves. One that
 * the process was started with (fd:N) is taken out of its number, where nothing but /dev/null
 * stays.
 *
 * Owns: the descriptor, and the file of a Unix socket. Thread: the main one. Errors: one line that
 * names the address, the problem and the remedy. Lifetime: listen_close.
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
    char name[LISTEN_NAME]; /* the bound address; a free port is filled in */
    struct unix_file file;  /* of a Unix socket */
};

WSL_MUST_CHECK bool listen_open(struct listen_socket *socket, const struct config_listener *config,
                                char *error, size_t error_size);

/* Takes over a descriptor that listens already. */
WSL_MUST_CHECK bool listen_adopt(struct listen_socket *socket, const struct config_listener *config,
                                 int fd, char *error, size_t error_size);

/* One that stays, under a changed configuration: its backlog, and who may connect to its path. */
WSL_MUST_CHECK bool listen_renew(struct listen_socket *socket, const struct config_listener *before,
                                 const struct config_listener *after, char *error,
                                 size_t error_size);

/* Somebody else goes on listening: what listen_close would remove stays. */
void listen_disown(struct listen_socket *socket);

/*
 * Another process may have taken the socket over. Where it has not, since its configuration names
 * this address no longer, the file is removed.
 */
void listen_hand_over(struct listen_socket *socket);

/* The next connection, non-blocking; -1 with errno when there is none or none can be had. */
WSL_MUST_CHECK int listen_accept(const struct listen_socket *socket, struct addr *peer);

/* Closes, and removes the file of a Unix socket, unless somebody has put another there. */
void listen_close(struct listen_socket *socket);

#endif
