/*
 * Ducts in memory, and a fake transport's operations for them (fake_transport.h), which keep its
 * rules: bytes leave in order, and no more than there is room for.
 *
 * Owns: the bytes of the ducts, until they are given back. Thread: any. Errors: aborts.
 * Lifetime: zeroed and fake_ducts_init; all must have been given back at the end.
 */
#ifndef WSLUICE_TESTS_FAKE_DUCT_H
#define WSLUICE_TESTS_FAKE_DUCT_H

#include "lib/fake_transport.h"

struct fake_ducts {
    struct ducts ducts;
    size_t most, taken; /* at once */
    bool broken;        /* what a duct holds cannot be read back */
    unsigned fills;     /* reads into a duct */
};

struct fake_duct {
    struct duct duct;
    uint8_t *bytes; /* owned */
    size_t at;      /* the first one that it holds */
};

static inline struct fake_duct *fake_duct_of(struct duct *duct)
{
    return WSL_CONTAINER(duct, struct fake_duct, duct);
}

static inline struct duct *fake_duct_take(struct ducts *ducts)
{
    struct fake_ducts *all = WSL_CONTAINER(ducts, struct fake_ducts, ducts);
    if (all->taken == all->most)
        return NULL;
    struct fake_duct *own = calloc(1, sizeof(*own));
    wsl_assert(own);
    own->duct.from = ducts;
    all->taken++;
    return &own->duct;
}

static inline void fake_duct_give(struct duct *duct)
{
    struct fake_ducts *all = WSL_CONTAINER(duct->from, struct fake_ducts, ducts);
    wsl_assert(all->taken > 0);
    all->taken--;
    free(fake_duct_of(duct)->bytes);
    free(fake_duct_of(duct));
}

static inline bool fake_duct_read(struct duct *duct, uint8_t *bytes)
{
    struct fake_duct *own = fake_duct_of(duct);
    if (WSL_CONTAINER(duct->from, struct fake_ducts, ducts)->broken)
        return false;
    memcpy(bytes, own->bytes + own->at, duct->held);
    own->at += duct->held;
    duct->held = 0;
    return true;
}

static inline void fake_ducts_init(struct fake_ducts *all, size_t most)
{
    *all = (struct fake_ducts){
        .ducts = {.take = fake_duct_take, .give = fake_duct_give, .read = fake_duct_read},
        .most = most,
    };
}

static inline struct io fake_fill(struct transport *transport, struct duct *duct, size_t capacity)
{
    struct fake_duct *own = fake_duct_of(duct);
    wsl_assert(duct->held == 0 && !own->bytes);
    if (fake_of(transport)->no_fill)
        return io_status(IO_WANT_WRITE);
    own->bytes = malloc(capacity);
    wsl_assert(own->bytes);
    struct io io = fake_read(transport, own->bytes, capacity);
    if (io.status == IO_OK)
        duct->held = io.n;
    WSL_CONTAINER(duct->from, struct fake_ducts, ducts)->fills++;
    return io;
}

static inline struct io fake_pour(struct transport *transport, struct duct *duct)
{
    struct fake_duct *own = fake_duct_of(duct);
    struct fake *fake = fake_of(transport);
    wsl_assert(duct->held > 0 && fake->owed_length == 0 && !fake->sealed);
    if (fake->no_pour)
        return io_status(IO_WANT_READ);
    struct io io = fake_write(transport, own->bytes + own->at, duct->held);
    fake->owed_length = 0; /* what is left is offered by the next pour, or read back */
    if (io.status != IO_OK)
        return io;
    own->at += io.n;
    duct->held -= io.n;
    return io;
}

/* Lets it fill and pour ducts. */
static inline void fake_use_ducts(struct fake *fake)
{
    static const struct transport_ops ops = {
        .handshake = fake_ready,
        .read = fake_read,
        .write = fake_write,
        .fill = fake_fill,
        .pour = fake_pour,
        .write_more = fake_write,
        .flush = fake_flush,
        .shutdown = fake_shutdown,
    };
    fake->transport.ops = &ops;
}

#endif
