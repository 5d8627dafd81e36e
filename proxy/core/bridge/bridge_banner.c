#include "core/bridge/bridge_banner.h"

#include "core/bridge/bridge_priv.h"

/* The client has not taken all of the 101 yet. */
static void append(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    uint8_t *frame = ws_frame_header_before(bytes, WS_OP_BINARY, length);
    struct io io = pipe_append(&bridge->down, frame, (size_t)(bytes - frame) + length);
    bridge->moved_at = now;
    bridge->down.bytes += length;
    if (io.status == IO_FAIL)
        bridge_sink_failed(bridge, io.reason, now);
    if (bridge->tap)
        (void)bridge_tap_payload(bridge, &bridge->down, bytes, length, now);
}

void bridge_banner_take(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    /* The client may have failed meanwhile. */
    if (bridge->down.state != PIPE_FLOWING)
        return;
    if (bridge->down.blocked)
        append(bridge, bytes, length, now);
    else
        bridge_take_bytes(bridge, bytes, length, now);
    bridge_settle(bridge, now);
}
