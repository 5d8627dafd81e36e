#include "core/bridge/bridge_sink.h"

#include "core/bridge/bridge_ending.h"

/* ---- metrics ---- */

static void observe(struct bridge *bridge, enum metrics_histogram histogram, uint64_t since,
                    uint64_t now)
{
    if (bridge->metrics)
        metrics_observe(bridge->metrics, histogram, now - since);
}

/* After a stall, a pong would measure the stall and not the round trip. */
static void stall_begins(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    pipe->stalled_at = now;
    bridge->frames.ping_out_at = 0;
    if (bridge->far)
        bridge->far->ping_out_at = 0;
}

static void stall_ends(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    if (pipe->stalled_at == 0)
        return;
    observe(bridge, pipe == &bridge->up ? METRICS_HISTOGRAM_stall_up : METRICS_HISTOGRAM_stall_down,
            pipe->stalled_at, now);
    pipe->stalled_at = 0;
}

void bridge_sink_break(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    stall_ends(bridge, pipe, now);
    pipe_break(pipe);
}

/* ---- the tap ---- */

bool bridge_sink_show(struct bridge *bridge, const struct pipe *pipe, const uint8_t *bytes,
                      size_t length, uint64_t now)
{
    bool up = pipe == &bridge->up;
    const struct bridge_payload payload = {
        .from_client = up,
        .bytes = {(const char *)bytes, length},
        .partial = up && bridge->frames.decoder.payload_left > 0,
        .taken = !pipe->carry,
    };
    return bridge->tap->on_payload(bridge->tap, &payload, now);
}

/* ---- sinks ---- */

void bridge_sink_failed(struct bridge *bridge, enum reason reason, uint64_t now)
{
    bridge_ending_note(bridge, reason, now);
    if (reason == REASON_out_of_memory)
        bridge_ending_finish_both(bridge);
}

/* After something was sent, or kept behind what waited already. */
static void sent(struct bridge *bridge, struct pipe *pipe, struct io io, bool waited, uint64_t now)
{
    if (WSL_UNLIKELY(pipe->blocked) && !waited)
        stall_begins(bridge, pipe, now);
    if (WSL_UNLIKELY(io.status == IO_FAIL))
        bridge_sink_failed(bridge, io.reason, now);
    else if (WSL_UNLIKELY(bridge->reason != REASON_none) && io.n > 0)
        bridge_ending_note_progress(bridge, pipe, now);
}

void bridge_sink_send(struct bridge *bridge, struct pipe *pipe, const uint8_t *bytes, size_t length,
                      uint64_t now)
{
    bool waits = pipe->blocked;
    struct io io =
        WSL_UNLIKELY(waits) ? pipe_append(pipe, bytes, length) : pipe_send(pipe, bytes, length);
    sent(bridge, pipe, io, waits, now);
}

void bridge_sink_send_duct(struct bridge *bridge, struct pipe *pipe, struct slice header,
                           struct duct *duct, uint64_t now)
{
    struct io io = pipe_send_duct(pipe, (const uint8_t *)header.ptr, header.len, duct);
    sent(bridge, pipe, io, false, now);
}

void bridge_sink_resume(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    size_t carried = pipe_carried(pipe);
    struct io io = pipe_resume(pipe);
    if (!pipe->blocked)
        stall_ends(bridge, pipe, now);
    if (io.status == IO_FAIL) {
        bridge_sink_failed(bridge, io.reason, now);
        return;
    }
    bool moved = pipe_carried(pipe) != carried;
    pipe->still_since = 0;
    bridge_ending_note_taken(bridge, pipe, now);
    if (bridge->tap && moved)
        (void)bridge_sink_show(bridge, pipe, NULL, 0, now);
}
