#include "core/resources/schedule.h"

/* Small turns in a row until a session is interactive again. */
#define HEAT_OF_BULK    4
#define HEAT_OF_OPENING 2
/* A turn costs at least so much, however little it moved. */
#define LEAST_COST (SCHEDULE_QUANTUM / 32)
#define MOST_COST  (16 * SCHEDULE_QUANTUM)

void schedule_begin_opening(struct schedule_entry *entry)
{
    entry->heat = HEAT_OF_OPENING;
    entry->opening = true;
}

void schedule_note(struct schedule_entry *entry, size_t moved, bool more)
{
    if (more || moved >= SCHEDULE_BULK) {
        entry->heat = HEAT_OF_BULK;
        entry->opening = false;
    } else if (entry->heat > 0 && moved <= SCHEDULE_SMALL) {
        entry->heat--;
    }
}

/* ---- queues ---- */

static void append(struct schedule_queue *queue, struct schedule_entry *entry)
{
    entry->next = NULL;
    if (queue->last)
        queue->last->next = entry;
    else
        queue->first = entry;
    queue->last = entry;
}

static void take_first(struct schedule_queue *queue)
{
    queue->first = queue->first->next;
    if (!queue->first)
        queue->last = NULL;
}

static void rotate(struct schedule_queue *queue)
{
    struct schedule_entry *entry = queue->first;
    take_first(queue);
    append(queue, entry);
}

void schedule_add(struct schedule *schedule, struct schedule_entry *entry)
{
    if (entry->queued)
        return;
    entry->queued = true;
    entry->credit = SCHEDULE_QUANTUM;
    append(entry->opening ? &schedule->opening : &schedule->bulk, entry);
}

struct schedule_entry *schedule_next(struct schedule *schedule)
{
    bool opening = schedule->opening.first && (schedule->openings_turn || !schedule->bulk.first);
    struct schedule_queue *queue = opening ? &schedule->opening : &schedule->bulk;
    schedule->openings_turn = !opening;
    if (!queue->first)
        return NULL;
    while (queue->first->credit <= 0) {
        queue->first->credit += SCHEDULE_QUANTUM;
        rotate(queue);
    }
    return queue->first;
}

void schedule_done(struct schedule *schedule, struct schedule_entry *entry, size_t moved, bool more)
{
    bool opens = entry == schedule->opening.first;
    struct schedule_queue *queue = opens ? &schedule->opening : &schedule->bulk;
    wsl_assert(entry == queue->first);
    if (moved < LEAST_COST)
        moved = LEAST_COST;
    entry->credit -= (int32_t)(moved < MOST_COST ? moved : MOST_COST);
    schedule_note(entry, moved, more);
    if (more && !opens)
        return;
    take_first(queue);
    entry->queued = false;
    if (more)
        schedule_add(schedule, entry);
}
