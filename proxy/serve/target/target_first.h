/*
 * What a connected target must do first, before a session may use it: send the bytes that the route
 * expects (target_banner), or open the WebSocket that it speaks (target_upgrade).
 *
 * The happy path: target_first_begin; target_first_proceed, now and whenever the descriptor is
 * ready, until it returns true; `reason` is `none` then.
 *
 * Owns: the handshake's memory. Thread: its loop's. Errors: a reason and a line of detail.
 * Lifetime: target_first_begin to target_first_free; what the request names is borrowed.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_FIRST_H
#define WSLUICE_SERVE_TARGET_TARGET_FIRST_H

#include "serve/target/target_banner.h"

struct config_route;
struct config_texts;
struct target_upgrade;

struct target_first_request {
    const struct config_route *route;
    const struct config_target *target;
    const struct config_address *address; /* that names it */
    const char *path;                     /* of a WebSocket; NULL: as configured */
    const struct config_texts *offered;   /* subprotocols, if the target has none. NULL: none */
    struct transport *transport;
    struct watch *watch;
};

struct target_first {
    bool awaited;
    bool client_offers;             /* with upgrade: subprotocols of the client */
    struct target_upgrade *upgrade; /* owned; NULL: a banner */
    enum reason reason;             /* of the end; none: as it should be */
    const char *detail;             /* of the end; until target_first_free */
    struct target_banner banner;
};

/* True: nothing is awaited, or it has failed. False: target_first_proceed. */
WSL_MUST_CHECK bool target_first_begin(struct target_first *first,
                                       const struct target_first_request *request);

/*
 * False: the watch waits for what the transport wants; call again when it is ready. True: over, and
 * *length bytes of the target are in `buffer`, which is not used between two calls.
 */
WSL_MUST_CHECK bool target_first_proceed(struct target_first *first, uint8_t *buffer, size_t room,
                                         size_t *length);

/* At the deadline, after a last target_first_proceed. */
void target_first_late(struct target_first *first);

/* The one of those offered that the target chose; NULL: none. */
const char *target_first_subprotocol(const struct target_first *first);

/*
 * After a failure: it may be due to subprotocols that this client chose to offer, so it says
 * nothing on the target's health.
 */
bool target_first_spares_target(const struct target_first *first);

/* At any time after target_first_begin, and if `awaited` and `upgrade` are zero. */
void target_first_free(struct target_first *first);

#endif
