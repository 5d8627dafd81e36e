/*
 * Names to addresses, for one loop.
 *
 * getaddrinfo blocks, so it runs in libuv's thread pool (net/connect/lookup.h); a round trip there
 * costs more than all the rest of a handshake. Queries for a name that is being looked up wait for
 * the same answer, and an answer is good for a second: a crowd of handshakes costs one look-up, and
 * a name that changes is seen at once by human measure. Failures are not kept, so the next query
 * may be the one that succeeds; except for names that the resolver does not answer at all.
 *
 * The happy path: resolve returns NULL, and later the query's callback has the addresses; or it
 * returns what is known already.
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

/* A place in the queue, inside the caller's own struct. */
struct resolve_query {
    struct list link;
    struct resolve_lookup *lookup;
    void (*callback)(struct resolve_query *query, const struct lookup_answer *answer);
};

struct resolver;

/* NULL: out of memory. */
WSL_MUST_CHECK struct resolver *resolve_create(const struct work_lane *lane,
                                               struct lookup_table *table);
void resolve_close(struct resolver *resolver); /* NULL is fine */

/*
 * An answer, which is valid until the resolver is used again; or NULL: the callback will come,
 * never from within this call, with an answer that is valid until it returns.
 */
WSL_MUST_CHECK const struct lookup_answer *resolve_name(struct resolver *resolver, const char *name,
                                                        const struct lookup_origin *origin,
                                                        struct resolve_query *query);

/* A query that waits: its callback will not come. */
void resolve_cancel(struct resolve_query *query);

/* An address did not work: later answers for the name, while this one is fresh, have it last. */
void resolve_demote(struct resolver *resolver, const char *name, const struct addr *address);

#endif
