#include "serve/target/target_banner.h"

#include "config/model/pattern.h"
#include "net/watch.h"

_Static_assert(PATTERN_BANNER_MAX == BANNER_MAX, "each configured banner can be held");

void target_banner_begin(struct target_banner *banner, const char *expected,
                         struct transport *transport, struct watch *watch)
{
    /* All but `held`: its bytes are written before they are read. */
    banner->expected = expected;
    banner->transport = transport;
    banner->watch = watch;
    banner->reason = REASON_none;
    banner->detail[0] = '\0';
    banner->held_length = 0;
}

/* Always BANNER_DIFFERS. */
static enum banner_verdict fail(struct target_banner *banner, enum reason reason,
                                const char *detail)
{
    banner->reason = reason;
    snprintf(banner->detail, sizeof(banner->detail), "%s", detail);
    return BANNER_DIFFERS;
}

static enum banner_verdict compare(struct target_banner *banner, const uint8_t *bytes,
                                   size_t length)
{
    const struct slice sent = {(const char *)bytes, length};
    char detail[DIAL_DETAIL];
    enum banner_verdict verdict = banner_compare(banner->expected, sent);
    if (verdict != BANNER_DIFFERS)
        return verdict;
    banner_explain(banner->expected, sent, detail, sizeof(detail));
    return fail(banner, REASON_target_unexpected, detail);
}

/* A partial banner is never longer than the longest that may be expected. */
static enum banner_verdict wait_for(struct target_banner *banner, const uint8_t *bytes,
                                    size_t length, unsigned want)
{
    banner->held_length = length;
    memcpy(banner->held, bytes, length);
    watch_want(banner->watch, want);
    return BANNER_PARTIAL;
}

enum banner_verdict target_banner_read(struct target_banner *banner, uint8_t *buffer, size_t room,
                                       size_t *length)
{
    wsl_assert(room >= TARGET_BANNER_ROOM);
    enum banner_verdict verdict = BANNER_PARTIAL;
    size_t have = banner->held_length;
    memcpy(buffer, banner->held, have);
    while (verdict == BANNER_PARTIAL) {
        struct io io = transport_read(banner->transport, buffer + have, room - have);
        switch ((enum io_status)io.status) {
        case IO_OK:
            have += io.n;
            verdict = compare(banner, buffer, have);
            break;
        case IO_WANT_READ:
            return wait_for(banner, buffer, have, WATCH_READ);
        case IO_WANT_WRITE:
            return wait_for(banner, buffer, have, WATCH_WRITE);
        case IO_EOF:
            return fail(banner, REASON_target_unexpected,
                        "closed the connection before its banner was complete");
        case IO_FAIL:
            return fail(banner, io.reason, "the connection failed before its banner was complete");
        }
    }
    *length = have;
    return verdict;
}

void target_banner_late(struct target_banner *banner)
{
    (void)fail(banner, REASON_target_silent, "connected, but sent no complete banner in time");
}
