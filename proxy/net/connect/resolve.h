/*
 * Names to addresses, for one loop.
 *
 * getaddrinfo blocks, so it runs in libuv's thread pool (net/connect/lookup.h), and a round trip
 * there costs more than the rest of a handshake. Queries for a name that is being looked up share
 * the answer, and an answer is kept for a second: a burst of handshakes costs one look-up, and a
 * changed name takes effect within a second. Failures are not kept, so the next query may succeed;
 * except for names that the resolver does not answer at all.
 *
 * The happy path: resolve_name returns NULL, and later the query's callback gets the addresses; or
 * it returns an answer that is still kept.
 *
 * What can fail: the name, memory; the answer then has a reason and no addresses.
 *
 * Owns: at most RESOLVE_KEPT answers. Thread: its loop's. Errors: in the answer. Lifetime:
 * resolve_create to resolve_close, after all queries.
 */
#ifndef WSLUICE_NET_CONNECT_RESOLVE_H
#define WSLUICE_NET_CONNECT_RESOLVE_H

#include "net/connect/lookup.h"

#define RESOLVE_KEPT     64
#define RESOLVE_FRESH_MS 1000

/* Part of the caller's struct. */
struct resolve_question {
    struct list link;
    struct resolve_lookup *lookup;
    void (*callback)(struct resolve_question *query, const struct lookup_result *answer);
};

struct resolver;

/* NULL: out of memory. */
WSL_MUST_CHECK struct resolver *resolve_create(const struct work_lane *lane,
                                               struct lookup_table *table);
void resolve_close(struct resolver *resolver); /* NULL is fine */

/*
 * An answer, valid until the resolver is used again. NULL: the callback comes later, never from
 * within this call, with an answer that is valid until the callback returns.
 */
WSL_MUST_CHECK const struct lookup_result *resolve_name(struct resolver *resolver, const char *name,
                                                        const struct lookup_source *origin,
                                                        struct resolve_question *query);

/* The callback of a waiting query will not come. */
void resolve_cancel(struct resolve_question *query);

/* An address has failed: while the answer is kept, it comes last. */
void resolve_demote(struct resolver *resolver, const char *name, const struct addr *address);

#endif
