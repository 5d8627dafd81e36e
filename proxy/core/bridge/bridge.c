#include "core/bridge/bridge.h"

#include "core/bridge/bridge_priv.h"

/* The bounds of a turn, so that one session cannot starve others; tiny frames cost most. */
#define BUFFERS_PER_TURN 4
#define FRAMING_PER_TURN ((size_t)64 * 1024) /* bytes other than payload */

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
    bridge->ping_out_at = 0;
}

static void stall_ends(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    if (pipe->stalled_at == 0)
        return;
    observe(bridge, pipe == &bridge->up ? METRICS_HISTOGRAM_stall_up : METRICS_HISTOGRAM_stall_down,
            pipe->stalled_at, now);
    pipe->stalled_at = 0;
}

void bridge_break(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    stall_ends(bridge, pipe, now);
    pipe_break(pipe);
}

/* ---- the tap ---- */

bool bridge_tap_payload(struct bridge *bridge, const struct pipe *pipe, const uint8_t *bytes,
                        size_t length, uint64_t now)
{
    bool up = pipe == &bridge->up;
    const struct bridge_payload payload = {
        .from_client = up,
        .bytes = {(const char *)bytes, length},
        .partial = up && bridge->decoder.payload_left > 0,
        .taken = !pipe->carry,
    };
    return bridge->tap->on_payload(bridge->tap, &payload, now);
}

static bool tap_is_full(const struct bridge *bridge)
{
    return WSL_UNLIKELY(bridge->tap != NULL) && bridge->tap->full;
}

bool bridge_is_held_back(const struct bridge *bridge)
{
    return bridge->up.blocked || bridge->down.blocked || tap_is_full(bridge);
}

/* ---- ends ---- */

static void note_end(struct bridge *bridge, enum reason reason, uint64_t now)
{
    if (bridge->reason != REASON_none)
        return;
    bridge->reason = reason;
    bridge->progress_at = now;
    bridge->up.still_since = bridge->down.still_since = 0;
}

void bridge_finish_up(struct bridge *bridge)
{
    bridge->frames_over = true;
    if (bridge->up.state == PIPE_FLOWING)
        bridge->up.state = PIPE_ENDING;
    else if (bridge->up.state == PIPE_WAITING)
        pipe_break(&bridge->up);
}

void bridge_finish_down(struct bridge *bridge)
{
    if (bridge->down.state == PIPE_FLOWING)
        bridge->down.state = PIPE_ENDING;
}

static void client_finished(struct bridge *bridge, enum reason reason, uint64_t now)
{
    bridge->client_in_done = true;
    note_end(bridge, reason, now);
    bridge_finish_up(bridge);
}

static void client_failed(struct bridge *bridge, enum reason reason, uint64_t now)
{
    client_finished(bridge, reason, now);
    bridge_break(bridge, &bridge->down, now);
}

static void target_finished(struct bridge *bridge, enum reason reason, uint64_t now)
{
    bridge->target_in_done = true;
    note_end(bridge, reason, now);
    bridge_finish_down(bridge);
}

static void target_failed(struct bridge *bridge, enum reason reason, uint64_t now)
{
    target_finished(bridge, reason, now);
    bridge_break(bridge, &bridge->up, now);
}

void bridge_end(struct bridge *bridge, enum reason reason, uint64_t now)
{
    note_end(bridge, reason, now);
    bridge_finish_down(bridge);
    if (!bridge->target) {
        bridge->target_in_done = true;
        pipe_break(&bridge->up);
    }
}

bool bridge_is_done(const struct bridge *bridge)
{
    return bridge->client_in_done && bridge->target_in_done && pipe_is_finished(&bridge->up) &&
           pipe_is_finished(&bridge->down);
}

/* ---- the two sinks ---- */

void bridge_sink_failed(struct bridge *bridge, enum reason reason, uint64_t now)
{
    note_end(bridge, reason, now);
    if (reason == REASON_out_of_memory) {
        bridge_finish_up(bridge);
        bridge_finish_down(bridge);
    }
}

/*
 * Could this direction go on for ever after the end? Up could while a client ignores our Close;
 * down could while a target sends but reads nothing. Such bytes do not extend the deadline. After a
 * client's EOF, however, down goes on until the target has finished.
 */
static bool may_be_endless(const struct bridge *bridge, const struct pipe *pipe)
{
    if (pipe->state != PIPE_FLOWING)
        return false;
    return pipe == &bridge->up ? bridge->down.state != PIPE_BROKEN
                               : bridge->up.state == PIPE_BROKEN;
}

static void note_progress(struct bridge *bridge, const struct pipe *pipe, uint64_t now)
{
    if (!may_be_endless(bridge, pipe))
        bridge->progress_at = now;
}

void bridge_note_taken(struct bridge *bridge, const struct pipe *pipe, uint64_t now)
{
    if (bridge->reason == REASON_none || may_be_endless(bridge, pipe))
        return;
    if (bridge->longest_step < now - bridge->progress_at)
        bridge->longest_step = now - bridge->progress_at;
    bridge->progress_at = now;
}

static void send_on(struct bridge *bridge, struct pipe *pipe, const uint8_t *bytes, size_t length,
                    uint64_t now)
{
    struct io io = pipe_send(pipe, bytes, length);
    if (WSL_UNLIKELY(pipe->blocked))
        stall_begins(bridge, pipe, now);
    if (WSL_UNLIKELY(io.status == IO_FAIL))
        bridge_sink_failed(bridge, io.reason, now);
    else if (WSL_UNLIKELY(bridge->reason != REASON_none) && io.n > 0)
        note_progress(bridge, pipe, now);
}

static void to_client(struct bridge *bridge, const uint8_t *bytes, size_t length, uint64_t now)
{
    send_on(bridge, &bridge->down, bytes, length, now);
}

static void to_target(struct bridge *bridge, const uint8_t *bytes, size_t length, uint64_t now)
{
    send_on(bridge, &bridge->up, bytes, length, now);
}

static void resume(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    uint32_t carried = pipe->carry_length - pipe->carry_at;
    struct io io = pipe_resume(pipe);
    if (!pipe->blocked)
        stall_ends(bridge, pipe, now);
    if (io.status == IO_FAIL) {
        bridge_sink_failed(bridge, io.reason, now);
        return;
    }
    bool moved = pipe->carry_length - pipe->carry_at != carried;
    pipe->still_since = 0;
    bridge_note_taken(bridge, pipe, now);
    if (bridge->tap && moved)
        (void)bridge_tap_payload(bridge, pipe, NULL, 0, now);
}

static bool is_down_open(const struct bridge *bridge)
{
    return !bridge->down.blocked && !bridge->close_sent && !pipe_is_finished(&bridge->down);
}

static void send_slot(struct bridge *bridge, uint64_t now)
{
    if (bridge->slot_length == 0 || !is_down_open(bridge))
        return;
    uint8_t length = bridge->slot_length;
    bridge->slot_length = 0;
    to_client(bridge, bridge->slot, length, now);
}

static void send_close(struct bridge *bridge, uint64_t now)
{
    uint8_t frame[2 + WS_CONTROL_MAX];
    const struct reason_row *row = reason_row(bridge->reason);
    bool echo = bridge->reason == REASON_client_closed;
    uint16_t code = echo ? bridge->decoder.close_code : row->close_code;
    bridge->close_sent = true;
    if (code == 0 && !echo)
        return;
    size_t length = ws_frame_close(frame, code, echo ? "" : row->text);
    to_client(bridge, frame, length, now);
}

/* A FIN counts as progress: the peer gets time to answer. */
static void end_pipe(struct bridge *bridge, struct pipe *pipe, uint64_t now)
{
    struct io io = pipe_shutdown(pipe);
    if (io.status == IO_OK && pipe->state == PIPE_SHUT)
        bridge->progress_at = now;
}

/* If nothing else is left to do, closing the connection sends the FIN. */
static void end_down(struct bridge *bridge, uint64_t now)
{
    if (bridge->client_in_done && bridge->target_in_done && pipe_is_finished(&bridge->up))
        bridge->down.state = PIPE_SHUT;
    else
        end_pipe(bridge, &bridge->down, now);
}

/* Sends our Close before it ends up: without memory for the Close, that has to end as well. */
void bridge_settle(struct bridge *bridge, uint64_t now)
{
    if (WSL_UNLIKELY(bridge->slot_length > 0))
        send_slot(bridge, now);
    if (WSL_LIKELY(bridge->reason == REASON_none))
        return;
    if (bridge->down.state == PIPE_ENDING && is_down_open(bridge))
        send_close(bridge, now);
    if (bridge->up.state == PIPE_ENDING && !bridge->up.blocked)
        end_pipe(bridge, &bridge->up, now);
    if (bridge->down.state == PIPE_ENDING && !bridge->down.blocked && bridge->frames_over)
        end_down(bridge, now);
}

/* ---- client to target ---- */

static void take_ping(struct bridge *bridge)
{
    bridge->slot_length = (uint8_t)ws_frame_control(
        bridge->slot, WS_OP_PONG, bridge->decoder.control, bridge->decoder.control_length);
}

/* Our pings are empty; other pongs are the client's own heartbeat, RFC 6455 section 5.5.3. */
static void take_pong(struct bridge *bridge, uint64_t now)
{
    if (bridge->ping_out_at == 0 || bridge->decoder.control_length != 0)
        return;
    observe(bridge, METRICS_HISTOGRAM_ping, bridge->ping_out_at, now);
    bridge->round_trip = (uint32_t)(now - bridge->ping_out_at) + 1;
    bridge->ping_out_at = 0;
}

/* The client's frames, up to its Close: payload to the target, control frames to the slot. */
static void take_frames(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    struct ws_window window = {.base = bytes, .end = length};
    bridge->received_at = now;
    bridge->pinged_at = 0;
    enum ws_event event = ws_frame_decode(&bridge->decoder, &window);
    while (WSL_UNLIKELY(event == WS_PING || event == WS_PONG)) {
        if (event == WS_PING)
            take_ping(bridge);
        else
            take_pong(bridge, now);
        event = ws_frame_decode(&bridge->decoder, &window);
    }

    if (window.out > 0 && bridge->up.state == PIPE_FLOWING) {
        bridge->moved_at = now;
        bridge->up.bytes += window.out;
        to_target(bridge, window.base, window.out, now);
        if (WSL_LIKELY(!bridge->tap) ||
            bridge_tap_payload(bridge, &bridge->up, window.base, window.out, now))
            bridge->input_at = now;
    }
    if (WSL_LIKELY(event == WS_DRAINED))
        return;
    note_end(bridge, event == WS_CLOSE ? REASON_client_closed : bridge->decoder.violation, now);
    bridge_finish_up(bridge);
    bridge_finish_down(bridge);
}

static void pump_up(struct bridge *bridge, struct bridge_scratch *scratch, uint64_t now)
{
    /* `read` grows by bytes read, up.bytes by their payload: the difference is framing. */
    uint64_t read = bridge->up.bytes;
    for (int turn = 0; turn < BUFFERS_PER_TURN; turn++) {
        if (bridge->client_in_done || !pipe_wants_source(&bridge->up) || tap_is_full(bridge))
            return;
        struct io io = transport_read(bridge->client, scratch->buffer, BRIDGE_BUFFER);
        switch ((enum io_status)io.status) {
        case IO_OK:
            if (!bridge->frames_over)
                take_frames(bridge, scratch->buffer, io.n, now);
            if (io.drained || io.yield || (read += io.n) - bridge->up.bytes >= FRAMING_PER_TURN)
                return;
            break;
        case IO_WANT_READ:
        case IO_WANT_WRITE:
            return;
        case IO_EOF:
            client_finished(bridge, REASON_client_eof, now);
            return;
        case IO_FAIL:
            client_failed(bridge, io.reason, now);
            return;
        }
    }
}

void bridge_take_early(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    take_frames(bridge, bytes, length, now);
    bridge_settle(bridge, now);
}

/* ---- target to client ---- */

void bridge_take_bytes(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    bridge->moved_at = now;
    bridge->down.bytes += length;
    uint8_t *frame = ws_frame_header_before(bytes, WS_OP_BINARY, length);
    to_client(bridge, frame, (size_t)(bytes - frame) + length, now);
    if (WSL_UNLIKELY(bridge->tap != NULL))
        (void)bridge_tap_payload(bridge, &bridge->down, bytes, length, now);
}

static void pump_down(struct bridge *bridge, struct bridge_scratch *scratch, uint64_t now)
{
    for (int turn = 0; turn < BUFFERS_PER_TURN; turn++) {
        if (WSL_UNLIKELY(bridge->slot_length > 0))
            send_slot(bridge, now);
        if (!bridge->target || bridge->target_in_done || !pipe_wants_source(&bridge->down) ||
            tap_is_full(bridge))
            return;
        struct io io = transport_read(bridge->target, scratch->buffer, BRIDGE_BUFFER);
        switch ((enum io_status)io.status) {
        case IO_OK:
            if (bridge->down.state == PIPE_FLOWING)
                bridge_take_bytes(bridge, scratch->buffer, io.n, now);
            if (io.drained || io.yield)
                return;
            break;
        case IO_WANT_READ:
        case IO_WANT_WRITE:
            return;
        case IO_EOF:
            target_finished(bridge, REASON_target_closed, now);
            return;
        case IO_FAIL:
            target_failed(bridge, io.reason, now);
            return;
        }
    }
}

/* ---- turns ---- */

/*
 * A connection broke while it was neither read nor written, because the other side is blocked: it
 * can take no more bytes. What it sent before is still delivered.
 */
static void take_breakage(struct bridge *bridge, unsigned ready, uint64_t now)
{
    if ((ready & BRIDGE_CLIENT_BROKEN) && !bridge->client_in_done) {
        note_end(bridge, REASON_client_reset, now);
        bridge_break(bridge, &bridge->down, now);
    }
    if ((ready & BRIDGE_TARGET_BROKEN) && bridge->target && !bridge->target_in_done) {
        note_end(bridge, REASON_target_reset, now);
        bridge_break(bridge, &bridge->up, now);
    }
}

void bridge_turn(struct bridge *bridge, struct bridge_scratch *scratch, unsigned ready,
                 uint64_t now)
{
    const struct bridge before = *bridge;
    /* A sink that has room again gets bytes in the same turn: its source is likely to have more. */
    if (bridge->down.blocked && (ready & BRIDGE_CLIENT_WRITE)) {
        resume(bridge, &bridge->down, now);
        ready |= bridge->down.blocked ? 0 : BRIDGE_TARGET_READ;
    }
    if (bridge->up.blocked && (ready & BRIDGE_TARGET_WRITE)) {
        resume(bridge, &bridge->up, now);
        ready |= bridge->up.blocked ? 0 : BRIDGE_CLIENT_READ;
    }
    if (ready & BRIDGE_CLIENT_READ)
        pump_up(bridge, scratch, now);
    if (ready & BRIDGE_TARGET_READ)
        pump_down(bridge, scratch, now);
    if (WSL_UNLIKELY(ready & (BRIDGE_CLIENT_BROKEN | BRIDGE_TARGET_BROKEN)))
        take_breakage(bridge, ready, now);
    bridge_settle(bridge, now);
    bridge_check_turn(&before, bridge);
}

unsigned bridge_want(const struct bridge *bridge)
{
    unsigned want = 0;
    bool reads = !tap_is_full(bridge);
    if (reads && !bridge->client_in_done && pipe_wants_source(&bridge->up))
        want |= BRIDGE_CLIENT_READ;
    if (pipe_wants_sink(&bridge->down))
        want |= BRIDGE_CLIENT_WRITE;
    if (reads && bridge->target && !bridge->target_in_done && pipe_wants_source(&bridge->down))
        want |= BRIDGE_TARGET_READ;
    if (pipe_wants_sink(&bridge->up))
        want |= BRIDGE_TARGET_WRITE;
    return want;
}

/* ---- life ---- */

void bridge_init(struct bridge *bridge, struct transport *client, bool refuse_text, uint64_t now)
{
    *bridge = (struct bridge){
        .client = client,
        .up = {.state = PIPE_WAITING},
        .down = {.state = PIPE_FLOWING, .sink = client},
        .opened_at = now,
        .received_at = now,
        .moved_at = now,
        .input_at = now,
    };
    ws_frame_decoder_init(&bridge->decoder, true, refuse_text);
}

void bridge_send_upgrade(struct bridge *bridge, const void *bytes, size_t length, uint64_t now)
{
    to_client(bridge, bytes, length, now);
}

void bridge_attach(struct bridge *bridge, struct transport *target, uint64_t now)
{
    wsl_assert(!bridge->target);
    bridge->target = bridge->up.sink = target;
    if (bridge->up.state == PIPE_WAITING)
        bridge->up.state = PIPE_FLOWING;
    bridge->opened_at = bridge->received_at = bridge->moved_at = bridge->input_at = now;
}

void bridge_free(struct bridge *bridge)
{
    pipe_free(&bridge->up);
    pipe_free(&bridge->down);
}
