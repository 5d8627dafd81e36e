/*
 * How many descriptors the process may have open, and for what.
 *
 *      limit (RLIMIT_NOFILE)
 *        = process    open all the time: loops, listeners, logs, roots of files, probes
 *        + work       kept free for a reload, a log's rotation, an upgrade
 *        + lookups    names, files and tokens that the thread pool looks up
 *        + attempts   a dial's second and later attempts at once
 *        + operators  connections of operators' listeners, each with a bound of its own
 *        + over_limit connections over a limit that are read, because they may ask for liveness
 *        + clients    all the rest, for connections of clients
 *
 * A client's connection counts as many descriptors as it may need: one for itself, one for its
 * target or its file, one for its recording. So it never lacks one later.
 *
 * If the limit is low each reserve shrinks to its share; one client is always admitted.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: plain values.
 */
#ifndef WSLUICE_CORE_RESOURCES_DESCRIPTORS_H
#define WSLUICE_CORE_RESOURCES_DESCRIPTORS_H

#include "base/base.h"
#include "config/model/config.h"

struct descriptors_host {
    uint64_t limit;
    uint64_t workers, pool_threads;
    uint64_t links; /* to processes from before upgrades */
};

struct descriptors_plan {
    uint64_t process, work, lookups, attempts;
    uint64_t operators;      /* of all operators' listeners together */
    uint64_t operators_each; /* the most for one of them */
    uint64_t over_limit;
    uint64_t clients;
};

/* The connections of one listener. */
struct descriptors_listener {
    bool operators;       /* it serves nothing but health, metrics and status */
    bool over_limit;      /* it serves liveness beside clients, and can do so without TLS */
    uint32_t connection;  /* descriptors that one connection may need */
    uint32_t connections; /* operators: the most at once, if the plan allows; others: 0 */
};

struct descriptors_listener descriptors_listener(const struct config *config, size_t listener);

struct descriptors_plan descriptors_plan(const struct config *config,
                                         const struct descriptors_host *host);

/* How many attempts beyond the first one worker may have under way; the same for every plan. */
uint32_t descriptors_attempts(const struct descriptors_host *host);

/* How many ducts (base/transport.h) one worker may have; likewise. */
uint32_t descriptors_ducts(const struct descriptors_host *host);

/* Attempts of the same kind, of all probes together. */
#define DESCRIPTORS_PROBE_ATTEMPTS 8

#endif
