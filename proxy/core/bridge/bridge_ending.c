#include "core/bridge/bridge_ending.h"

/* RFC 6455 section 7.4.1 */
#define CLOSE_NORMAL     1000
#define CLOSE_GOING_AWAY 1001

/* ---- reasons and directions ---- */

void bridge_ending_note(struct bridge *bridge, enum reason reason, uint64_t now)
{
    if (bridge->reason != REASON_none)
        return;
    bool kept = bridge->client.in_done;
    bridge->reason = reason;
    bridge->progress_at = now;
    bridge->up.still_since = bridge->down.still_since = 0;
    /* Its EOF was kept from the target, which is now told that the session ends. */
    if (kept)
        bridge_ending_finish(bridge, &bridge->client);
}

void bridge_ending_finish(struct bridge *bridge, struct bridge_end *end)
{
    struct pipe *pipe = bridge_pipe_from(bridge, end);
    end->over = true;
    if (pipe->state == PIPE_FLOWING)
        pipe->state = PIPE_ENDING;
    else if (pipe->state == PIPE_WAITING)
        pipe_break(pipe);
}

void bridge_ending_finish_both(struct bridge *bridge)
{
    bridge_ending_finish(bridge, &bridge->client);
    bridge_ending_finish(bridge, &bridge->target);
}

bool bridge_ending_is_fin(const struct bridge *bridge, const struct bridge_end *end)
{
    return end->eof == BRIDGE_EOF_FIN && bridge->reason == REASON_client_eof &&
           !bridge->client.framed;
}

/*
 * Could this direction go on for ever after the end? A WebSocket could ignore our Close; a raw end
 * could send but read nothing. Such bytes do not extend the deadline. After an EOF, however, the
 * other direction goes on until its source has finished.
 */
static bool may_be_endless(struct bridge *bridge, const struct pipe *pipe)
{
    const struct bridge_end *source = pipe == &bridge->up ? &bridge->client : &bridge->target;
    bool broken = bridge_pipe_to(bridge, source)->state == PIPE_BROKEN;
    if (pipe->state != PIPE_FLOWING)
        return false;
    return source->framed && !bridge_ending_is_fin(bridge, source) ? !broken : broken;
}

void bridge_ending_note_progress(struct bridge *bridge, const struct pipe *pipe, uint64_t now)
{
    if (!may_be_endless(bridge, pipe))
        bridge->progress_at = now;
}

void bridge_ending_note_taken(struct bridge *bridge, const struct pipe *pipe, uint64_t now)
{
    if (bridge->reason == REASON_none || may_be_endless(bridge, pipe))
        return;
    if (bridge->longest_step < now - bridge->progress_at)
        bridge->longest_step = (uint32_t)(now - bridge->progress_at);
    bridge->progress_at = now;
}

/* ---- between frames: pong, ping, Close ---- */

/* May a control frame be sent to it now? */
static bool takes_frames(struct bridge *bridge, const struct bridge_end *end)
{
    const struct pipe *pipe = bridge_pipe_to(bridge, end);
    return end->framed && !pipe->blocked && !end->close_sent && !pipe_is_finished(pipe);
}

static void send_slot(struct bridge *bridge, struct bridge_end *end, uint64_t now)
{
    struct bridge_frames *frames = bridge_frames_at(bridge, end);
    if (WSL_LIKELY(!frames || frames->slot_length == 0) || !takes_frames(bridge, end))
        return;
    uint8_t *frame = frames->slot, length = frames->slot_length;
    frames->slot = NULL;
    frames->slot_length = 0;
    bridge_sink_send(bridge, bridge_pipe_to(bridge, end), frame, length, now);
    free(frame);
}

void bridge_ending_send_slots(struct bridge *bridge, uint64_t now)
{
    send_slot(bridge, &bridge->client, now);
    send_slot(bridge, &bridge->target, now);
}

/* A client that has sent a FIN alone reads on: it is to know an end from a cut. */
static bool has_all(const struct bridge *bridge)
{
    return bridge->reason == REASON_client_eof && bridge->target.in_done && !bridge->target.failed;
}

/* A Close with our own reason; 0: the end gets none. */
static size_t own_close(struct bridge *bridge, const struct bridge_end *end, uint8_t *frame)
{
    struct bridge_frames *frames = bridge_frames_at(bridge, end);
    const struct reason_row *row = reason_row(bridge->reason);
    uint16_t code = row->close_code;
    if (end == &bridge->client && has_all(bridge))
        return bridge_frames_close(frames, frame, CLOSE_NORMAL,
                                   reason_row(REASON_target_closed)->text);
    if (end == &bridge->client)
        return code != 0 ? bridge_frames_close(frames, frame, code, row->text) : 0;
    if (bridge->reason == REASON_target_frames) {
        row = reason_row(frames->decoder.violation);
        code = row->close_code;
    } else if (bridge->reason == REASON_client_eof && !bridge->client.framed) {
        return bridge_frames_close(frames, frame, CLOSE_NORMAL, "");
    } else if (code == 0 || bridge->reason == bridge->frames.decoder.violation) {
        code = CLOSE_GOING_AWAY;
    }
    return bridge_frames_close(frames, frame, code, row->text);
}

/* An end that has closed gets its own code back; the other one gets code and text as they came. */
static void send_close(struct bridge *bridge, struct bridge_end *end, uint64_t now)
{
    uint8_t frame[WS_CONTROL_FRAME_MAX];
    const struct bridge_end *other = bridge_other(bridge, end);
    struct bridge_frames *frames = bridge_frames_at(bridge, end);
    size_t length;
    end->close_sent = true;
    if (end->closed)
        length = bridge_frames_close(frames, frame, frames->decoder.close_code, "");
    else if (other->closed)
        length = bridge_frames_encode(frames, frame, WS_OP_CLOSE,
                                      bridge_frames_received(bridge_frames_at(bridge, other)));
    else
        length = own_close(bridge, end, frame);
    if (length > 0)
        bridge_sink_send(bridge, bridge_pipe_to(bridge, end), frame, length, now);
}

static void close_end(struct bridge *bridge, struct bridge_end *end, uint64_t now)
{
    if (bridge_pipe_to(bridge, end)->state == PIPE_ENDING && takes_frames(bridge, end) &&
        !bridge_ending_is_fin(bridge, end))
        send_close(bridge, end, now);
}

/* ---- FIN ---- */

/* Frames are followed by a FIN once the peer's are over; raw bytes at once. */
static bool is_due(const struct bridge *bridge, const struct bridge_end *end,
                   const struct pipe *pipe)
{
    return pipe->state == PIPE_ENDING && !pipe->blocked &&
           (!end->framed || end->over || bridge_ending_is_fin(bridge, end));
}

/*
 * A FIN counts as progress: the peer gets time to answer. If nothing else is left to do with a
 * WebSocket, closing its connection sends the FIN.
 */
static void send_fin(struct bridge *bridge, const struct bridge_end *end, uint64_t now)
{
    struct pipe *pipe = bridge_pipe_to(bridge, end);
    if (!is_due(bridge, end, pipe))
        return;
    if (end->framed && bridge->client.in_done && bridge->target.in_done &&
        pipe_is_finished(bridge_pipe_from(bridge, end))) {
        pipe->state = PIPE_SHUT;
        return;
    }
    struct io io = pipe_shutdown(pipe);
    if (io.status == IO_OK && pipe->state == PIPE_SHUT)
        bridge->progress_at = now;
}

/* Sends the Closes before any FIN: without memory for a Close, the other direction ends as well. */
void bridge_ending_send_last(struct bridge *bridge, uint64_t now)
{
    close_end(bridge, &bridge->client, now);
    close_end(bridge, &bridge->target, now);
    send_fin(bridge, &bridge->target, now);
    send_fin(bridge, &bridge->client, now);
}
