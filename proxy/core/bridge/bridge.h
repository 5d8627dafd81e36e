/*
 * An upgraded session: the WebSocket frames of a client, the bytes of a target, two pipes between
 * them, and the order in which they end.
 *
 *             up: decode, unmask, compact in place
 *      client ------------------------------------> target
 *             <------------------------------------
 *             down: a frame header before each read; pong, ping and Close between frames
 *
 * How it ends. The first reason stays. Each direction then ends on its own:
 *
 *      event                  up                              down
 *      target EOF             flows until the client's Close  ENDING: carry, Close 1000
 *      target broken          BROKEN                          ENDING: carry, Close 1011
 *      client Close           ENDING: carry, FIN              ENDING: carry, Close echoed, FIN
 *      client EOF             ENDING: carry, FIN              flows until the target's EOF
 *      client violation       ENDING: carry, FIN              ENDING: carry, Close 100x, FIN
 *      client broken          ENDING: carry, FIN              BROKEN
 *      we end it (1001, ...)  flows until the client's Close  ENDING: carry, Close
 *
 * The client gets our FIN after our Close, once it can send no more frames. The bridge is done when
 * both sides have finished sending and both pipes have ended. Bytes that come too late are dropped.
 *
 * Pure: uses transports only by their contract, and time is a parameter, so it runs under tests and
 * fuzzers without sockets.
 *
 * Owns: both pipes' carries. Thread: its worker. Errors: end up in `reason`. Lifetime: bridge_free;
 * the transports are borrowed and must outlive it.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_H

#include "base/metrics.h"
#include "codec/ws/ws_frame.h"
#include "core/bridge/pipe.h"

/* Room before the buffer, for a frame header. */
#define BRIDGE_HEADROOM 64
#define BRIDGE_BUFFER   ((size_t)256 * 1024)

/* One per worker, used by one session at a time, never across turns. */
struct bridge_scratch {
    uint8_t headroom[BRIDGE_HEADROOM];
    uint8_t buffer[BRIDGE_BUFFER];
};

/* Readiness of the descriptors, and what to wait for. */
enum bridge_ready {
    BRIDGE_CLIENT_READ = 1,
    BRIDGE_CLIENT_WRITE = 2,
    BRIDGE_CLIENT_BROKEN = 4, /* reported without being asked for */
    BRIDGE_TARGET_READ = 8,
    BRIDGE_TARGET_WRITE = 16,
    BRIDGE_TARGET_BROKEN = 32,
};
#define BRIDGE_TARGET_SHIFT 3 /* from the client's bits to the target's */

/*
 * An observer of the payload, which may block the bridge. While `full` is set, neither side is
 * read; after clearing it, the observer makes a turn in which both sides are read.
 */
struct bridge_payload {
    bool from_client;
    struct slice bytes; /* as read, unmasked; empty: a part of the carry was sent */
    bool partial;       /* ends inside a frame of the client */
    bool taken;         /* nothing of it is in the carry */
};

struct bridge_tap {
    /* True: it has input of the client's user. */
    bool (*on_payload)(struct bridge_tap *tap, const struct bridge_payload *payload, uint64_t now);
    bool full;
};

struct bridge {
    struct transport *client, *target; /* borrowed; target NULL: none yet, or none any more */
    struct pipe up, down;
    struct ws_decoder decoder;
    bool client_in_done, target_in_done; /* EOF or failure was read */
    bool frames_over;                    /* later frames of the client are ignored */
    bool close_sent;                     /* our last frame is sent, or in the carry */
    uint8_t slot_length;
    uint8_t slot[2 + WS_CONTROL_MAX]; /* the pong or ping to send at the next frame boundary */
    enum reason reason;               /* none while open */
    /* Milliseconds on the caller's clock. */
    uint64_t opened_at, received_at, moved_at;
    uint64_t input_at;       /* last input: any payload of the client, or as the tap says */
    uint64_t pinged_at;      /* 0: no ping is unanswered */
    uint64_t ping_out_at;    /* 0: no pong is due whose round trip can be measured */
    uint32_t round_trip;     /* of the last ping, plus one millisecond; 0: unknown */
    uint64_t progress_at;    /* while ending: when bytes moved last */
    uint64_t longest_step;   /* while ending: the longest time between two moves of a sink */
    struct metrics *metrics; /* borrowed; for stalls and round trips. NULL: not measured */
    struct bridge_tap *tap;  /* borrowed; NULL: no observer */
};

/* With the client's side alone; nothing is read before bridge_attach or bridge_end. */
void bridge_init(struct bridge *bridge, struct transport *client, bool refuse_text, uint64_t now);

/* Sends bytes before any frame: the 101 head. */
void bridge_send_upgrade(struct bridge *bridge, const void *bytes, size_t length, uint64_t now);

/*
 * The target is connected; bytes flow. If the client has failed meanwhile, the bridge ends as if
 * that happened now.
 */
void bridge_attach(struct bridge *bridge, struct transport *target, uint64_t now);

/*
 * Takes frames that came with the request's head; changes them in place. Once, before the first
 * turn that reads: after bridge_attach, or after bridge_end if there is no target.
 */
void bridge_take_early(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now);

/* Moves what can be moved; `ready` has bits of bridge_ready. */
void bridge_turn(struct bridge *bridge, struct bridge_scratch *scratch, unsigned ready,
                 uint64_t now);

/* What to wait for, computed anew after each turn. */
unsigned bridge_want(const struct bridge *bridge);

/* Ends the session in good order for a reason of wsluice; idempotent, the first reason stays. */
void bridge_end(struct bridge *bridge, enum reason reason, uint64_t now);

static inline bool bridge_is_ending(const struct bridge *bridge)
{
    return bridge->reason != REASON_none;
}

/* Nothing is left to do: the transports may be closed. */
bool bridge_is_done(const struct bridge *bridge);

void bridge_free(struct bridge *bridge);

#endif
