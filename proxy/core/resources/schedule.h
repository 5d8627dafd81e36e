/*
 * Who is served next on a worker's loop, so that nobody who types waits behind those who download.
 *
 * What becomes ready is of three classes, by what its turns did lately. Interactive: its reads are
 * small and leave nothing behind; the loop serves it at once, and it is never queued here. Bulk: it
 * fills buffers. Opening: a new connection whose handshake is expensive. Bulk and opening have a
 * queue each, and the two take turns, so that neither a crowd of new connections nor a few
 * downloads can take the whole loop.
 *
 * A queue is a deficit round robin: the first one is served a buffer at a time until it has moved
 * its quantum, goes to the end if it has more, and pays back in the next round what it moved beyond
 * that. So sessions whose buffers differ move the same number of bytes.
 *
 * Every operation takes constant time, but for schedule_next: a few steps for each entry that owes.
 * Pure. Owns: nothing; entries are linked in while they wait. Thread: its worker's. Errors: none.
 * Lifetime: plain memory; an entry that is queued must stay until schedule_done has taken it out.
 */
#ifndef WSLUICE_CORE_RESOURCES_SCHEDULE_H
#define WSLUICE_CORE_RESOURCES_SCHEDULE_H

#include "base/base.h"

/* Bytes of one round. */
#define SCHEDULE_QUANTUM (256 * 1024)
/* A turn that moved so much is one of bulk. */
#define SCHEDULE_BULK (32 * 1024)
/* A turn that moved so little, and left nothing, is an interactive one. */
#define SCHEDULE_SMALL (8 * 1024)

enum schedule_class { SCHEDULE_CLASS_INTERACTIVE, SCHEDULE_CLASS_OPENING, SCHEDULE_CLASS_BULK };

struct schedule_entry {
    struct schedule_entry *next; /* while it is queued */
    int32_t credit;              /* what it may still move in this round; negative: it owes */
    uint8_t heat;                /* small turns until it is interactive */
    bool opening;
    bool queued;
};

struct schedule_queue {
    struct schedule_entry *first, *last;
};

struct schedule {
    struct schedule_queue bulk, opening;
    bool openings_turn;
};

static inline enum schedule_class schedule_class(const struct schedule_entry *entry)
{
    if (entry->heat == 0)
        return SCHEDULE_CLASS_INTERACTIVE;
    return entry->opening ? SCHEDULE_CLASS_OPENING : SCHEDULE_CLASS_BULK;
}

/* A new connection with an expensive handshake, until it has had a few small turns. */
void schedule_begin_opening(struct schedule_entry *entry);

/* After a turn of an entry that is not queued: its class from now on. */
void schedule_note(struct schedule_entry *entry, size_t moved, bool more);

/* It is ready. It may be queued already, and stays where it is then. */
void schedule_add(struct schedule *schedule, struct schedule_entry *entry);

static inline bool schedule_has_bulk(const struct schedule *schedule)
{
    return schedule->bulk.first != NULL;
}

/* Whose turn it is; NULL: nobody waits. To be answered with schedule_done. */
struct schedule_entry *schedule_next(struct schedule *schedule);

/*
 * The entry of schedule_next had a turn. It stays queued if it has more; otherwise it may be freed
 * now.
 */
void schedule_done(struct schedule *schedule, struct schedule_entry *entry, size_t moved,
                   bool more);

#endif
