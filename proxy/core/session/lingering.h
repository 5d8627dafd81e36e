/*
 * The lingering close of an HTTP connection (RFC 9112 section 9.6): last bytes go out, then FIN;
 * what the client still sends is read and dropped until it has finished, too. Closing at once would
 * make the kernel answer unread bytes with a reset, which can destroy the answer before the client
 * has read it.
 *
 *      begin --> bytes out --> FIN out --> client's FIN --> done
 *                   |             |
 *                   +-------------+--> client broken, or nothing moves in time --> done
 *
 * The deadline is close_timeout from the beginning; last bytes that move put it off, so that
 * a slow but steady reader gets them all (core/bridge/pace.h).
 *
 * Pure: a transport by contract, time as a parameter. Owns: what the transport did not take.
 * Thread: its worker. Errors: none: a client that fails is done with. Lifetime: zeroed is none;
 * lingering_free. The transport is borrowed and must outlive it.
 */
#ifndef WSLUICE_CORE_SESSION_LINGERING_H
#define WSLUICE_CORE_SESSION_LINGERING_H

#include "core/bridge/pipe.h"

/* What the descriptor is ready for, and what to wait for. */
enum lingering_ready {
    LINGERING_READ = 1,
    LINGERING_WRITE = 2,
    LINGERING_BROKEN = 4, /* never waited for, only told */
};

struct lingering {
    struct transport *client; /* borrowed; NULL: it has not begun */
    struct pipe out;
    enum reason reason; /* why the connection ends; for the caller */
    bool client_done;   /* its EOF or failure was read */
    uint64_t progress_at;
    uint64_t longest_step; /* between two moves of bytes that the client takes */
};

struct lingering_times {
    uint32_t close_timeout, stall_timeout; /* milliseconds */
};

/* `bytes` may be empty: then what the transport and the kernel hold are the last ones. */
void lingering_begin(struct lingering *lingering, struct transport *client, enum reason reason,
                     const void *bytes, size_t length, uint64_t now);

/* Moves what can be moved, given what is ready. */
void lingering_turn(struct lingering *lingering, uint8_t scratch[static TRANSPORT_READ_MIN],
                    unsigned ready, uint64_t now);

unsigned lingering_want(const struct lingering *lingering);

/*
 * A deadline has passed. `unsent`: bytes that the kernel holds for the client. Returns when to call
 * again; 0: it is done.
 */
WSL_MUST_CHECK uint64_t lingering_tick(struct lingering *lingering, uint64_t unsent,
                                       const struct lingering_times *times, uint64_t now);

/* The connection may be closed. */
bool lingering_is_done(const struct lingering *lingering);

void lingering_free(struct lingering *lingering);

#endif
