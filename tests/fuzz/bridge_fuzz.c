/*
 * A bridge between two peers. The input decides what they send, how it is cut, how much they take,
 * how time passes, when bytes go through ducts, and what breaks. The invariants of lib/bridge_lab.h
 * hold after every step. At the end the target has received what the reference decoder finds in the
 * client's bytes, and the bridge is done after a bounded number of deadlines.
 *
 * Input: one byte of modes, then operations of one byte each, with the arguments they take.
 */
#include "lib/bridge_lab.h"
#include "lib/fake_duct.h"
#include "lib/ws_reference.h"

enum {
    CAPACITY = 1 << 16,
    SENT_MAX = 1 << 13, /* by each side: a pong or a frame header per byte still fits */
    TICKS_MAX = 8 * 5,  /* per deadline: itself and four ticks before */
};

enum mode {
    MODE_SEALED_CLIENT = 1,
    MODE_SEALED_TARGET = 2,
    MODE_NEVER_DRAINED = 4,
    MODE_REFUSE_TEXT = 8,
    MODE_ORDERLY_END = 16, /* else both peers stop, and only the clock runs */
    MODE_CLOCKS = 32,
};

struct script {
    const uint8_t *bytes;
    size_t left;
    struct lab lab;
    struct fake_ducts ducts;
    bool attached, no_target, ended; /* bridge_end was called */
    bool lossy; /* something failed, or a deadline came: not every byte has to arrive */
};

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

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

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static void client_sends(struct script *script, bool framed)
{
    struct fake *client = &script->lab.client;
    uint8_t first = framed ? next(script) : 0;
    size_t length = at_most(next_size(script), script->left);
    length = at_most(length, SENT_MAX - at_most(client->in_length, SENT_MAX));
    if (client->in_end.status != IO_WANT_READ || client->in_length > SENT_MAX)
        return;
    if (framed)
        lab_frame(&script->lab, first, script->bytes, length);
    else
        fake_send(client, script->bytes, length);
    script->bytes += length;
    script->left -= length;
}

static void target_sends(struct script *script)
{
    struct fake *target = &script->lab.target;
    size_t length = at_most(next_size(script), SENT_MAX - target->in_length);
    if (target->in_end.status != IO_WANT_READ)
        return;
    for (size_t i = 0; i < length; i++)
        target->in[target->in_length + i] = (uint8_t)(target->in_length + i);
    target->in_length += length;
}

static void end_input(struct script *script, struct fake *fake, struct io end)
{
    if (fake->in_end.status != IO_WANT_READ)
        return;
    fake->in_end = end;
    script->lossy = script->lossy || end.status == IO_FAIL;
}

static void attach(struct script *script)
{
    struct lab *lab = &script->lab;
    uint8_t early[SENT_MAX];
    size_t length = at_most(next_size(script), fake_readable(&lab->client));
    if (script->attached || script->no_target)
        return;
    script->attached = true;
    lab_attach(lab);
    memcpy(early, lab->client.in + lab->client.in_at, length);
    lab->client.in_at += length;
    if (length > 0)
        bridge_take_early(&lab->bridge, early, length, lab->now);
}

static void end(struct script *script)
{
    static const enum reason reasons[] = {REASON_shutdown, REASON_target_refused,
                                          REASON_target_timeout, REASON_drained};
    bridge_end(&script->lab.bridge, reasons[next(script) % WSL_COUNT(reasons)], script->lab.now);
    script->ended = true;
    script->no_target = !script->attached;
    script->lossy = script->lossy || script->no_target;
    lab_turn(&script->lab, 0);
}

static void pass_time(struct script *script)
{
    struct lab *lab = &script->lab;
    lab->now += next_size(script) * 10;
    if (script->attached || script->no_target)
        lab_tick(lab, lab->client.inside + next(script));
    script->lossy = script->lossy || bridge_is_ending(&lab->bridge);
}

static void break_one(struct script *script)
{
    script->lossy = true;
    if (next(script) % 2)
        fake_break(&script->lab.client, REASON_client_reset);
    else
        fake_break(&script->lab.target, REASON_target_reset);
}

static void fail_a_call(struct script *script, struct fake *fake)
{
    fake->fail_call = fake->calls + 1 + next(script) % 4;
    script->lossy = true;
}

/* Bulk or not, and what the kernel is able to do. */
static void change_ducts(struct script *script)
{
    struct lab *lab = &script->lab;
    uint8_t how = next(script);
    if (lab->client.sealed || lab->target.sealed)
        return;
    lab->scratch->ducts = how & 1 ? &script->ducts.ducts : NULL;
    lab->target.no_fill = (how & 6) == 2;
    lab->client.no_pour = (how & 24) == 8;
    script->ducts.most = how & 32 ? 1 : 0;
    script->ducts.most += how & 64 ? 0 : 1;
    script->ducts.broken = how >= 128;
    script->lossy = script->lossy || script->ducts.broken;
}

static void operate(struct script *script)
{
    struct lab *lab = &script->lab;
    struct fake *client = &lab->client, *target = &lab->target;
    switch (next(script) % 21) {
    case 0:
        client_sends(script, false);
        return;
    case 1:
    case 2:
        client_sends(script, true);
        return;
    case 3:
    case 4:
        target_sends(script);
        return;
    case 5:
        client->arrived = at_most(client->arrived + next_size(script), client->in_length);
        return;
    case 6:
        target->arrived = at_most(target->arrived + next_size(script), target->in_length);
        return;
    case 7:
        client->room += next_size(script);
        return;
    case 8:
        target->room += next_size(script);
        return;
    case 9:
        lab_turn(lab, lab_ready(lab) & next(script));
        return;
    case 10:
    case 11:
        lab_run(lab);
        return;
    case 12:
        pass_time(script);
        return;
    case 13:
        attach(script);
        return;
    case 14:
        end(script);
        return;
    case 15:
        end_input(script, client, io_status(IO_EOF));
        return;
    case 16:
        end_input(script, target, io_status(IO_EOF));
        return;
    case 17:
        break_one(script);
        return;
    case 18:
        fail_a_call(script, next(script) % 2 ? client : target);
        return;
    case 19:
        client->read_max = target->read_max = 1 + next_size(script);
        return;
    default:
        change_ducts(script);
    }
}

/* The target has a prefix of the client's payload; all of it, if nothing failed. */
static void check_target(const struct script *script, bool refuse_text, bool all)
{
    const struct fake *client = &script->lab.client, *target = &script->lab.target;
    struct ws_transcript reference =
        ws_reference_decode(client->in, client->in_length, true, refuse_text);
    size_t limit = reference.payload_length;
    if (reference.bad_text_at != SIZE_MAX) /* earlier parts of a bad frame may have been sent */
        limit += client->in_length - reference.bad_text_at;
    wsl_assert(target->out_length <= limit);
    wsl_assert(memcmp(target->out, reference.payload, target->out_length) == 0);
    wsl_assert(!all || target->out_length >= reference.payload_length);
    ws_transcript_free(&reference);
}

static void open_taps(struct fake *fake)
{
    fake->arrived = fake->read_max = fake->room = FAKE_NO_LIMIT;
}

/* Both peers read everything and end in order: no deadline is needed. */
static void end_in_order(struct script *script, bool refuse_text)
{
    struct lab *lab = &script->lab;
    open_taps(&lab->client);
    open_taps(&lab->target);
    lab_run(lab);
    end_input(script, &lab->target, io_status(IO_EOF));
    lab_run(lab);
    end_input(script, &lab->client, io_status(IO_EOF));
    lab_run(lab);
    if (!script->lossy)
        wsl_assert(bridge_is_done(&lab->bridge));
    check_target(script, refuse_text, !script->lossy);
    if (!script->lossy && !script->ended && lab->bridge.reason == REASON_client_eof)
        wsl_assert(lab->view.payload == lab->target.in_length);
    bridge_end(&lab->bridge, REASON_shutdown, lab->now);
    lab_turn(lab, 0);
    wsl_assert(lab_finish(lab, TICKS_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static struct bridge_scratch scratch;
    struct script script = {.bytes = input, .left = size};
    struct lab *lab = &script.lab;
    uint8_t modes = next(&script);
    lab_init(lab, &scratch, CAPACITY);
    bridge_init(&lab->bridge, &lab->client.transport, modes & MODE_REFUSE_TEXT, lab->now);
    lab->client.sealed = modes & MODE_SEALED_CLIENT;
    lab->target.sealed = modes & MODE_SEALED_TARGET;
    lab->client.never_drained = lab->target.never_drained = modes & MODE_NEVER_DRAINED;
    lab->client.arrived = lab->target.arrived = 0;
    lab->client.room = lab->target.room = next_size(&script);
    if (modes & MODE_CLOCKS)
        lab->times = (struct bridge_times){.ping_interval = 300,
                                           .ping_timeout = 150,
                                           .idle_timeout = 900,
                                           .input_timeout = 1100,
                                           .max_duration = 5000,
                                           .close_timeout = 500,
                                           .stall_timeout = 700};
    fake_ducts_init(&script.ducts, 1);
    scratch.ducts = NULL;
    if (!lab->client.sealed && !lab->target.sealed) {
        fake_use_ducts(&lab->client);
        fake_use_ducts(&lab->target);
    }
    bridge_send_upgrade(&lab->bridge, "HTTP", 4, lab->now);
    lab->answer_length = 4;

    while (script.left > 0) {
        operate(&script);
        lab_check(lab);
    }
    if (!script.attached && !script.no_target)
        attach(&script);
    if (modes & MODE_ORDERLY_END) {
        end_in_order(&script, modes & MODE_REFUSE_TEXT);
    } else {
        bridge_end(&lab->bridge, REASON_shutdown, lab->now);
        lab_turn(lab, 0);
        wsl_assert(lab_finish(lab, TICKS_MAX));
        check_target(&script, modes & MODE_REFUSE_TEXT, false);
    }
    wsl_assert(bridge_want(&lab->bridge) == 0);
    lab_free(lab);
    wsl_assert(script.ducts.taken == 0);
    return 0;
}
