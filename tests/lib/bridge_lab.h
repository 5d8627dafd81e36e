/*
 * A bridge between two fake transports, turned as a level-triggered loop would turn it. Checked
 * after every step: the bytes that reach target and client, the size of the carry, and that no turn
 * is wanted in which nothing happens.
 *
 * Owns: both fakes and the bridge, until lab_free. Thread: any. Errors: aborts. Lifetime: see Owns.
 */
#ifndef WSLUICE_TESTS_BRIDGE_LAB_H
#define WSLUICE_TESTS_BRIDGE_LAB_H

#include "core/bridge/bridge_check.h"
#include "core/bridge/bridge_time.h"
#include "lib/fake_transport.h"

/* The frames that the client has decoded. */
struct lab_view {
    size_t at;      /* in client.out: where the unfinished frame begins */
    size_t payload; /* of binary frames */
    unsigned pings, pongs, data_frames;
    bool closed;
    uint16_t close_code;
    uint8_t control[WS_CONTROL_MAX]; /* of the last control frame */
    uint8_t control_length;
};

struct lab {
    struct fake client, target;
    struct bridge bridge;
    struct bridge_scratch *scratch;
    struct bridge_times times;
    uint64_t now;
    size_t answer_length; /* bytes to the client before its first frame */
    struct lab_view view;
    bool client_break_reported, target_break_reported; /* a watch reports a break once */
};

static inline void lab_init(struct lab *lab, struct bridge_scratch *scratch, size_t capacity)
{
    *lab = (struct lab){.scratch = scratch, .now = 1000, .times = {.close_timeout = 5000}};
    fake_init(&lab->client, capacity, 2 * capacity);
    fake_init(&lab->target, capacity, capacity);
    lab->client.fail_reason = REASON_client_io;
    lab->target.fail_reason = REASON_target_io;
    bridge_init(&lab->bridge, &lab->client.transport, false, lab->now);
}

static inline void lab_attach(struct lab *lab)
{
    bridge_attach(&lab->bridge, &lab->target.transport, lab->now);
}

static inline void lab_free(struct lab *lab)
{
    bridge_free(&lab->bridge);
    fake_free(&lab->client);
    fake_free(&lab->target);
}

/* ---- what the client sends ---- */

static inline void lab_frame(struct lab *lab, uint8_t first, const void *payload, size_t length)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    struct fake *client = &lab->client;
    uint8_t room[WS_HEADER_MAX], *end = room + sizeof(room);
    uint8_t *header = ws_frame_header_before(end, WS_OP_BINARY, length);
    header[0] = first;
    header[1] |= 0x80;
    fake_send(client, header, (size_t)(end - header));
    fake_send(client, mask, 4);
    uint8_t *bytes = client->in + client->in_length;
    fake_send(client, payload, length);
    for (size_t i = 0; i < length; i++)
        bytes[i] ^= mask[i % 4];
}

static inline void lab_binary(struct lab *lab, const char *text)
{
    lab_frame(lab, 0x82, text, strlen(text));
}

/* ---- what the client receives ---- */

/* One frame of the bridge, RFC 6455 section 5: unmasked, minimal. False: not whole yet. */
static inline bool lab_view_frame(struct lab *lab)
{
    struct lab_view *view = &lab->view;
    const uint8_t *frame = lab->client.out + view->at;
    size_t have = lab->client.out_length - view->at;
    if (have < 2)
        return false;
    wsl_assert(!view->closed); /* nothing follows a Close */
    wsl_assert(frame[0] == 0x82 || frame[0] == 0x88 || frame[0] == 0x89 || frame[0] == 0x8A);
    size_t header = frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10, length = 0;
    wsl_assert(frame[1] <= 127);
    if (have < header)
        return false;
    for (size_t i = 2; i < header; i++)
        length = length << 8 | frame[i];
    length = header == 2 ? frame[1] : length;
    wsl_assert((header == 2) == (length < 126) && (header == 10) == (length > 65535));

    const uint8_t *payload = frame + header;
    size_t there = have - header < length ? have - header : length;
    if (frame[0] == 0x82) {
        wsl_assert(length > 0 && view->payload + there <= lab->target.in_at);
        wsl_assert(memcmp(payload, lab->target.in + view->payload, there) == 0);
    } else {
        wsl_assert(length <= WS_CONTROL_MAX);
    }
    if (there < length)
        return false;
    view->at += header + length;
    if (frame[0] == 0x82) {
        view->payload += length;
        view->data_frames++;
        return true;
    }
    view->control_length = (uint8_t)length;
    memcpy(view->control, payload, length);
    view->pings += frame[0] == 0x89;
    view->pongs += frame[0] == 0x8A;
    if (frame[0] == 0x88) {
        wsl_assert(length != 1);
        view->closed = true;
        view->close_code = length ? (uint16_t)(payload[0] << 8 | payload[1]) : 0;
    }
    return true;
}

static inline void lab_abort_if(const char *broken)
{
    if (!broken)
        return;
    fprintf(stderr, "an invariant of the bridge fails: %s\n", broken);
    abort();
}

/* The invariants between two calls. */
static inline void lab_check(struct lab *lab)
{
    const struct bridge *bridge = &lab->bridge;
    lab_abort_if(bridge_check_state(bridge));
    wsl_assert(bridge->up.carry_length <= BRIDGE_BUFFER);
    wsl_assert(bridge->down.carry_length <= BRIDGE_BUFFER + WS_HEADER_MAX);
    if (lab->view.at < lab->answer_length)
        lab->view.at = lab->answer_length;
    while (lab->client.out_length >= lab->view.at && lab_view_frame(lab))
        ;
    wsl_assert(!lab->client.is_shut || bridge->client.close_sent);
    wsl_assert(bridge_is_ending(bridge) || !pipe_is_finished(&bridge->down));
    wsl_assert(!bridge_is_done(bridge) || bridge_is_ending(bridge));
}

/* ---- turning ---- */

static inline unsigned lab_ready(struct lab *lab)
{
    unsigned ready = 0;
    ready |= fake_is_readable(&lab->client) ? BRIDGE_CLIENT_READ : 0;
    ready |= fake_is_writable(&lab->client) ? BRIDGE_CLIENT_WRITE : 0;
    ready |= fake_is_readable(&lab->target) ? BRIDGE_TARGET_READ : 0;
    ready |= fake_is_writable(&lab->target) ? BRIDGE_TARGET_WRITE : 0;
    ready &= bridge_want(&lab->bridge);
    if (lab->client.broken != REASON_none && !lab->client_break_reported) {
        lab->client_break_reported = true;
        ready |= BRIDGE_CLIENT_BROKEN;
    }
    if (lab->target.broken != REASON_none && !lab->target_break_reported) {
        lab->target_break_reported = true;
        ready |= BRIDGE_TARGET_BROKEN;
    }
    return ready;
}

static inline unsigned lab_turn(struct lab *lab, unsigned ready)
{
    const struct bridge before = lab->bridge;
    unsigned more = bridge_turn(&lab->bridge, lab->scratch, ready, lab->now);
    lab_check(lab);
    lab_abort_if(bridge_check_change(&before, &lab->bridge));
    lab_abort_if(bridge_check_settled(&lab->bridge));
    return more;
}

/* Turns until nothing wanted is ready. A turn that changes nothing is a busy loop. */
static inline void lab_run(struct lab *lab)
{
    for (unsigned ready; (ready = lab_ready(lab)) != 0;) {
        struct bridge before = lab->bridge;
        size_t moved =
            lab->client.in_at + lab->target.in_at + lab->client.out_length + lab->target.out_length;
        size_t inside = lab->client.inside + lab->target.inside;
        bool over = lab->client.in_over, target_over = lab->target.in_over;
        lab_turn(lab, ready);
        bool reported = ready & (BRIDGE_CLIENT_BROKEN | BRIDGE_TARGET_BROKEN);
        bool same = moved == lab->client.in_at + lab->target.in_at + lab->client.out_length +
                                 lab->target.out_length &&
                    inside == lab->client.inside + lab->target.inside &&
                    over == lab->client.in_over && target_over == lab->target.in_over &&
                    memcmp(&before, &lab->bridge, sizeof(before)) == 0;
        wsl_assert(reported || !same);
    }
}

/* What the timer does: ticks until nothing is due now. */
static inline uint64_t lab_tick(struct lab *lab, uint64_t unsent)
{
    struct bridge_unsent held = {.client = unsent, .target = lab->target.inside};
    uint64_t next;
    unsigned calls = 0;
    do {
        const struct bridge before = lab->bridge;
        next = bridge_time_tick(&lab->bridge, &held, &lab->times, lab->now);
        lab_check(lab);
        lab_abort_if(bridge_check_change(&before, &lab->bridge));
        wsl_assert(++calls <= 3);
    } while (next != 0 && next <= lab->now);
    return next;
}

/* Runs from deadline to deadline; false: not done after `limit` ticks. */
static inline bool lab_finish(struct lab *lab, unsigned limit)
{
    lab_run(lab);
    for (unsigned i = 0; !bridge_is_done(&lab->bridge) && i < limit; i++) {
        uint64_t next = lab_tick(lab, lab->client.inside);
        if (next != 0)
            lab->now = next;
        lab_run(lab);
    }
    return bridge_is_done(&lab->bridge);
}

#endif
