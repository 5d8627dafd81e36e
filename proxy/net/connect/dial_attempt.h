/*
 * One connection attempt of a dial: a non-blocking connect to one address of the target or of the
 * proxy to it, or to a Unix socket.
 *
 * Owns: its descriptor and watch, until dial_attempt_close or the dial takes them over. Thread: its
 * loop's. Errors: an errno. Lifetime: in the dial's memory; all zero has not begun.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_ATTEMPT_H
#define WSLUICE_NET_CONNECT_DIAL_ATTEMPT_H

#include "config/model/config.h"
#include "net/connect/dial_result.h"
#include "net/watch.h"

struct dial_attempt {
    struct watch *watch; /* NULL: over, or not begun */
    int fd;
    uint8_t address;   /* index of the dial's */
    uint64_t began_at; /* loop time */
    void *owner;
};

/*
 * 0: connected, or under way. Under way, *waiting is set, and the callback is called with the
 * attempt when the socket is writable or broken. Else an errno. `address`: if it is no Unix socket.
 */
WSL_MUST_CHECK int dial_attempt_begin(struct dial_attempt *attempt,
                                      const struct dial_request *request,
                                      const struct addr *address, watch_cb *callback,
                                      bool *waiting);

/* False: it was over, or had not begun. */
bool dial_attempt_close(struct dial_attempt *attempt);

#endif
