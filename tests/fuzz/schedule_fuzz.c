/*
 * Entries become ready, have turns, and stop being ready. Each ready entry is served, each one that
 * is served was ready, nobody waits for long, and those who always have more get the same.
 *
 * Input: a script of these steps.
 */
#include "core/resources/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES 16
#define MOST    (4 * SCHEDULE_QUANTUM) /* bytes of a turn */
/* Of the others, while one waits: a round of each, in both queues, and what they may owe. */
#define PATIENCE (2 * ENTRIES * (2 * SCHEDULE_QUANTUM + MOST))

static struct schedule schedule;
static struct schedule_entry entries[ENTRIES];
static bool ready[ENTRIES];
static uint64_t waited[ENTRIES]; /* bytes that others have moved meanwhile */

/* From nothing to four quanta, mostly little. */
static size_t bytes_of(uint8_t byte)
{
    return ((size_t)1 << (byte % 21)) - 1;
}

static void add(size_t which)
{
    if (!ready[which])
        waited[which] = 0;
    ready[which] = true;
    schedule_add(&schedule, &entries[which]);
}

static void serve(uint8_t how)
{
    struct schedule_entry *entry = schedule_next(&schedule);
    bool any = false;
    for (size_t i = 0; i < ENTRIES; i++)
        any |= ready[i];
    wsl_assert(any == (entry != NULL));
    if (!entry)
        return;
    size_t which = (size_t)(entry - entries), moved = bytes_of(how);
    bool more = how & 0x80;
    wsl_assert(which < ENTRIES && ready[which]);
    schedule_done(&schedule, entry, moved, more);
    ready[which] = more;
    wsl_assert(entry->queued == more);
    wsl_assert(!more || schedule_class(entry) == SCHEDULE_CLASS_BULK);
    for (size_t i = 0; i < ENTRIES; i++) {
        waited[i] = i == which || !ready[i] ? 0 : waited[i] + moved + SCHEDULE_QUANTUM / 32;
        wsl_assert(waited[i] <= PATIENCE);
    }
}

static void step(uint8_t what, uint8_t how)
{
    size_t which = what % ENTRIES;
    switch (what / ENTRIES % 4) {
    case 0:
        add(which);
        return;
    case 1:
        if (!ready[which])
            schedule_note(&entries[which], bytes_of(how), false);
        return;
    case 2:
        if (!ready[which])
            schedule_begin_opening(&entries[which]);
        return;
    default:
        serve(how);
    }
}

/* All have more, in turns of their own size: after many rounds, the shares are even. */
static void check_shares(const uint8_t *data, size_t size)
{
    uint64_t moved[ENTRIES] = {0}, least = UINT64_MAX, most = 0;
    schedule = (struct schedule){0};
    memset(entries, 0, sizeof(entries));
    size_t count = size < ENTRIES ? size : ENTRIES;
    for (size_t i = 0; i < count; i++)
        schedule_add(&schedule, &entries[i]);
    for (size_t turn = 0; turn < 2000; turn++) {
        struct schedule_entry *entry = schedule_next(&schedule);
        size_t which = (size_t)(entry - entries);
        size_t bytes = bytes_of((uint8_t)(13 + data[which] % 8)); /* no less than a turn's price */
        moved[which] += bytes;
        schedule_done(&schedule, entry, bytes, true);
    }
    for (size_t i = 0; i < count; i++) {
        least = moved[i] < least ? moved[i] : least;
        most = moved[i] > most ? moved[i] : most;
    }
    wsl_assert(most - least <= MOST + 2 * SCHEDULE_QUANTUM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    schedule = (struct schedule){0};
    memset(entries, 0, sizeof(entries));
    memset(ready, 0, sizeof(ready));
    memset(waited, 0, sizeof(waited));
    for (size_t i = 0; i + 1 < size && i < 2048; i += 2)
        step(data[i], data[i + 1]);
    while (schedule.bulk.first || schedule.opening.first)
        serve(0);
    serve(0);
    if (size > 0)
        check_shares(data, size);
    return 0;
}
