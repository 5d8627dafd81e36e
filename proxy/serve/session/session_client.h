/*
 * An accepted connection on its way to a worker.
 *
 * Owns: the descriptor, a reference to the site, what was reserved for it. Thread: its
 * owner's. Errors: none. Lifetime: until a session takes it over, or session_client_drop.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_CLIENT_H
#define WSLUICE_SERVE_SESSION_SESSION_CLIENT_H

#include "net/addr.h"
#include "serve/site/limits.h"

struct session_client {
    struct site *site; /* a reference */
    int fd;            /* non-blocking */
    uint32_t listener; /* index in the site's configuration */
    uint64_t number;   /* of all that the process has accepted, from 1 */
    struct addr peer;
    struct limits_usage usage; /* what was reserved for it */
};

/* Closes a connection that is not to become a session after all. */
void session_client_drop(struct session_client *client);

#endif
