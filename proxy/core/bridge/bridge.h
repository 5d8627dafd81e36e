/*
 * An upgraded session: WebSocket frames of a client on one side, the bytes of a target on the
 * other, two pipes between them, and the order in which they end.
 *
 *             up: decode, unmask, compact in place
 *      client ------------------------------------> target
 *             <------------------------------------
 *             down: one frame header in front of what was read; pong, ping and Close between frames
 *
 * How it ends. The first reason stays. Each direction then runs dry on its own:
 *
 *      event                    up                         down
 *      target EOF               flows on until the client's Close   ENDING: carry, Close 1000
 *      target broken            BROKEN                     ENDING: carry, Close 1011
 *      client Close             ENDING: carry, FIN         ENDING: carry, Close echoed, FIN
 *      client EOF               ENDING: carry, FIN         flows on until the target's EOF
 *      client violation         ENDING: carry, FIN         ENDING: carry, Close 100x, FIN
 *      client broken            ENDING: carry, FIN         BROKEN
 *      we end it (1001, ...)    flows on until the client's Close   ENDING: carry, Close
 *
 * The client's connection gets our FIN once our Close is out and no more frames can come; it is
 * done when both sides have finished sending and both pipes have ended. What comes too late is
 * dropped.
 *
 * Pure: transports by contract, time as a parameter; runs under tests and fuzzers without sockets.
 *
 * Owns: both pipes' carries. Thread: its worker. Errors: end up in `reason`. Lifetime: bridge_free;
 * the transports are borrowed and must outlive it.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_H

#include "base/metrics.h"
#include "codec/ws/ws_frame.h"
#include "core/bridge/pipe.h"

/* Room in front of the buffer, for a frame header. */
#define BRIDGE_HEADROOM 64
#define BRIDGE_BUFFER   ((size_t)256 * 1024)

/* One per worker, used by one session at a time, never across turns. */
struct bridge_scratch {
    uint8_t headroom[BRIDGE_HEADROOM];
    uint8_t buffer[BRIDGE_BUFFER];
};

/* What descriptors are ready for, and what to wait for. */
enum bridge_ready {
    BRIDGE_CLIENT_READ = 1,
    BRIDGE_CLIENT_WRITE = 2,
    BRIDGE_CLIENT_BROKEN = 4, /* never waited for, only told */
    BRIDGE_TARGET_READ = 8,
    BRIDGE_TARGET_WRITE = 16,
    BRIDGE_TARGET_BROKEN = 32,
};
#define BRIDGE_TARGET_SHIFT 3 /* from the client's bits to the target's */

/*
 * Somebody who looks on: sees each run of payload on its way, and may hold the bridge back. While
 * `full`, neither side is read; whoever clears it makes the next turn with both sides to be read.
 */
struct bridge_payload {
    bool from_client;
    struct slice bytes; /* as it was read, unmasked; empty: what was held back has moved on */
    bool partial;       /* it ends inside a frame of the client */
    bool taken;         /* nothing of it waits for its sink */
};

struct bridge_tap {
    void (*on_payload)(struct bridge_tap *tap, const struct bridge_payload *payload, uint64_t now);
    bool full;
};

struct bridge {
    struct transport *client, *target; /* borrowed; target NULL: none yet, or none any more */
    struct pipe up, down;
    struct ws_decoder decoder;
    bool client_in_done, target_in_done; /* EOF or failure was read */
    bool frames_over;                    /* no further frame of the client counts */
    bool close_sent;                     /* our last frame is out, or in the carry */
    uint8_t slot_length;
    uint8_t slot[2 + WS_CONTROL_MAX]; /* the pong or ping that leaves at the next frame boundary */
    enum reason reason;               /* none while open */
    /* Milliseconds on the caller's clock. */
    uint64_t opened_at, received_at, moved_at;
    uint64_t pinged_at;      /* 0: no ping is unanswered */
    uint64_t ping_out_at;    /* 0: no pong is due whose round trip would tell anything */
    uint32_t round_trip;     /* the last one of a ping, one millisecond more; 0: none is known */
    uint64_t progress_at;    /* while ending: the last time that last bytes moved */
    uint64_t longest_step;   /* while ending: between two moves of bytes that a sink takes */
    struct metrics *metrics; /* borrowed; takes stalls and round trips. NULL: nobody asks */
    struct bridge_tap *tap;  /* borrowed; NULL: nobody looks on */
};

/* The client's side is there; nothing is read before bridge_attach or bridge_end. */
void bridge_init(struct bridge *bridge, struct transport *client, bool refuse_text, uint64_t now);

/* Bytes that go out to the client before any frame: the 101 head. */
void bridge_answer(struct bridge *bridge, const void *bytes, size_t length, uint64_t now);

/* Instead of a session: bytes that are all the client will get, an HTTP refusal; then the end. */
void bridge_refuse(struct bridge *bridge, enum reason reason, const void *bytes, size_t length,
                   uint64_t now);

/*
 * The target is connected: from here on bytes flow. The client may have failed meanwhile; then it
 * ends as if that had happened just afterwards.
 */
void bridge_attach(struct bridge *bridge, struct transport *target, uint64_t now);

/*
 * Frames that came in the same segment as the head; changed in place. Once, before the first turn
 * that reads: after bridge_attach, or after bridge_end when there will be no target.
 */
void bridge_early(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now);

/* Moves what can be moved, given what is ready (bits of bridge_ready). */
void bridge_turn(struct bridge *bridge, struct bridge_scratch *scratch, unsigned ready,
                 uint64_t now);

/* What to wait for, computed anew after each turn. */
unsigned bridge_want(const struct bridge *bridge);

/* Ends it in good order for a reason of ours; idempotent, the first reason stays. */
void bridge_end(struct bridge *bridge, enum reason reason, uint64_t now);

static inline bool bridge_ending(const struct bridge *bridge)
{
    return bridge->reason != REASON_none;
}

/* Nothing is left to do: the transports may be closed. */
bool bridge_done(const struct bridge *bridge);

void bridge_free(struct bridge *bridge);

#endif
