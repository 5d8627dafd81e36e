/*
 * The process's look-ups of names: one per name at a time, for all loops.
 *
 *      loops' resolvers          table of look-ups, by name             pool
 *      "desk" ----+
 *      "desk" ----+------------> desk: waits for a share, or runs ----> getaddrinfo
 *      "lab"  -----------------> lab
 *
 * Hosts made of a request have a smaller share of the pool than configured ones
 * (core/resources/work_share), and each client a part of that. A name that both need is looked up
 * as configured. A look-up without questions does not start; one that runs cannot be cancelled.
 * While it hangs, and for some time after it has failed, new questions fail at once
 * (core/resources/name_hangs).
 *
 * Owns: look-ups. Thread: a question belongs to one loop; the table has a lock. Errors: in the
 * answer. Lifetime: the table outlives the loops.
 */
#ifndef WSLUICE_NET_CONNECT_LOOKUP_H
#define WSLUICE_NET_CONNECT_LOOKUP_H

#include "base/reason.h"
#include "base/siphash.h"
#include "net/addr.h"
#include "net/work.h"

#define LOOKUP_ADDRESSES 16

struct lookup_result {
    enum reason reason;  /* none: there are addresses */
    const char *failure; /* the system's words; static */
    uint8_t count;
    struct addr addresses[LOOKUP_ADDRESSES]; /* port 0; in the order to try (RFC 8305) */
};

struct lookup_source {
    bool requested;  /* the name was made of a request */
    uint64_t client; /* its client; 0: unknown */
};

struct lookup_table;
struct lookup;

struct lookup_question {
    struct list link;
    struct lookup *lookup; /* NULL: answered */
    const struct work_lane *lane;
    struct mailbox_post post;
    void (*callback)(struct lookup_question *question); /* `answer` is filled */
    struct lookup_result answer;
};

WSL_MUST_CHECK struct lookup_table *lookup_table_create(void); /* NULL: out of memory */
void lookup_table_free(struct lookup_table *table);            /* NULL is fine */

/* Random; the loops' own tables use it too. Lives as long as the table. */
const struct siphash_seed *lookup_table_seed(const struct lookup_table *table);

/* True: answered at once. False: the callback comes later, never from within this call. */
WSL_MUST_CHECK bool lookup_start(struct lookup_table *table, const struct work_lane *lane,
                                 struct lookup_question *question, const char *name,
                                 const struct lookup_source *origin);

/* One more query of this loop waits for the question. False: the name hangs; *answer says so. */
WSL_MUST_CHECK bool lookup_join(struct lookup_table *table, struct lookup_question *question,
                                const struct lookup_source *origin, struct lookup_result *answer);

/* The callback of a waiting question will not come. */
void lookup_cancel(struct lookup_table *table, struct lookup_question *question);

#endif
