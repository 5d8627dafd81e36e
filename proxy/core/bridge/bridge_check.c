#include "core/bridge/bridge_check.h"

#include "core/bridge/bridge_ending.h"

struct rule {
    bool holds;
    const char *text;
};

static const char *first_broken(const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!rules[i].holds)
            return rules[i].text;
    return NULL;
}

/* ---- one pipe ---- */

const char *bridge_check_pipe(const struct pipe *pipe)
{
    bool writes = pipe->state == PIPE_FLOWING || pipe->state == PIPE_ENDING;
    const struct rule rules[] = {
        {pipe->state <= PIPE_BROKEN, "a pipe's state is one of enum pipe_state"},
        {(pipe->carry != NULL) == (pipe->carry_length > 0), "a carry has a length"},
        {pipe->carry ? pipe->carry_at < pipe->carry_length : pipe->carry_at == 0,
         "a carry has bytes left"},
        {pipe->carry_length <= PIPE_SEND_MAX, "a carry is no longer than one send"},
        {!pipe->carry || pipe->blocked, "a pipe with a carry is blocked"},
        {!pipe->duct || (pipe->blocked && pipe->duct->held > 0), "a duct is kept for its bytes"},
        {!pipe->blocked || writes, "only a pipe that writes is blocked"},
        {pipe->state == PIPE_BROKEN || (pipe->sink == NULL) == (pipe->state == PIPE_WAITING),
         "a pipe has a sink unless it waits for one or is broken"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

/* ---- the bridge ---- */

static bool is_ending(const struct pipe *pipe)
{
    return pipe->state == PIPE_ENDING || pipe->state == PIPE_SHUT;
}

static bool stall_is_timed(const struct pipe *pipe)
{
    if (pipe->stalled_at != 0)
        return pipe->blocked;
    return !(pipe->state == PIPE_FLOWING && pipe->blocked);
}

/* What the reason and the flags say about the pipes from and to one end. */
static const char *check_end(const struct bridge *bridge, const struct bridge_end *end,
                             const struct pipe *from, const struct pipe *to)
{
    bool open = bridge->reason == REASON_none;
    bool is_open = from->state == PIPE_WAITING || from->state == PIPE_FLOWING;
    bool kept = bridge_keeps_eof(bridge, end);
    bool flags = (end->in_done && !kept) || end->over || end->closed || end->close_sent;
    bool fin_alone = bridge_ending_is_fin(bridge, end);
    const struct rule rules[] = {
        {!open || is_open, "a direction ends only with a reason"},
        {!open || !flags, "an end is noted only with a reason"},
        {!end->in_done || end->over || kept, "nothing comes from an end that is read to its end"},
        {!end->over || !is_open, "a direction ends with its source"},
        {!is_ending(from) || end->over, "a source is over when its direction ends"},
        {!end->close_sent || (end->framed && to->state != PIPE_FLOWING), "no bytes follow a Close"},
        {!end->framed || to->state != PIPE_SHUT || fin_alone || (end->close_sent && end->over),
         "FIN to a WebSocket follows both Closes"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

static const char *check_frames(const struct bridge *bridge, const struct bridge_end *end,
                                bool stalled)
{
    const struct bridge_frames *frames = bridge_const_frames_at(bridge, end);
    if (!frames)
        return NULL;
    const struct rule rules[] = {
        {!stalled || frames->ping_out_at == 0, "no round trip is measured across a stall"},
        {frames->slot_length <= WS_CONTROL_FRAME_MAX && frames->slot_length != 1 &&
             (frames->slot_length > 0) == (frames->slot != NULL),
         "the slot holds one whole control frame or none"},
        {frames->received_at >= bridge->opened_at, "nothing moves before the bridge opens"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

static const char *check_whole(const struct bridge *bridge)
{
    const struct pipe *up = &bridge->up, *down = &bridge->down;
    bool open = bridge->reason == REASON_none;
    const struct rule rules[] = {
        {bridge->reason < REASON_COUNT, "the reason is one of enum reason"},
        {!open || (bridge->progress_at == 0 && bridge->longest_step == 0),
         "the clock of the end runs only with a reason"},
        {bridge->target.framed == (bridge->far != NULL), "a WebSocket target has frames"},
        {bridge->client.transport && down->sink == bridge->client.transport,
         "down writes to the client"},
        {up->sink == bridge->target.transport, "up writes to the target"},
        {bridge->target.framed || up->carry_length - up->carry_at <= up->bytes,
         "up carries payload only"},
        {stall_is_timed(up) && stall_is_timed(down), "a stall begins and ends with being blocked"},
        {bridge->moved_at >= bridge->opened_at && bridge->input_at >= bridge->opened_at &&
             bridge->input_at <= bridge->moved_at,
         "nothing moves before the bridge opens"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

const char *bridge_check_state(const struct bridge *bridge)
{
    const struct pipe *up = &bridge->up, *down = &bridge->down;
    const struct bridge_end *client = &bridge->client, *target = &bridge->target;
    bool stalled = up->stalled_at != 0 || down->stalled_at != 0;
    const char *broken = bridge_check_pipe(up);
    if (!broken)
        broken = bridge_check_pipe(down);
    if (!broken)
        broken = check_whole(bridge);
    if (!broken)
        broken = check_end(bridge, client, up, down);
    if (!broken)
        broken = check_end(bridge, target, down, up);
    if (!broken)
        broken = check_frames(bridge, client, stalled);
    return broken ? broken : check_frames(bridge, target, stalled);
}

/* What may still wait at one end after a turn. */
static const char *check_settled(const struct bridge *bridge, const struct bridge_end *end,
                                 const struct pipe *to)
{
    const struct bridge_frames *frames = bridge_const_frames_at(bridge, end);
    bool due = to->state == PIPE_ENDING && !to->blocked;
    bool closes = end->framed && !bridge_ending_is_fin(bridge, end);
    bool slot_goes = !to->blocked && !end->close_sent && !pipe_is_finished(to);
    const struct rule rules[] = {
        {!frames || frames->slot_length == 0 || !slot_goes,
         "a control frame waits only for its turn"},
        {!due || closes, "FIN waits only for its socket"},
        {!due || end->close_sent, "our Close waits only for its socket"},
        {!due || !end->over, "FIN to a WebSocket waits only for its frames"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

const char *bridge_check_settled(const struct bridge *bridge)
{
    bool held = bridge->tap && bridge->tap->full;
    bool connecting = !bridge->target.transport && !bridge->target.in_done;
    const char *broken = check_settled(bridge, &bridge->client, &bridge->down);
    if (!broken)
        broken = check_settled(bridge, &bridge->target, &bridge->up);
    if (broken)
        return broken;
    return held || connecting || bridge_is_done(bridge) || bridge_want(bridge) != 0
               ? NULL
               : "a bridge that is not done waits for something";
}

/* ---- a turn ---- */

static bool pipe_may_become(enum pipe_state from, enum pipe_state to)
{
    static const uint8_t edges[] = {
        [PIPE_WAITING] = 1 << PIPE_WAITING | 1 << PIPE_BROKEN,
        [PIPE_FLOWING] = 1 << PIPE_FLOWING | 1 << PIPE_ENDING | 1 << PIPE_SHUT | 1 << PIPE_BROKEN,
        [PIPE_ENDING] = 1 << PIPE_ENDING | 1 << PIPE_SHUT | 1 << PIPE_BROKEN,
        [PIPE_SHUT] = 1 << PIPE_SHUT | 1 << PIPE_BROKEN,
        [PIPE_BROKEN] = 1 << PIPE_BROKEN,
    };
    return edges[from] & 1 << to;
}

static const char *check_pipe_change(const struct pipe *before, const struct pipe *after)
{
    const struct rule rules[] = {
        {pipe_may_become(before->state, after->state), "a pipe's state moves forward"},
        {after->bytes >= before->bytes, "the bytes of a direction only grow"},
        {after->bytes == before->bytes || before->state == PIPE_FLOWING,
         "only a pipe that flows takes bytes"},
        {after->sink == before->sink, "a pipe keeps its sink"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

static const char *check_end_change(const struct bridge_end *before, const struct bridge_end *after)
{
    const struct rule rules[] = {
        {after->in_done >= before->in_done && after->over >= before->over &&
             after->closed >= before->closed && after->close_sent >= before->close_sent,
         "what is over stays over"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

const char *bridge_check_change(const struct bridge *before, const struct bridge *after)
{
    const char *broken = check_pipe_change(&before->up, &after->up);
    if (!broken)
        broken = check_pipe_change(&before->down, &after->down);
    if (!broken)
        broken = check_end_change(&before->client, &after->client);
    if (!broken)
        broken = check_end_change(&before->target, &after->target);
    if (broken)
        return broken;
    bool first_reason = before->reason == REASON_none || before->reason == after->reason;
    const struct rule rules[] = {
        /* A deadline that cuts what is left may name the peer that stalled. */
        {first_reason || bridge_is_done(after), "the first reason stays"},
        {after->frames.received_at >= before->frames.received_at &&
             after->moved_at >= before->moved_at && after->input_at >= before->input_at &&
             after->progress_at >= before->progress_at,
         "times only grow"},
        {after->opened_at == before->opened_at, "a bridge opens once"},
        {after->longest_step >= before->longest_step, "the longest step only grows"},
    };
    return first_broken(rules, WSL_COUNT(rules));
}

#ifdef WSLUICE_CHECKS
static void demand(const char *broken)
{
    if (!broken)
        return;
    fprintf(stderr, "wsluice: a bridge breaks an invariant: %s\n", broken);
    abort();
}

void bridge_check_turn(const struct bridge *before, const struct bridge *after)
{
    demand(bridge_check_change(before, after));
    demand(bridge_check_state(after));
    demand(bridge_check_settled(after));
}

void bridge_check_tick(const struct bridge *before, const struct bridge *after)
{
    demand(bridge_check_change(before, after));
    demand(bridge_check_state(after));
}
#endif
