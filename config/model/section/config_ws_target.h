/*
 * What wsluice asks of a target that speaks WebSocket: the struct of routes[].targets[].websocket.
 *
 * Owns: nothing; all memory is the snapshot's. Thread: any (const). Errors: none. Lifetime: the
 * snapshot's.
 */
#ifndef WSLUICE_CONFIG_MODEL_SECTION_CONFIG_WS_TARGET_H
#define WSLUICE_CONFIG_MODEL_SECTION_CONFIG_WS_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "config/model/section/config_place.h"

/* What the end of a client's bytes does, where the client speaks no WebSocket. */
enum config_ws_eof {
    CONFIG_WS_EOF_HALF_CLOSE, /* the target may still send, until close_timeout */
    CONFIG_WS_EOF_CLOSE,      /* Close 1000 at once */
    CONFIG_WS_EOF_WAIT,       /* nothing: the target or a limit ends the session */
};

#define CONFIG_WS_SUBPROTOCOLS_MAX 32          /* offers of one request */
#define CONFIG_WS_REQUEST_MAX      (16 * 1024) /* bytes of a request */
#define CONFIG_WS_REQUEST_OWN      512         /* of them, what wsluice writes itself, at most */
#define CONFIG_WS_LOGIN_MAX        1024        /* bytes of user, colon and password */

struct config_header {
    const char *name, *value;
};

struct config_ws_target {
    const char *path; /* with its query, as it is sent; NULL: the target speaks raw bytes */
    const char *host; /* the field Host; NULL: host and port of the address */
    const char *origin;
    struct config_texts subprotocols; /* offered, in this order */
    struct config_header *headers;    /* more fields, in this order */
    size_t header_count;
    /* Credentials: all are secret. At most one of password and bearer. */
    const char *user, *password; /* Authorization: Basic; both or none */
    const char *bearer;          /* Authorization: Bearer, as tickets are sent, too */
    enum config_ws_eof eof;
};

#endif
