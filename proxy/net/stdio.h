/*
 * A transport over two descriptors, usually standard input and output: pipes, sockets, terminals,
 * files, each of them another kind than the other if it likes.
 *
 * It never blocks, and never changes the file status flags that other programs see: sockets are
 * asked not to block in each call, and pipes and terminals are opened once more through /proc. Only
 * where that fails, O_NONBLOCK is set, and taken back at the end.
 *
 * Owns: the descriptors that it opens itself; shutdown closes `out` for the reader behind it.
 * Thread: one at a time. Errors: IO_FAIL with client_io, or client_reset if nobody reads. Lifetime:
 * stdio_open until transport_close.
 */
#ifndef WSLUICE_NET_STDIO_H
#define WSLUICE_NET_STDIO_H

#include "base/transport.h"

struct stdio_side {
    int given, fd; /* fd: another one for the same file, or the given one */
    int flags;     /* to be restored; -1: nothing was changed */
    bool socket;
};

struct stdio {
    struct transport transport;
    struct stdio_side in, out;
    int error; /* the errno of the last failure */
};

struct transport *stdio_open(struct stdio *stdio, int in, int out);

#endif
