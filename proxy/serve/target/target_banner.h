/*
 * Reads the first bytes of a target until they match what is expected of it (codec/banner.h), for
 * probes and for the connections of sessions.
 *
 * The happy path: target_banner_begin; target_banner_read, now and whenever the descriptor is
 * ready, until its verdict is BANNER_MATCHES; the bytes that were read are in the buffer then, all
 * of them, and the transport may hold more.
 *
 * What can fail: the bytes differ; the target closes or fails before they are complete; they are
 * late. Whether they are late is the caller's to know: it has the clock.
 *
 * Owns: the bytes of a partial banner, which are BANNER_MAX at most, however much the target sends.
 * Thread: its loop's. Errors: a reason and a line of detail. Lifetime: plain memory; transport and
 * watch are borrowed.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_BANNER_H
#define WSLUICE_SERVE_TARGET_TARGET_BANNER_H

#include "codec/banner.h"
#include "net/connect/dial_result.h"

/* The least room for target_banner_read. */
#define TARGET_BANNER_ROOM (BANNER_MAX + TRANSPORT_READ_MIN)

struct target_banner {
    const char *expected;
    struct transport *transport;
    struct watch *watch;
    enum reason reason; /* after BANNER_DIFFERS or target_banner_late */
    char detail[DIAL_DETAIL];
    size_t held_length;
    uint8_t held[BANNER_MAX];
};

void target_banner_begin(struct target_banner *banner, const char *expected,
                         struct transport *transport, struct watch *watch);

/*
 * BANNER_PARTIAL: the watch waits for what the transport wants; call again when it is ready.
 * BANNER_MATCHES: the target has sent *length bytes, which are in `buffer`; that is not used
 * between two calls. BANNER_DIFFERS: see `reason`.
 */
WSL_MUST_CHECK enum banner_verdict target_banner_read(struct target_banner *banner, uint8_t *buffer,
                                                      size_t room, size_t *length);

/* At the deadline, after a last target_banner_read. */
void target_banner_late(struct target_banner *banner);

#endif
