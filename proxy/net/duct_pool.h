/*
 * Ducts (base/transport.h) made of kernel pipes, for the sessions of one worker that move bulk. A
 * session has one for the time of a turn, or until its client takes what is in it; a few that are
 * free are kept. There is a bound, so that clients that stall do not take the descriptors of
 * others: without a duct, bytes are copied.
 *
 * Owns: the kernel pipes, also those that are taken. Thread: the worker's. Errors: none; no duct.
 * Lifetime: zeroed and duct_pool_open until the last one has been given back and duct_pool_trim.
 */
#ifndef WSLUICE_NET_DUCT_POOL_H
#define WSLUICE_NET_DUCT_POOL_H

#include "base/transport.h"

struct duct_pool {
    struct ducts ducts;
    struct list idle;
    unsigned most, made, idle_count;
};

/* `most`: at once; each takes two descriptors. */
void duct_pool_open(struct duct_pool *pool, unsigned most);

/* Closes those that nobody has: after bulk, and at the end. */
void duct_pool_trim(struct duct_pool *pool);

/* The ends of its kernel pipe, for net/plain. */
int duct_pool_way_in(const struct duct *duct);
int duct_pool_way_out(const struct duct *duct);

#endif
