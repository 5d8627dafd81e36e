#include "core/resources/deadlines.h"

#define CAPACITY_MIN 64

struct deadlines_slot {
    uint64_t at;
    struct deadline *deadline;
};

/* ---- room ---- */

bool deadlines_promise(struct deadlines *deadlines)
{
    if (deadlines->promised == deadlines->capacity) {
        uint32_t capacity = deadlines->capacity > 0 ? deadlines->capacity * 2 : CAPACITY_MIN;
        struct deadlines_slot *slots = realloc(deadlines->slots, capacity * sizeof(*slots));
        if (!slots)
            return false;
        deadlines->slots = slots;
        deadlines->capacity = capacity;
    }
    deadlines->promised++;
    return true;
}

void deadlines_withdraw(struct deadlines *deadlines, struct deadline *deadline)
{
    wsl_assert(deadlines->promised > 0);
    deadlines_clear(deadlines, deadline);
    deadlines->promised--;
}

/* ---- the heap: no slot is earlier than its parent ---- */

static void put(struct deadlines *deadlines, uint32_t index, struct deadlines_slot slot)
{
    deadlines->slots[index] = slot;
    slot.deadline->place = index + 1;
}

/* The slot at `index` is free: moves others until `slot` fits. */
static void sift(struct deadlines *deadlines, uint32_t index, struct deadlines_slot slot)
{
    const struct deadlines_slot *slots = deadlines->slots;
    for (uint32_t parent; index > 0 && slot.at < slots[parent = (index - 1) / 2].at; index = parent)
        put(deadlines, index, slots[parent]);
    for (uint32_t child; (child = 2 * index + 1) < deadlines->count; index = child) {
        child += child + 1 < deadlines->count && slots[child + 1].at < slots[child].at;
        if (slot.at <= slots[child].at)
            break;
        put(deadlines, index, slots[child]);
    }
    put(deadlines, index, slot);
}

void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at)
{
    uint32_t index = deadline->place - 1;
    if (!deadline_is_set(deadline)) {
        wsl_assert(deadlines->count < deadlines->promised);
        index = deadlines->count++;
    }
    sift(deadlines, index, (struct deadlines_slot){at, deadline});
}

void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline)
{
    if (!deadline_is_set(deadline))
        return;
    uint32_t index = deadline->place - 1, last = --deadlines->count;
    deadline->place = 0;
    if (index != last)
        sift(deadlines, index, deadlines->slots[last]);
}

uint64_t deadlines_first(const struct deadlines *deadlines)
{
    return deadlines->count > 0 ? deadlines->slots[0].at : DEADLINES_NEVER;
}

struct deadline *deadlines_take(struct deadlines *deadlines, uint64_t now)
{
    if (deadlines->count == 0 || deadlines_first(deadlines) > now)
        return NULL;
    struct deadline *first = deadlines->slots[0].deadline;
    deadlines_clear(deadlines, first);
    return first;
}

void deadlines_free(struct deadlines *deadlines)
{
    free(deadlines->slots);
    *deadlines = (struct deadlines){0};
}
