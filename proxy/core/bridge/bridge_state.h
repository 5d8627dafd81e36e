/*
 * The struct of a bridge (bridge.h), for the modules that make it up, and for those that read it.
 *
 * Owns: see the fields. Thread: the bridge's worker. Errors: none. Lifetime: bridge_init until
 * bridge_free.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_STATE_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_STATE_H

#include "base/metrics.h"
#include "core/bridge/bridge_frames.h"
#include "core/bridge/pipe.h"

/* Room before the buffer, for a frame header. */
#define BRIDGE_HEADROOM 64
#define BRIDGE_BUFFER   ((size_t)256 * 1024)

/* One per worker, zeroed; used by one session at a time, never across turns. */
struct bridge_scratch {
    uint8_t headroom[BRIDGE_HEADROOM];
    uint8_t buffer[BRIDGE_BUFFER];
    struct ducts *ducts; /* for a target that sends in bulk; NULL: its bytes are copied */
    size_t spared; /* bytes of the buffer that a read leaves unused, so that its turn is shorter */
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
 * What an observer is shown: the payload of one read. Between two WebSockets it is shown the frames
 * that leave for the other one, with their headers.
 */
struct bridge_payload {
    bool from_client;
    struct slice bytes; /* as read, unmasked; empty: a part of the carry was sent */
    bool partial;       /* ends inside a frame of the client */
    bool taken;         /* nothing of it is in the carry */
};

/*
 * An observer of the payload, which may block the bridge. While `full` is set, neither side is
 * read; after clearing it, the observer makes a turn in which both sides are read.
 */
struct bridge_tap {
    /* True: it has input of the client's user. */
    bool (*on_payload)(struct bridge_tap *tap, const struct bridge_payload *payload, uint64_t now);
    bool full;
};

/* What a WebSocket target is told when a raw client has sent everything. */
enum bridge_eof {
    BRIDGE_EOF_CLOSE, /* Close 1000 */
    BRIDGE_EOF_FIN,   /* a FIN alone: it may still send */
    BRIDGE_EOF_WAIT,  /* nothing: the session stays open until the target or a limit ends it */
};

struct bridge_end {
    struct transport *transport; /* borrowed; NULL: none yet, or none any more */
    bool framed : 1;             /* WebSocket frames; false: raw bytes */
    bool large_frames : 1;       /* as the last read showed */
    bool in_done : 1;            /* EOF or failure was read */
    bool over : 1;               /* what it sends from now on is dropped */
    bool failed : 1;             /* its connection broke */
    bool said_close : 1;         /* its Close frame has come */
    bool closed : 1;             /* the bridge ends because of that */
    bool close_sent : 1;         /* our last frame is sent, or in the carry */
    bool lingers : 1;            /* it is read to its end, so that it gets all that was sent */
    uint8_t eof;                 /* the target's: enum bridge_eof */
};

struct bridge {
    struct bridge_end client, target;
    struct pipe up, down;
    struct bridge_frames frames; /* the client's, if it is framed */
    struct bridge_frames *far;   /* owned; the target's; NULL: it is raw, or not there */
    enum reason reason;          /* none while open */
    uint32_t longest_step;       /* while ending: the longest time between two moves of a sink */
    /* Milliseconds on the caller's clock. */
    uint64_t opened_at, moved_at;
    uint64_t input_at;       /* last input: any payload of the client, or as the tap says */
    uint64_t progress_at;    /* while ending: when bytes moved last */
    struct metrics *metrics; /* borrowed; for stalls and round trips. NULL: not measured */
    struct bridge_tap *tap;  /* borrowed; NULL: no observer */
};

#endif
