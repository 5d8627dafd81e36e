/*
 * Standard input and output on a loop: says when they are ready for a bridge's client. A regular
 * file is always ready.
 *
 * Owns: the handles on the loop, the transport. Thread: the loop's. Errors: what cannot be polled
 * counts as a file. Lifetime: connect_stdio_open to connect_stdio_close; the memory until the loop
 * has run once more.
 */
#ifndef WSLUICE_RUN_CONNECT_CONNECT_STDIO_H
#define WSLUICE_RUN_CONNECT_CONNECT_STDIO_H

#include "net/stdio.h"
#include "net/watch.h"

struct connect_stdio {
    struct stdio stdio;
    struct transport *transport;
    struct watch *in, *out;                        /* NULL: a file */
    uv_idle_t files;                               /* runs while a file is wanted */
    unsigned want;                                 /* BRIDGE_CLIENT_READ, BRIDGE_CLIENT_WRITE */
    void (*callback)(void *owner, unsigned ready); /* bits of bridge_ready, of the client */
    void *owner;
};

void connect_stdio_open(struct connect_stdio *stdio, struct watch_set *watches,
                        void (*callback)(void *owner, unsigned ready), void *owner);

/* What to wait for from now on. */
void connect_stdio_want(struct connect_stdio *stdio, unsigned want);

void connect_stdio_close(struct connect_stdio *stdio);

#endif
