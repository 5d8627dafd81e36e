#include "core/bridge/bridge.h"

#include "codec/ws/ws_relay.h"
#include "core/bridge/bridge_ending.h"
#include "core/bridge/bridge_sink.h"
#include "core/bridge/bridge_splice.h"

/*
 * One read of frames while they are small, or not known yet: 65,536 of the smallest ones in a whole
 * buffer would be a long turn.
 */
#define SMALL_FRAMES_BUFFER (BRIDGE_BUFFER / 4)

/* ---- the tap ---- */

static bool tap_is_full(const struct bridge *bridge)
{
    return WSL_UNLIKELY(bridge->tap != NULL) && bridge->tap->full;
}

bool bridge_is_held_back(const struct bridge *bridge)
{
    return bridge->up.blocked || bridge->down.blocked || tap_is_full(bridge);
}

/* ---- ends ---- */

static void end_finished(struct bridge *bridge, struct bridge_end *end, enum reason reason,
                         uint64_t now)
{
    struct bridge_end *other = bridge_other(bridge, end);
    end->in_done = true;
    bridge_ending_note(bridge, reason, now);
    bridge_ending_finish(bridge, end);
    /* It does not answer our FIN with its own. */
    if (!other->lingers)
        bridge_ending_finish(bridge, other);
}

static void end_failed(struct bridge *bridge, struct bridge_end *end, enum reason reason,
                       uint64_t now)
{
    end->failed = true;
    end_finished(bridge, end, reason, now);
    bridge_sink_break(bridge, bridge_pipe_to(bridge, end), now);
}

static enum reason reason_of_eof(const struct bridge *bridge, const struct bridge_end *end)
{
    if (end == &bridge->client)
        return REASON_client_eof;
    return end->framed && !bridge_ending_is_fin(bridge, end) ? REASON_target_eof
                                                             : REASON_target_closed;
}

void bridge_end(struct bridge *bridge, enum reason reason, uint64_t now)
{
    bool client = bridge->client.framed, target = bridge->target.framed;
    bridge_ending_note(bridge, reason, now);
    if (client || !target)
        bridge_ending_finish(bridge, &bridge->target);
    if (target || !client)
        bridge_ending_finish(bridge, &bridge->client);
    if (!bridge->target.transport) {
        bridge->target.in_done = true;
        pipe_break(&bridge->up);
    }
}

/* Nothing more of it has to be read. */
static bool is_read(const struct bridge_end *end, const struct pipe *towards)
{
    return end->in_done || (end->over && !end->lingers && pipe_is_finished(towards));
}

bool bridge_is_done(const struct bridge *bridge)
{
    return is_read(&bridge->client, &bridge->down) && is_read(&bridge->target, &bridge->up) &&
           pipe_is_finished(&bridge->up) && pipe_is_finished(&bridge->down);
}

/* ---- from one end to the other ---- */

/* From raw bytes to a WebSocket; BRIDGE_HEADROOM is in front of the bytes. True: it is input. */
static bool frame(struct bridge *bridge, struct pipe *pipe, struct bridge_frames *frames,
                  uint8_t *bytes, size_t length, uint64_t now)
{
    bool input = true;
    /* A tap sees bytes before they are masked. */
    if (WSL_UNLIKELY(frames->keys && bridge->tap))
        input = bridge_sink_show(bridge, pipe, bytes, length, now);
    uint8_t *begin = bridge_frames_before(frames, bytes, length);
    bridge_sink_send(bridge, pipe, begin, (size_t)(bytes - begin) + length, now);
    if (WSL_UNLIKELY(!frames->keys && bridge->tap))
        input = bridge_sink_show(bridge, pipe, bytes, length, now);
    return input;
}

/* BRIDGE_HEADROOM is in front of the payload; between two WebSockets it has so many `headers`. */
static void pass_on(struct bridge *bridge, struct bridge_end *end, uint8_t *bytes, size_t length,
                    size_t headers, uint64_t now)
{
    struct bridge_end *sink = bridge_other(bridge, end);
    struct pipe *pipe = bridge_pipe_from(bridge, end);
    bool input = true;
    bridge->moved_at = now;
    pipe->bytes += length - headers;
    if (!end->framed && sink->framed) {
        input = frame(bridge, pipe, bridge_frames_at(bridge, sink), bytes, length, now);
    } else {
        bridge_sink_send(bridge, pipe, bytes, length, now);
        if (WSL_UNLIKELY(bridge->tap != NULL))
            input = bridge_sink_show(bridge, pipe, bytes,
                                     headers > 0 ? ws_relay_strip(bytes, length) : length, now);
    }
    if (end == &bridge->client && input)
        bridge->input_at = now;
}

/* Up to the next event: payload, or whole frames for another WebSocket. */
static enum ws_event decode_some(struct bridge *bridge, struct bridge_end *end,
                                 struct ws_window *window)
{
    struct bridge_frames *frames = bridge_frames_at(bridge, end);
    struct bridge_frames *others = bridge_frames_at(bridge, bridge_other(bridge, end));
    if (WSL_UNLIKELY(others != NULL))
        return ws_relay_decode(&frames->decoder, window, others->keys);
    return ws_frame_decode(&frames->decoder, window);
}

static enum ws_event decode(struct bridge *bridge, struct bridge_end *end, struct ws_window *window,
                            uint64_t now)
{
    struct bridge_frames *frames = bridge_frames_at(bridge, end);
    enum ws_event event = decode_some(bridge, end, window);
    while (WSL_UNLIKELY(event == WS_PING || event == WS_PONG)) {
        if (bridge_frames_control(frames, event, now) && bridge->metrics)
            metrics_observe(bridge->metrics, METRICS_HISTOGRAM_ping, frames->round_trip - 1);
        event = decode_some(bridge, end, window);
    }
    return event;
}

/* The frames of this end are over: with its Close, or with a fault. */
static void frames_end(struct bridge *bridge, struct bridge_end *end, enum ws_event event,
                       uint64_t now)
{
    bool client = end == &bridge->client;
    if (event == WS_CLOSE) {
        end->said_close = true;
        end->closed = bridge->reason == REASON_none;
        bridge_ending_note(bridge, client ? REASON_client_closed : REASON_target_closed, now);
    } else {
        enum reason violation = (enum reason)bridge->frames.decoder.violation;
        bridge_ending_note(bridge, client ? violation : REASON_target_frames, now);
    }
    bridge_ending_finish_both(bridge);
}

/* Up to a Close: payload to the other end, control frames to the slot. */
static void take_frames(struct bridge *bridge, struct bridge_end *end, uint8_t *bytes,
                        size_t length, uint64_t now)
{
    struct ws_window window = {.base = bytes, .end = length};
    bridge_frames_heard(bridge_frames_at(bridge, end), now);
    enum ws_event event = decode(bridge, end, &window, now);
    if (window.out > 0 && bridge_pipe_from(bridge, end)->state == PIPE_FLOWING)
        pass_on(bridge, end, window.base, window.out, window.headers, now);
    if (WSL_UNLIKELY(event != WS_DRAINED))
        frames_end(bridge, end, event, now);
}

static void take_bytes(struct bridge *bridge, struct bridge_end *end, uint8_t *bytes, size_t length,
                       uint64_t now)
{
    if (!end->framed && bridge_pipe_from(bridge, end)->state == PIPE_FLOWING)
        pass_on(bridge, end, bytes, length, 0, now);
    else if (end->framed && !end->over)
        take_frames(bridge, end, bytes, length, now);
}

/* More than a fifth of what was read is headers. */
static bool are_small(size_t read, uint64_t payload)
{
    return read - payload > read / 5;
}

/* Into the buffer, and on from there. */
static struct io read_copying(struct bridge *bridge, struct bridge_end *end,
                              struct bridge_scratch *scratch, uint64_t now)
{
    const struct pipe *pipe = bridge_pipe_from(bridge, end);
    uint64_t before = pipe->bytes;
    size_t whole = end->framed && !end->large_frames ? SMALL_FRAMES_BUFFER : BRIDGE_BUFFER;
    struct io io = transport_read(end->transport, scratch->buffer,
                                  size_min(whole, BRIDGE_BUFFER - scratch->spared));
    if (io.status != IO_OK)
        return io;
    take_bytes(bridge, end, scratch->buffer, io.n, now);
    end->large_frames = !are_small(io.n, pipe->bytes - before);
    return io;
}

static struct io read_some(struct bridge *bridge, struct bridge_end *end,
                           struct bridge_scratch *scratch, uint64_t now)
{
    if (WSL_UNLIKELY(scratch->ducts != NULL) && bridge_splice_fits(bridge, end, scratch)) {
        struct io io = bridge_splice_read(bridge, end, scratch, now);
        if (io.status != IO_WANT_WRITE)
            return io;
    }
    return read_copying(bridge, end, scratch, now);
}

/* True: there is more to read. */
static bool take_read(struct bridge *bridge, struct bridge_end *end, struct bridge_scratch *scratch,
                      uint64_t now)
{
    struct io io = read_some(bridge, end, scratch, now);
    switch ((enum io_status)io.status) {
    case IO_OK:
        return !io.drained;
    case IO_WANT_READ:
    case IO_WANT_WRITE:
        return false;
    case IO_EOF:
        end->in_done = true;
        if (!bridge_keeps_eof(bridge, end))
            end_finished(bridge, end, reason_of_eof(bridge, end), now);
        return false;
    case IO_FAIL:
        end_failed(bridge, end, io.reason, now);
        return false;
    }
    return false;
}

static bool wants_read(const struct bridge *bridge, const struct bridge_end *end,
                       const struct pipe *pipe)
{
    return end->transport && !end->in_done && pipe_wants_source(pipe) && !tap_is_full(bridge);
}

/* One buffer, so that one session cannot starve others. True: there is more, and room for it. */
static bool pump(struct bridge *bridge, struct bridge_end *end, struct bridge_scratch *scratch,
                 uint64_t now)
{
    const struct pipe *pipe = bridge_pipe_from(bridge, end);
    if (WSL_UNLIKELY(bridge_ending_slot_is_full(bridge)))
        bridge_ending_send_slots(bridge, now);
    return wants_read(bridge, end, pipe) && take_read(bridge, end, scratch, now) &&
           wants_read(bridge, end, pipe);
}

void bridge_take_early(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    take_frames(bridge, &bridge->client, bytes, length, now);
    bridge_ending_settle(bridge, now);
}

void bridge_take_first(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now)
{
    take_bytes(bridge, &bridge->target, bytes, length, now);
    bridge_ending_settle(bridge, now);
}

/* ---- turns ---- */

/*
 * A connection broke while it was neither read nor written, because the other side is blocked: it
 * can take no more bytes. What it sent before is still delivered. After an EOF that was kept from
 * the target, nothing else shows that the client is gone.
 */
static void take_breakage(struct bridge *bridge, unsigned ready, uint64_t now)
{
    bool open = bridge->reason == REASON_none;
    if ((ready & BRIDGE_CLIENT_BROKEN) && (open || !bridge->client.in_done)) {
        bridge_ending_note(bridge, REASON_client_reset, now);
        bridge_sink_break(bridge, &bridge->down, now);
    }
    if ((ready & BRIDGE_TARGET_BROKEN) && bridge->target.transport && !bridge->target.in_done) {
        bridge_ending_note(bridge, REASON_target_reset, now);
        bridge_sink_break(bridge, &bridge->up, now);
    }
}

unsigned bridge_turn(struct bridge *bridge, struct bridge_scratch *scratch, unsigned ready,
                     uint64_t now)
{
    const struct bridge before = *bridge;
    unsigned more = 0;
    /* A sink that has room again gets bytes in the same turn: its source is likely to have more. */
    if (bridge->down.blocked && (ready & BRIDGE_CLIENT_WRITE)) {
        bridge_sink_resume(bridge, &bridge->down, now);
        ready |= bridge->down.blocked ? 0 : BRIDGE_TARGET_READ;
    }
    if (bridge->up.blocked && (ready & BRIDGE_TARGET_WRITE)) {
        bridge_sink_resume(bridge, &bridge->up, now);
        ready |= bridge->up.blocked ? 0 : BRIDGE_CLIENT_READ;
    }
    if ((ready & BRIDGE_CLIENT_READ) && pump(bridge, &bridge->client, scratch, now))
        more |= BRIDGE_CLIENT_READ;
    if ((ready & BRIDGE_TARGET_READ) && pump(bridge, &bridge->target, scratch, now))
        more |= BRIDGE_TARGET_READ;
    if (WSL_UNLIKELY(ready & (BRIDGE_CLIENT_BROKEN | BRIDGE_TARGET_BROKEN)))
        take_breakage(bridge, ready, now);
    bridge_ending_settle(bridge, now);
    bridge_check_turn(&before, bridge);
    return more;
}

unsigned bridge_want(const struct bridge *bridge)
{
    unsigned want = 0;
    if (wants_read(bridge, &bridge->client, &bridge->up))
        want |= BRIDGE_CLIENT_READ;
    if (pipe_wants_sink(&bridge->down))
        want |= BRIDGE_CLIENT_WRITE;
    if (wants_read(bridge, &bridge->target, &bridge->down))
        want |= BRIDGE_TARGET_READ;
    if (pipe_wants_sink(&bridge->up))
        want |= BRIDGE_TARGET_WRITE;
    return want;
}

/* ---- life ---- */

void bridge_init_raw(struct bridge *bridge, struct transport *client, uint64_t now)
{
    *bridge = (struct bridge){
        .client = {.transport = client, .lingers = true},
        .target = {.lingers = true},
        .up = {.state = PIPE_WAITING},
        .down = {.state = PIPE_FLOWING, .sink = client},
        .opened_at = now,
        .moved_at = now,
        .input_at = now,
    };
}

void bridge_init(struct bridge *bridge, struct transport *client, bool refuse_text, uint64_t now)
{
    bridge_init_raw(bridge, client, now);
    bridge->client.framed = true;
    bridge_frames_init(&bridge->frames, NULL, refuse_text);
    bridge->frames.received_at = now;
}

void bridge_send_upgrade(struct bridge *bridge, const void *bytes, size_t length, uint64_t now)
{
    bridge_sink_send(bridge, &bridge->down, bytes, length, now);
}

void bridge_attach(struct bridge *bridge, struct transport *target, uint64_t now)
{
    wsl_assert(!bridge->target.transport);
    bridge->target.transport = bridge->up.sink = target;
    if (bridge->up.state == PIPE_WAITING)
        bridge->up.state = PIPE_FLOWING;
    bridge->opened_at = bridge->moved_at = bridge->input_at = now;
    bridge->frames.received_at = now;
}

void bridge_attach_framed(struct bridge *bridge, struct transport *target,
                          struct bridge_frames *frames, enum bridge_eof eof, uint64_t now)
{
    bridge_attach(bridge, target, now);
    bridge->far = frames;
    bridge->far->received_at = now;
    bridge->target.framed = true;
    bridge->target.eof = eof;
}

void bridge_free(struct bridge *bridge)
{
    pipe_free(&bridge->up);
    pipe_free(&bridge->down);
    bridge_frames_free(&bridge->frames);
    if (bridge->far)
        bridge_frames_free(bridge->far);
    free(bridge->far);
    bridge->far = NULL;
}
