/*
 * The process's look-ups of names: one for a name at a time, however many loops ask.
 *
 *      loops' resolvers          table of look-ups, by name             pool
 *      ask "desk" ----+
 *      ask "desk" ----+--------> desk: waits for a share, or runs ----> getaddrinfo
 *      ask "lab"  -------------> lab
 *
 * Hosts made of a request have a smaller share of the pool than configured ones (core/work_share),
 * and a client only a part of that. A name that is wanted by both is looked up as configured. A
 * look-up that nobody waits for any more does not start; one that runs cannot be taken back. While
 * it hangs, and for a while after it has failed, asking again fails at once (core/name_hangs).
 *
 * Owns: look-ups. Thread: a question belongs to the loop that asks; the table has a lock. Errors:
 * in the answer. Lifetime: the table outlives the loops.
 */
#ifndef WSLUICE_NET_CONNECT_LOOKUP_H
#define WSLUICE_NET_CONNECT_LOOKUP_H

#include "base/reason.h"
#include "base/siphash.h"
#include "net/addr.h"
#include "net/work.h"

#define LOOKUP_ADDRESSES 16

struct lookup_answer {
    enum reason reason;  /* none: there are addresses */
    const char *failure; /* the system's words; static */
    uint8_t count;
    struct addr addresses[LOOKUP_ADDRESSES]; /* port 0; in the order to try (RFC 8305) */
};

/* Who wants to know. */
struct lookup_origin {
    bool requested;  /* the name was made of a request */
    uint64_t client; /* whose; 0: not known */
};

struct lookup_table;
struct lookup;

struct lookup_question {
    struct list link;
    struct lookup *lookup; /* NULL: answered */
    const struct work_lane *lane;
    struct mailbox_post post;
    void (*callback)(struct lookup_question *question); /* the answer is there */
    struct lookup_answer answer;
};

WSL_MUST_CHECK struct lookup_table *lookup_table_create(void); /* NULL: out of memory */
void lookup_table_free(struct lookup_table *table);            /* NULL is fine */

/* Random; for the loops' own tables of names. Lives as long as the table. */
const struct siphash_seed *lookup_table_seed(const struct lookup_table *table);

/* True: answered at once. False: the callback comes later, never from within this call. */
WSL_MUST_CHECK bool lookup_start(struct lookup_table *table, const struct work_lane *lane,
                                 struct lookup_question *question, const char *name,
                                 const struct lookup_origin *origin);

/*
 * Somebody else of this loop would wait for a question's answer. False: the name hangs, and *answer
 * says so.
 */
WSL_MUST_CHECK bool lookup_join(struct lookup_table *table, struct lookup_question *question,
                                const struct lookup_origin *origin, struct lookup_answer *answer);

/* One that waits: its callback will not come. */
void lookup_cancel(struct lookup_table *table, struct lookup_question *question);

#endif
