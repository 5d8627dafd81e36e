/*
 * The opening handshake with a target that speaks WebSocket: sends the upgrade request, and reads
 * the answer.
 *
 * The happy path: target_upgrade_begin; target_upgrade_proceed, now and whenever the descriptor is
 * ready, until it is OPEN: the first bytes behind the answer are in the buffer then.
 *
 * What can fail: memory; the connection; an answer that is no answer to this request, or another
 * status than 101. Whether it is late is the caller's to know: it has the clock.
 *
 * Owns: the request, which may hold credentials and is wiped; the head of the answer. Thread: its
 * loop's. Errors: a reason and a line of detail. Lifetime: target_upgrade_begin to
 * target_upgrade_free; transport, watch and configuration are borrowed.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_UPGRADE_H
#define WSLUICE_SERVE_TARGET_TARGET_UPGRADE_H

#include "codec/http/answer/http_collect.h"
#include "codec/ws/ws_request.h"
#include "config/model/config.h"
#include "core/bridge/bridge_state.h"
#include "net/connect/dial_result.h"

struct target_upgrade {
    const struct config_target *target;
    const struct config_texts *offered;
    struct transport *transport;
    struct watch *watch;
    enum reason reason; /* after FAILED or target_upgrade_late */
    char detail[DIAL_DETAIL];
    char key[WS_KEY_LENGTH];
    const char *subprotocol; /* once OPEN: the one of `offered` that the target chose; NULL: none */
    char *request;           /* owned */
    size_t length, sent;
    bool blocked;    /* TLS holds bytes of it */
    bool by_request; /* after FAILED: refused by status 4xx, or not to be asked for */
    struct http_collect answer;
};

/* What the target is told when a client that speaks no WebSocket has sent everything. */
enum bridge_eof target_upgrade_eof(const struct config_target *target);

enum target_upgrade_verdict { TARGET_UPGRADE_WAITS, TARGET_UPGRADE_OPEN, TARGET_UPGRADE_FAILED };

/*
 * `address`: the one that was dialled. `path`: with its query. `offered`: subprotocols, best first.
 * False: `reason` says why.
 */
WSL_MUST_CHECK bool target_upgrade_begin(struct target_upgrade *upgrade,
                                         const struct config_target *target,
                                         const struct config_address *address, const char *path,
                                         const struct config_texts *offered,
                                         struct transport *transport, struct watch *watch);

/*
 * WAITS: the watch waits for what the transport wants; call again when it is ready. OPEN: *length
 * bytes behind the answer are at the beginning of `buffer`, which is not used between two calls.
 */
WSL_MUST_CHECK enum target_upgrade_verdict target_upgrade_proceed(struct target_upgrade *upgrade,
                                                                  uint8_t *buffer, size_t room,
                                                                  size_t *length);

/* At the deadline, after a last target_upgrade_proceed. */
void target_upgrade_late(struct target_upgrade *upgrade);

void target_upgrade_free(struct target_upgrade *upgrade);

#endif
