/*
 * The transport over a bare stream socket.
 *
 * Owns: the descriptor. Thread: its worker. Errors: its side's reasons. Lifetime: the struct is
 * part of its owner; transport_close closes the descriptor.
 */
#ifndef WSLUICE_NET_PLAIN_H
#define WSLUICE_NET_PLAIN_H

#include "base/transport.h"

struct plain {
    struct transport transport;
    int fd;
    struct transport_side side;
};

struct transport *plain_init(struct plain *plain, int fd, const struct transport_side *side);

#endif
