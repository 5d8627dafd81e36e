/*
 * What follows a dial's connect: the check of the target's owner, the tunnel of a proxy, the
 * preface, TLS, the greeting.
 *
 * Owns: the tunnel until it is open; descriptor, watch and transport are the result's. Thread: the
 * dial's. Errors: in the result. Lifetime: dial_setup_begin to dial_setup_end.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_SETUP_H
#define WSLUICE_NET_CONNECT_DIAL_SETUP_H

#include "net/connect/dial_result.h"

struct dial_tunnel;

struct dial_setup {
    const struct dial_request *request;
    struct dial_result *result; /* has descriptor and watch when the set-up begins */
    struct dial_tunnel *tunnel; /* NULL: none, or open */
    size_t preface_sent, greeting_sent;
    bool secure;  /* the handshake is done */
    bool blocked; /* TLS holds bytes of the greeting */
};

/* True: complete: nothing to send, or another user's program. False: dial_setup_proceed. */
WSL_MUST_CHECK bool dial_setup_begin(struct dial_setup *setup);

/* Continues. True: complete, or failed. False: wait for the watch, and call again. */
WSL_MUST_CHECK bool dial_setup_proceed(struct dial_setup *setup);

/* At any time; all zero has not begun. */
void dial_setup_end(struct dial_setup *setup);

#endif
