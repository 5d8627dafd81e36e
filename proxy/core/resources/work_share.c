#include "core/resources/work_share.h"

/* NOLINTNEXTLINE: a term of the sum */
#define ADD(name, at_once, per_client) +(at_once)
_Static_assert(0 WORK_TABLE(ADD) < WORK_THREADS, "no kind of work can take the last thread");
#undef ADD

static const struct {
    uint8_t at_once, per_client;
} table[WORK_KINDS] = {
#define ROW(name, at_once, per_client) {at_once, per_client},
    WORK_TABLE(ROW)
#undef ROW
};

void work_share_init(struct work_share *share)
{
    *share = (struct work_share){0};
    for (size_t kind = 0; kind < WORK_KINDS; kind++)
        for (size_t i = 0; i < WORK_QUEUES; i++)
            list_init(&share->kinds[kind].waiting[i]);
}

unsigned work_share_at_once(enum work_kind kind)
{
    wsl_assert(kind < WORK_KINDS);
    return table[kind].at_once;
}

static bool has_room(const struct work_queues *queues, enum work_kind kind, size_t queue)
{
    return queues->total < table[kind].at_once && queues->running[queue] < table[kind].per_client;
}

static void begin(struct work_queues *queues, size_t queue)
{
    queues->running[queue]++;
    queues->total++;
}

bool work_share_request(struct work_share *share, struct work_waiter *ticket, enum work_kind kind,
                        uint64_t client)
{
    wsl_assert(kind < WORK_KINDS);
    struct work_queues *queues = &share->kinds[kind];
    /* Fibonacci hashing: addresses that differ in a few bits get different queues. */
    size_t queue = (size_t)(client * UINT64_C(0x9E3779B97F4A7C15) >> 58) % WORK_QUEUES;
    *ticket = (struct work_waiter){.kind = (uint8_t)kind, .queue = (uint8_t)queue};
    list_init(&ticket->link);
    /* If there is room none waits: work_share_finish begins all that can begin. */
    if (has_room(queues, kind, queue)) {
        begin(queues, queue);
        return true;
    }
    list_append(&queues->waiting[queue], &ticket->link);
    return false;
}

void work_share_cancel(struct work_waiter *ticket)
{
    list_remove(&ticket->link);
}

struct work_waiter *work_share_finish(struct work_share *share, const struct work_waiter *ticket)
{
    enum work_kind kind = ticket->kind;
    struct work_queues *queues = &share->kinds[kind];
    wsl_assert(queues->running[ticket->queue] > 0);
    queues->running[ticket->queue]--;
    queues->total--;
    for (size_t i = 0; i < WORK_QUEUES; i++) {
        size_t queue = (queues->turn + i) % WORK_QUEUES;
        struct list *waiting = &queues->waiting[queue];
        if (list_empty(waiting) || !has_room(queues, kind, queue))
            continue;
        struct work_waiter *next = WSL_CONTAINER(waiting->next, struct work_waiter, link);
        list_remove(&next->link);
        begin(queues, queue);
        queues->turn = (uint8_t)((queue + 1) % WORK_QUEUES);
        return next;
    }
    return NULL;
}
