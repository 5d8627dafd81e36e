/*
 * The links between the processes of an upgrade (serve/status/predecessors.h), as a successor
 * inherits them: WSLUICE_LINKS has a line "FD PID VERSION" for each predecessor, and
 * WSLUICE_GENERATION is the successor's, for the ids of its sessions.
 *
 * Owns: descriptors of an offer until it is taken or withdrawn. Thread: the main one. Errors: an
 * upgrade without links; the sessions of the old process are then not seen.
 * Lifetime: links_offer to links_close_given and links_withdraw.
 */
#ifndef WSLUICE_RUN_CHANGE_LINKS_H
#define WSLUICE_RUN_CHANGE_LINKS_H

#include "serve/status/predecessors.h"

/* Variables of a successor. */
#define LINKS_LIST       "WSLUICE_LINKS"
#define LINKS_GENERATION "WSLUICE_GENERATION"

enum { LINKS_MAX = PROCESS_FACTS_PREDECESSORS };

struct links_offer {
    int own; /* this process's end of the new link; -1: none */
    int given[LINKS_MAX];
    size_t count;
    char generation[40];
    char *list; /* owned; NULL: out of memory */
};

void links_offer(struct links_offer *offer, struct predecessors *predecessors, unsigned generation);

/* The successor has its copies, or will have none. */
void links_close_given(struct links_offer *offer);

/* The end of the new link; the caller's from now on. -1: none. */
int links_take(struct links_offer *offer);

/* The upgrade has failed. */
void links_withdraw(struct links_offer *offer);

/* Takes the links that a successor has inherited, and removes the variable in any case. */
void links_inherit(struct predecessors *predecessors, bool is_successor);

/* The generation of this process, whose variable it removes. */
unsigned links_generation(bool is_successor);

#endif
