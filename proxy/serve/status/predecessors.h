/*
 * The processes that upgrades have replaced and that still have sessions, as their successor sees
 * them: it asks each over its link (core/status/link_message.h).
 *
 *     worker                       main thread                              predecessors
 *     predecessors_ask ----------> a packet to each ----------------------> link_server
 *     done <---------------------- all have answered, or a second has  <----
 *                                  passed
 *
 * A predecessor that does not answer in time (it is stopped, or the machine is busy) is silent:
 * nobody asks it until it answers what it was asked before.
 *
 * Owns: the links. Thread: the main one, but for predecessors_ask and its callback, which are the
 * asker's. Errors: NULL or false: out of memory. Lifetime: predecessors_create to
 * predecessors_free; a link until its process ends.
 */
#ifndef WSLUICE_SERVE_STATUS_PREDECESSORS_H
#define WSLUICE_SERVE_STATUS_PREDECESSORS_H

#include "core/status/link_message.h"
#include "net/watch.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_env.h"

struct predecessors;

/* `mailbox`: of the main thread. `emptied`: the last one has ended. */
WSL_MUST_CHECK struct predecessors *predecessors_create(struct watch_set *watches,
                                                        struct mailbox *mailbox,
                                                        struct process_facts *process,
                                                        void (*emptied)(void *owner), void *owner);

/* Closes the links: the processes go on, and nobody can ask them. */
void predecessors_close(struct predecessors *predecessors);

/* After the loop has ended. NULL is fine. */
void predecessors_free(struct predecessors *predecessors);

/* Takes a link over. False: it is closed. */
bool predecessors_add(struct predecessors *predecessors, int fd, uint64_t pid, const char *version);

size_t predecessors_count(const struct predecessors *predecessors);

/* Tells all: LINK_MESSAGE_DRAIN or LINK_MESSAGE_END. */
void predecessors_tell(struct predecessors *predecessors, enum link_message_verb verb);

/* Asks for the numbers that process_facts has; called from time to time. */
void predecessors_refresh(struct predecessors *predecessors);

/* What a successor gets of one of them. */
struct predecessors_link {
    int fd; /* the new link's end; the caller closes it */
    uint64_t pid;
    char version[32];
};

/* Opens a new link to each, for a successor. Returns how many. */
size_t predecessors_link_on(struct predecessors *predecessors,
                            struct predecessors_link links[PROCESS_FACTS_PREDECESSORS]);

struct predecessors_answer {
    bool answering;
    struct link_message_facts facts; /* not answering: as it last answered */
    struct slice rows;               /* of a list: its sessions, a line each (link_row.h) */
};

/* The answers are borrowed. */
typedef void predecessors_done_fn(void *owner, const struct predecessors_answer *answers,
                                  size_t count);

/* Asks all: LINK_MESSAGE_LIST or LINK_MESSAGE_KILL. `query` is copied. */
WSL_MUST_CHECK bool predecessors_ask(struct session_env *env, enum link_message_verb verb,
                                     const char *query, predecessors_done_fn *done, void *owner);

#endif
