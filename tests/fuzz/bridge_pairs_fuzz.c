/*
 * A bridge between each pair of framings: a gateway (WebSocket to raw bytes), a raw client of a
 * WebSocket target, with each enum bridge_eof, raw bytes to raw bytes, and a relay. The input
 * decides what both peers send, how it is cut, how much they take, how time passes and what breaks.
 * After each step the invariants of core/bridge/bridge_check hold, and no turn is wanted in which
 * nothing happens. A model reads what has left with the slow reference decoder:
 *
 * - each side has received a prefix of the payload that the other has sent, in whole messages of
 *   the same types between two WebSockets; all of it, if nothing failed and the other side did not
 *   end first;
 * - frames to a side are well-formed, masked towards the target alone, and nothing follows a Close;
 * - a pong answers a ping of the same side, and a Close of one side reaches the other with its
 * text;
 * - an end that is kept from the target (BRIDGE_EOF_WAIT) sends neither a Close nor a FIN;
 * - the bridge is done after a bounded number of deadlines.
 *
 * Input: two bytes of modes, then operations of one byte each, with the arguments they take.
 */
#include "core/bridge/bridge_check.h"
#include "core/bridge/bridge_time.h"
#include "lib/fake_transport.h"
#include "lib/ws_reference.h"

enum {
    CAPACITY = 1 << 16,
    SENT_MAX = 1 << 12, /* by each side: a header per byte still fits into the capacity */
    TICKS_MAX = 8 * 5,
    UPGRADE = 4,
};

enum mode {
    MODE_PAIR = 1 | 2 | 4, /* index of `pairs` */
    MODE_SEALED_CLIENT = 8,
    MODE_SEALED_TARGET = 16,
    MODE_NEVER_DRAINED = 32,
    MODE_ORDERLY_END = 64,
    MODE_CLOCKS = 128,
};

static const struct pair {
    bool client_framed, target_framed;
    enum bridge_eof eof;
} pairs[] = {
    {false, false, BRIDGE_EOF_CLOSE}, {true, false, BRIDGE_EOF_CLOSE},
    {false, true, BRIDGE_EOF_CLOSE},  {true, true, BRIDGE_EOF_CLOSE},
    {false, true, BRIDGE_EOF_WAIT},   {true, true, BRIDGE_EOF_WAIT},
    {false, true, BRIDGE_EOF_FIN},    {true, true, BRIDGE_EOF_FIN},
};

struct side {
    struct fake fake;
    struct bridge_end *end;
    bool masks, break_reported;
    size_t before; /* bytes to it that are no frames: the 101 */
};

struct script {
    const uint8_t *bytes;
    size_t left;
    struct side client, target;
    struct bridge bridge;
    struct bridge_times times;
    uint64_t now;
    unsigned modes;
    bool lossy; /* something failed, or a deadline came, or the bridge was ended from inside */
};

static struct bridge_scratch scratch;

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void demand(const char *broken)
{
    if (!broken)
        return;
    fprintf(stderr, "bridge_pairs_fuzz: %s\n", broken);
    abort();
}

static uint8_t next(struct script *script)
{
    if (script->left == 0)
        return 0;
    script->left--;
    return *script->bytes++;
}

/* Exact below 128, then in steps of 64. */
static size_t next_size(struct script *script)
{
    size_t n = next(script);
    return n < 128 ? n : (n - 127) * 64;
}

/* ---- turns ---- */

static unsigned ready(struct script *script)
{
    struct fake *client = &script->client.fake, *target = &script->target.fake;
    unsigned bits = 0;
    bits |= fake_is_readable(client) ? BRIDGE_CLIENT_READ : 0;
    bits |= fake_is_writable(client) ? BRIDGE_CLIENT_WRITE : 0;
    bits |= fake_is_readable(target) ? BRIDGE_TARGET_READ : 0;
    bits |= fake_is_writable(target) ? BRIDGE_TARGET_WRITE : 0;
    bits &= bridge_want(&script->bridge);
    if (client->broken != REASON_none && !script->client.break_reported) {
        script->client.break_reported = true;
        bits |= BRIDGE_CLIENT_BROKEN;
    }
    if (target->broken != REASON_none && !script->target.break_reported) {
        script->target.break_reported = true;
        bits |= BRIDGE_TARGET_BROKEN;
    }
    return bits;
}

/* Neither side is told the end of a session that has none yet. */
static void check_open(const struct script *script)
{
    const struct bridge *bridge = &script->bridge;
    bool told = script->client.fake.is_shut || script->target.fake.is_shut ||
                bridge->client.close_sent || bridge->target.close_sent;
    demand(told && bridge->reason == REASON_none ? "an open session is told its end" : NULL);
    demand(bridge->reason == REASON_client_eof && bridge->target.eof == BRIDGE_EOF_WAIT &&
                   !bridge->client.framed
               ? "an end is not kept from the target"
               : NULL);
}

static void turn(struct script *script, unsigned bits)
{
    const struct bridge before = script->bridge;
    bridge_turn(&script->bridge, &scratch, bits, script->now);
    demand(bridge_check_state(&script->bridge));
    demand(bridge_check_change(&before, &script->bridge));
    demand(bridge_check_settled(&script->bridge));
    check_open(script);
}

/* What a turn moves. */
static size_t moved(const struct script *script)
{
    const struct fake *client = &script->client.fake, *target = &script->target.fake;
    return client->in_at + target->in_at + client->out_length + target->out_length -
           client->inside - target->inside + client->in_over + target->in_over;
}

static void run(struct script *script)
{
    for (unsigned bits; (bits = ready(script)) != 0;) {
        const struct bridge before = script->bridge;
        size_t then = moved(script);
        turn(script, bits);
        bool reported = bits & (BRIDGE_CLIENT_BROKEN | BRIDGE_TARGET_BROKEN);
        bool same = moved(script) == then && memcmp(&before, &script->bridge, sizeof(before)) == 0;
        demand(same && !reported ? "a turn in which nothing happens" : NULL);
    }
}

static uint64_t tick(struct script *script, uint64_t unsent)
{
    struct bridge_unsent held = {.client = unsent, .target = script->target.fake.inside};
    uint64_t due;
    unsigned calls = 0;
    do {
        const struct bridge before = script->bridge;
        due = bridge_time_tick(&script->bridge, &held, &script->times, script->now);
        demand(bridge_check_state(&script->bridge));
        demand(bridge_check_change(&before, &script->bridge));
        wsl_assert(++calls <= 3);
    } while (due != 0 && due <= script->now);
    return due;
}

static bool finish(struct script *script)
{
    run(script);
    for (unsigned i = 0; !bridge_is_done(&script->bridge) && i < TICKS_MAX; i++) {
        uint64_t due = tick(script, script->client.fake.inside);
        script->now = due != 0 ? due : script->now;
        run(script);
    }
    return bridge_is_done(&script->bridge);
}

/* ---- operations ---- */

static void send_frame(struct script *script, struct side *side)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    struct fake *fake = &side->fake;
    uint8_t first = next(script), room[WS_HEADER_MAX], *end = room + sizeof(room);
    size_t length = size_min(next_size(script), script->left);
    if (fake->in_end.status != IO_WANT_READ || fake->in_length + length > SENT_MAX)
        return;
    uint8_t *header = ws_frame_header_before(end, WS_OP_BINARY, length);
    header[0] = first;
    header[1] |= side->masks ? 0x80 : 0;
    fake_send(fake, header, (size_t)(end - header));
    if (side->masks)
        fake_send(fake, mask, sizeof(mask));
    uint8_t *bytes = fake->in + fake->in_length;
    fake_send(fake, script->bytes, length);
    for (size_t i = 0; side->masks && i < length; i++)
        bytes[i] ^= mask[i % sizeof(mask)];
    script->bytes += length;
    script->left -= length;
}

static void send_bytes(struct script *script, struct side *side)
{
    struct fake *fake = &side->fake;
    size_t length = size_min(next_size(script), script->left);
    if (fake->in_end.status != IO_WANT_READ || fake->in_length + length > SENT_MAX)
        return;
    fake_send(fake, script->bytes, length);
    script->bytes += length;
    script->left -= length;
}

/* Frames of a raw side are bytes as any others. */
static void peer_sends(struct script *script, struct side *side, bool garbage)
{
    if (garbage)
        send_bytes(script, side);
    else
        send_frame(script, side);
}

static void end_input(struct script *script, struct side *side, struct io end)
{
    if (side->fake.in_end.status != IO_WANT_READ)
        return;
    side->fake.in_end = end;
    script->lossy = script->lossy || end.status == IO_FAIL;
}

static void end_from_inside(struct script *script)
{
    static const enum reason reasons[] = {REASON_shutdown, REASON_killed, REASON_idle_timeout,
                                          REASON_drained};
    bridge_end(&script->bridge, reasons[next(script) % WSL_COUNT(reasons)], script->now);
    script->lossy = true;
    turn(script, 0);
}

static void pass_time(struct script *script)
{
    script->now += next_size(script) * 10;
    (void)tick(script, script->client.fake.inside + next(script));
    script->lossy = script->lossy || bridge_is_ending(&script->bridge);
}

static void break_one(struct script *script, struct side *side, enum reason reason)
{
    script->lossy = true;
    fake_break(&side->fake, reason);
}

static void operate(struct script *script)
{
    uint8_t operation = next(script);
    struct side *side = operation & 0x80 ? &script->target : &script->client;
    struct fake *fake = &side->fake;
    switch (operation % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        peer_sends(script, side, false);
        return;
    case 4:
        peer_sends(script, side, true);
        return;
    case 5:
        fake->arrived = size_min(fake->arrived + next_size(script), fake->in_length);
        return;
    case 6:
        fake->room += next_size(script);
        return;
    case 7:
        turn(script, ready(script) & next(script));
        return;
    case 8:
    case 9:
        run(script);
        return;
    case 10:
        pass_time(script);
        return;
    case 11:
        fake->read_max = 1 + next_size(script);
        return;
    case 12:
        end_input(script, side, io_status(IO_EOF));
        return;
    case 13:
        break_one(script, side,
                  side == &script->client ? REASON_client_reset : REASON_target_reset);
        return;
    case 14:
        fake->fail_call = fake->calls + 1 + next(script) % 4;
        script->lossy = true;
        return;
    default:
        end_from_inside(script);
        return;
    }
}

/* ---- the model ---- */

static struct ws_transcript sent_by(const struct side *side)
{
    return ws_reference_decode(side->fake.in, side->fake.in_length, side->masks, false);
}

static struct ws_transcript got_by(const struct side *side)
{
    size_t before = size_min(side->before, side->fake.out_length);
    return ws_reference_decode(side->fake.out + before, side->fake.out_length - before,
                               !side->masks, false);
}

/* A ping of the side that the pong answers. */
static bool answers(const struct ws_transcript *sent, const struct ws_occurrence *pong)
{
    for (size_t i = 0; i < sent->event_count; i++) {
        const struct ws_occurrence *ping = &sent->events[i];
        if (ping->event == WS_PING && ping->control_length == pong->control_length &&
            memcmp(ping->control, pong->control, pong->control_length) == 0)
            return true;
    }
    return false;
}

static const struct ws_occurrence *close_of(const struct ws_transcript *transcript)
{
    const struct ws_occurrence *last = transcript->events + transcript->event_count;
    return transcript->event_count > 0 && last[-1].event == WS_CLOSE ? last - 1 : NULL;
}

/* What a side was sent between messages: pongs for its pings, empty pings, at most one Close. */
static void check_events(const struct script *script, const struct side *side,
                         const struct ws_transcript *got)
{
    struct ws_transcript sent = sent_by(side);
    for (size_t i = 0; i < got->event_count; i++) {
        const struct ws_occurrence *event = &got->events[i];
        demand(event->event == WS_VIOLATION ? "a malformed frame" : NULL);
        demand(event->event == WS_PING && event->control_length > 0 ? "a ping passed on" : NULL);
        demand(event->event == WS_PING && !(script->modes & MODE_CLOCKS) ? "an early ping" : NULL);
        demand(event->event == WS_PONG && !answers(&sent, event) ? "a pong for no ping" : NULL);
    }
    const struct ws_occurrence *close = close_of(got);
    size_t end = side->fake.out_length - size_min(side->before, side->fake.out_length);
    demand(close && close->first_shown_in + 1 != end ? "bytes behind a Close" : NULL);
    ws_transcript_free(&sent);
}

/* Messages of a relay: those that are complete, and the one that has begun. */
static void check_messages(const struct ws_transcript *sent, const struct ws_transcript *got,
                           bool all)
{
    demand(got->message_count > sent->message_count ? "more messages than were sent" : NULL);
    for (size_t i = 0; i < got->message_count; i++)
        demand(got->messages[i].opcode != sent->messages[i].opcode ||
                       got->messages[i].end != sent->messages[i].end
                   ? "another message than was sent"
                   : NULL);
    demand(all && got->message_count != sent->message_count ? "a message is lost" : NULL);
}

/* The payload that `to` has got of `from`. `all`: and no byte of it is missing. */
static void check_direction(const struct script *script, const struct side *from,
                            const struct side *to, bool all)
{
    struct ws_transcript sent = {.bad_text_at = SIZE_MAX}, got = {.bad_text_at = SIZE_MAX};
    const struct fake *source = &from->fake, *sink = &to->fake;
    const uint8_t *payload = source->in, *received = sink->out;
    size_t length = source->in_length, count = sink->out_length, limit;
    if (from->end->framed) {
        sent = sent_by(from);
        payload = sent.payload;
        length = sent.payload_length;
    }
    limit = length;
    if (sent.bad_text_at != SIZE_MAX) /* earlier parts of a bad frame may have been sent */
        limit += source->in_length - sent.bad_text_at;
    if (to->end->framed) {
        got = got_by(to);
        received = got.payload;
        count = got.payload_length;
        check_events(script, to, &got);
    }
    demand(count > limit ? "more payload than was sent" : NULL);
    demand(memcmp(received, payload, count) != 0 ? "other payload than was sent" : NULL);
    demand(all && count < length ? "payload is lost" : NULL);
    if (from->end->framed && to->end->framed)
        check_messages(&sent, &got, all);
    for (size_t i = 0; !from->end->framed && i < got.message_count; i++)
        demand(got.messages[i].opcode != WS_OP_BINARY ? "raw bytes as a text" : NULL);
    ws_transcript_free(&sent);
    ws_transcript_free(&got);
}

static bool is_same_close(const struct ws_occurrence *a, const struct ws_occurrence *b)
{
    return a && b && a->control_length == b->control_length &&
           memcmp(a->control, b->control, a->control_length) == 0;
}

/* The first Close comes back with its code, and reaches the other WebSocket as it is. */
static void check_close(const struct side *first, const struct side *other)
{
    struct ws_transcript sent = sent_by(first), back = got_by(first), on = got_by(other);
    const struct ws_occurrence *close = close_of(&sent), *echo = close_of(&back);
    demand(!close || !echo || echo->close_code != close->close_code ? "no echo of a Close" : NULL);
    demand(other->end->framed && !is_same_close(close, close_of(&on)) ? "a Close got lost" : NULL);
    ws_transcript_free(&sent);
    ws_transcript_free(&back);
    ws_transcript_free(&on);
}

/* Ended by a frame of its own: a Close, or a fault. */
static bool ended_first(const struct script *script, const struct side *side)
{
    enum reason reason = script->bridge.reason;
    if (side->end->closed)
        return true;
    if (side == &script->target)
        return reason == REASON_target_frames;
    return side->end->framed && reason == script->bridge.frames.decoder.violation;
}

/* ---- ends ---- */

static void open_taps(struct fake *fake)
{
    fake->arrived = fake->read_max = fake->room = FAKE_NO_LIMIT;
}

/* Both peers read everything and end in order: no deadline is needed, and nothing is lost. */
static void end_in_order(struct script *script)
{
    struct side *client = &script->client, *target = &script->target;
    open_taps(&client->fake);
    open_taps(&target->fake);
    run(script);
    end_input(script, target, io_status(IO_EOF));
    run(script);
    end_input(script, client, io_status(IO_EOF));
    run(script);
    bool all = !script->lossy;
    demand(all && !bridge_is_done(&script->bridge) ? "an orderly end needs a deadline" : NULL);
    check_direction(script, client, target, all && !ended_first(script, target));
    check_direction(script, target, client, all && !ended_first(script, client));
    if (all && client->end->closed)
        check_close(client, target);
    if (all && target->end->closed)
        check_close(target, client);
}

static void end_at_once(struct script *script)
{
    bridge_end(&script->bridge, REASON_shutdown, script->now);
    turn(script, 0);
    demand(finish(script) ? NULL : "an end without end");
    check_direction(script, &script->client, &script->target, false);
    check_direction(script, &script->target, &script->client, false);
}

/* ---- the beginning ---- */

static void fill_keys(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(i * 89 + 1);
}

static void open_side(struct side *side, struct bridge_end *end, bool masks, unsigned sealed)
{
    *side = (struct side){.end = end, .masks = masks};
    fake_init(&side->fake, CAPACITY, CAPACITY);
    side->fake.arrived = side->fake.room = 0;
    side->fake.sealed = sealed != 0;
}

/* As session_connect does. */
static void open_bridge(struct script *script, struct ws_keys *keys)
{
    const struct pair *pair = &pairs[script->modes & MODE_PAIR];
    struct bridge *bridge = &script->bridge;
    struct transport *client = &script->client.fake.transport;
    struct transport *target = &script->target.fake.transport;
    if (pair->client_framed) {
        bridge_init(bridge, client, false, script->now);
        bridge_send_upgrade(bridge, "HTTP", UPGRADE, script->now);
        script->client.before = UPGRADE;
    } else {
        bridge_init_raw(bridge, client, script->now);
    }
    if (!pair->target_framed) {
        bridge_attach(bridge, target, script->now);
        return;
    }
    struct bridge_frames *frames = malloc(sizeof(*frames));
    wsl_assert(frames);
    bridge_frames_init(frames, keys, false);
    bridge_attach_framed(bridge, target, frames, pair->eof, script->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct ws_keys keys = {.fill = fill_keys};
    struct script script = {.bytes = input, .left = size, .now = 1000};
    script.modes = next(&script);
    script.times = (struct bridge_times){.close_timeout = 5000};
    if (script.modes & MODE_CLOCKS)
        script.times = (struct bridge_times){.ping_interval = 300,
                                             .ping_timeout = 150,
                                             .idle_timeout = 900,
                                             .input_timeout = 1100,
                                             .max_duration = 5000,
                                             .close_timeout = 500,
                                             .stall_timeout = 700};
    open_side(&script.client, &script.bridge.client, true, script.modes & MODE_SEALED_CLIENT);
    open_side(&script.target, &script.bridge.target, false, script.modes & MODE_SEALED_TARGET);
    script.client.fake.never_drained = script.target.fake.never_drained =
        (script.modes & MODE_NEVER_DRAINED) != 0;
    script.client.fake.fail_reason = REASON_client_io;
    script.target.fake.fail_reason = REASON_target_io;
    script.client.fake.room = script.target.fake.room = next_size(&script);
    open_bridge(&script, &keys);
    demand(bridge_check_state(&script.bridge));

    while (script.left > 0)
        operate(&script);
    if (script.modes & MODE_ORDERLY_END)
        end_in_order(&script);
    end_at_once(&script);
    demand(bridge_want(&script.bridge) == 0 ? NULL : "a bridge that is done waits");
    bridge_free(&script.bridge);
    fake_free(&script.client.fake);
    fake_free(&script.target.fake);
    return 0;
}
