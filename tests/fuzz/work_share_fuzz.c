/*
 * Work is requested, ends or is cancelled. No kind exceeds its share, no work waits while it could
 * begin, and every ticket that is not cancelled runs.
 *
 * Input: a script of these steps.
 */
#include "core/resources/work_share.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TICKETS 256

enum state { FREE, WAITING, RUNNING };

static struct work_waiter tickets[TICKETS];
static enum state states[TICKETS];

/* The share of one client by kind: a second copy, to check the table. */
static const uint8_t most[] = {8, 2, 5, 2, 1, 1, 3, 1, 1};
_Static_assert(WSL_COUNT(most) == WORK_KINDS, "each kind is here");

static void check(void)
{
    unsigned kinds[WORK_KINDS] = {0}, queues[WORK_KINDS][WORK_QUEUES] = {0}, all = 0;
    for (size_t i = 0; i < TICKETS; i++)
        if (states[i] == RUNNING) {
            kinds[tickets[i].kind]++;
            queues[tickets[i].kind][tickets[i].queue]++;
            all++;
        }
    wsl_assert(all < WORK_THREADS);
    for (size_t i = 0; i < TICKETS; i++) {
        unsigned kind = tickets[i].kind, running = queues[kind][tickets[i].queue];
        unsigned share = work_share_at_once((enum work_kind)kind);
        wsl_assert(kinds[kind] <= share && running <= most[kind]);
        wsl_assert(states[i] != WAITING || kinds[kind] == share || running == most[kind]);
    }
}

static void end(struct work_share *share, size_t which)
{
    states[which] = FREE;
    struct work_waiter *next = work_share_finish(share, &tickets[which]);
    if (!next)
        return;
    wsl_assert(states[next - tickets] == WAITING);
    states[next - tickets] = RUNNING;
}

static void step(struct work_share *share, size_t which, uint8_t how)
{
    switch (states[which]) {
    case FREE:
        states[which] = work_share_request(share, &tickets[which],
                                           (enum work_kind)(how % WORK_KINDS), how / WORK_KINDS)
                            ? RUNNING
                            : WAITING;
        return;
    case WAITING:
        if (how % 2 == 0)
            return;
        work_share_cancel(&tickets[which]);
        states[which] = FREE;
        return;
    case RUNNING:
        end(share, which);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct work_share share;
    work_share_init(&share);
    memset(states, 0, sizeof(states));
    for (size_t i = 0; i + 1 < size && i < 1024; i += 2) {
        step(&share, data[i], data[i + 1]);
        check();
    }
    for (bool any = true; any;) {
        any = false;
        for (size_t i = 0; i < TICKETS; i++)
            if (states[i] == RUNNING) {
                end(&share, i);
                any = true;
            }
    }
    for (size_t i = 0; i < TICKETS; i++)
        wsl_assert(states[i] == FREE);
    return 0;
}
