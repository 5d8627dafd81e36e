/*
 * The contract of a transport: one end of a byte stream, as a table of operations.
 *
 * A transport never calls back and never blocks: every operation returns at once with what it did
 * or with what to wait for. net/plain and net/tls implement it over a socket; tests script it.
 *
 * Owns: what the implementation holds. Thread: the worker that made it.
 * Errors: IO_FAIL carries a reason; after IO_FAIL only close may be called for that direction.
 * Lifetime: close releases everything but the descriptor's watcher, which its owner stops first.
 */
#ifndef WSLUICE_BASE_TRANSPORT_H
#define WSLUICE_BASE_TRANSPORT_H

#include "base/base.h"
#include "base/reason.h"

enum io_status {
    IO_OK,         /* n bytes were moved, or the operation is complete */
    IO_WANT_READ,  /* nothing moved: call again when the descriptor is readable */
    IO_WANT_WRITE, /* nothing moved: call again when the descriptor is writable */
    IO_EOF,        /* read only: the peer has finished sending, in good order */
    IO_FAIL,       /* broken; see reason */
};

/* 16 bytes, so that it travels in two registers. */
struct io {
    size_t n;
    uint8_t status;  /* enum io_status */
    uint8_t blocked; /* write: bytes wait, inside or outside; flush first when writable */
    uint8_t drained; /* read: the source has no more bytes; no second read is needed */
    uint8_t reason;  /* enum reason, with IO_FAIL */
};
_Static_assert(REASON_COUNT <= 256, "a reason fits a byte");

static inline struct io io_status(enum io_status status)
{
    return (struct io){.status = (uint8_t)status};
}

static inline struct io io_fail(enum reason reason)
{
    return (struct io){.status = IO_FAIL, .reason = (uint8_t)reason};
}

/* ---- ducts: bytes on their way to another transport that stay in the kernel ---- */

struct ducts;

struct duct {
    struct ducts *from;
    size_t held; /* bytes */
};

/* Where ducts come from: a few for all sessions of a worker. */
struct ducts {
    struct duct *(*take)(struct ducts *ducts);
    void (*give)(struct duct *duct);
    bool (*read)(struct duct *duct, uint8_t *bytes);
};

/* An empty one; NULL: none is free. */
static inline struct duct *duct_take(struct ducts *ducts)
{
    return ducts->take(ducts);
}

/* Gives it back; bytes that it holds are lost. */
static inline void duct_give(struct duct *duct)
{
    duct->from->give(duct);
}

/* Takes all that it holds out into memory. False: it cannot be read any more. */
static inline bool duct_read(struct duct *duct, uint8_t *bytes)
{
    return duct->from->read(duct, bytes);
}

/* ---- transports ---- */

struct transport;

struct transport_ops {
    /* Until IO_OK: call again as told. A plain transport is ready from the start. */
    struct io (*handshake)(struct transport *t);

    /*
     * Reads at most `capacity` bytes. IO_OK: n >= 1. Nothing that was received stays hidden inside
     * the transport when `drained` is set, so waiting for the descriptor is then correct.
     * A capacity below TRANSPORT_READ_MIN is a bug of the caller: TLS needs room for whole records.
     * Never IO_WANT_WRITE: what a read has to reply waits inside for the next write.
     */
    struct io (*read)(struct transport *t, uint8_t *buffer, size_t capacity);

    /*
     * Takes n of `length` bytes (IO_OK; a plain socket may take a part, TLS takes all or none) or
     * nothing (IO_WANT_WRITE). What is not taken stays the caller's and must be offered again,
     * unchanged and first.
     */
    struct io (*write)(struct transport *t, const uint8_t *buffer, size_t length);

    /*
     * Optional, NULL where bytes must be copied or encrypted: writes n of `length` bytes of a
     * regular file, from `offset` on, as write does. IO_EOF: the file ends before `offset`.
     * IO_WANT_READ: not possible with this file; read it and use write.
     */
    struct io (*send_file)(struct transport *t, int file, uint64_t offset, size_t length);

    /*
     * Optional, NULL where bytes must be copied or encrypted; all three or none. `fill` reads at
     * most `capacity` bytes into an empty duct, as read does; IO_WANT_WRITE: not possible with this
     * source. `pour` writes what the duct holds, as write does; IO_WANT_READ: not possible with
     * this sink. `write_more` is write, and more follows at once.
     */
    struct io (*fill)(struct transport *t, struct duct *duct, size_t capacity);
    struct io (*pour)(struct transport *t, struct duct *duct);
    struct io (*write_more)(struct transport *t, const uint8_t *buffer, size_t length);

    /* Sends what write took and the socket did not. IO_OK: nothing is left inside. */
    struct io (*flush)(struct transport *t);

    /* No more writes will come: FIN, after close_notify where there is one. IO_OK or as write. */
    struct io (*shutdown)(struct transport *t);

    /* Shuts down if the socket takes that at once; closes the descriptor, frees the rest. */
    void (*close)(struct transport *t);
};

struct transport {
    const struct transport_ops *ops;
};

/* The reasons for failed system calls on a connection of the client or the target. */
struct transport_side {
    uint8_t reset, io; /* enum reason */
};
extern const struct transport_side transport_client, transport_target;

/* The reason for the errno of a recv or send. */
enum reason transport_reason(const struct transport_side *side, int error);

#define TRANSPORT_READ_MIN ((size_t)20 * 1024)

static inline struct io transport_handshake(struct transport *t)
{
    return t->ops->handshake(t);
}

static inline struct io transport_read(struct transport *t, uint8_t *buffer, size_t capacity)
{
    return t->ops->read(t, buffer, capacity);
}

static inline struct io transport_write(struct transport *t, const uint8_t *buffer, size_t length)
{
    return t->ops->write(t, buffer, length);
}

static inline bool transport_sends_files(const struct transport *t)
{
    return t->ops->send_file != NULL;
}

static inline struct io transport_send_file(struct transport *t, int file, uint64_t offset,
                                            size_t length)
{
    return t->ops->send_file(t, file, offset, length);
}

static inline bool transport_takes_ducts(const struct transport *t)
{
    return t->ops->fill != NULL;
}

static inline struct io transport_fill(struct transport *t, struct duct *duct, size_t capacity)
{
    return t->ops->fill(t, duct, capacity);
}

static inline struct io transport_pour(struct transport *t, struct duct *duct)
{
    return t->ops->pour(t, duct);
}

static inline struct io transport_write_more(struct transport *t, const uint8_t *buffer,
                                             size_t length)
{
    return t->ops->write_more(t, buffer, length);
}

static inline struct io transport_flush(struct transport *t)
{
    return t->ops->flush(t);
}

/*
 * Sends what is left of `bytes` from *sent on; both begin as zero. *blocked: all was taken, and
 * some of it is still inside. IO_OK: nothing is left, outside or inside. IO_WANT_WRITE: call again.
 */
struct io transport_send(struct transport *t, struct slice bytes, size_t *sent, bool *blocked);

static inline struct io transport_shutdown(struct transport *t)
{
    return t->ops->shutdown(t);
}

static inline void transport_close(struct transport *t)
{
    t->ops->close(t);
}

#endif
