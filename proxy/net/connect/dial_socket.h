/*
 * Connects to a Unix socket whose file must not be a link.
 *
 * A folder of sockets may belong to those who listen there. One of them could put a link in the
 * place of its socket, which leads to a socket that only this process may use. So the file is
 * opened by its name in the folder, without following a link (O_PATH), and the connection goes to
 * that file, by /proc/self/fd, even if the path leads elsewhere meanwhile. A file with a second
 * hard link is refused as well: its other name may be outside of the folder.
 *
 * Owns: nothing. Thread: any; it does not block, but for the look-up of the path. Errors: an errno;
 * ELOOP: a link; EMLINK: it has several names; ENOTSOCK: another file. Lifetime: none.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_SOCKET_H
#define WSLUICE_NET_CONNECT_DIAL_SOCKET_H

#include "base/base.h"

/* `path`: of a file, of any length. 0, or an errno as connect has it. */
WSL_MUST_CHECK int dial_socket_connect(int fd, const char *path);

/* `fd` names a file (O_PATH). 0: a socket with one name; else an errno as above. */
WSL_MUST_CHECK int dial_socket_check(int fd);

#endif
