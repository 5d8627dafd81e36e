/*
 * A connection that is accepted, and that no session owns yet.
 *
 * Owns: the descriptor, a reference to the site, its reserved descriptors. Thread: its owner's.
 * Errors: none. Lifetime: until a session takes it over, or session_client_drop.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_CLIENT_H
#define WSLUICE_SERVE_SESSION_SESSION_CLIENT_H

#include "net/addr.h"
#include "serve/site/limits.h"

struct session_client {
    struct site *site; /* a reference */
    int fd;            /* non-blocking */
    uint32_t listener; /* index in the site's configuration */
    uint64_t number;   /* among all connections of the process, from 1 */
    struct addr peer;
    struct limits_usage usage; /* the descriptors reserved for it */
};

/* Closes a connection for which no session is made. */
void session_client_drop(struct session_client *client);

#endif
