/*
 * The deadlines of many owners, earliest first. A deadline is a number in its owner; its time and
 * the order are in one array, a binary heap, so that each costs 20 bytes.
 *
 * Pure. Owns: the array. Thread: one. Errors: only deadlines_promise needs memory, so that setting
 * a deadline cannot fail. Lifetime: all zero is empty, to deadlines_free.
 */
#ifndef WSLUICE_CORE_RESOURCES_DEADLINES_H
#define WSLUICE_CORE_RESOURCES_DEADLINES_H

#include "base/base.h"

/* In its owner; zeroed: not set. */
struct deadline {
    uint32_t place; /* in the array, from 1; 0: none */
};

struct deadlines {
    struct deadlines_slot *slots; /* owned */
    uint32_t count, capacity, promised;
};

#define DEADLINES_NEVER UINT64_MAX

/* Room for one more owner. False: out of memory. */
WSL_MUST_CHECK bool deadlines_promise(struct deadlines *deadlines);

/* The owner ends: clears its deadline, and gives the promise back. */
void deadlines_withdraw(struct deadlines *deadlines, struct deadline *deadline);

static inline bool deadline_is_set(const struct deadline *deadline)
{
    return deadline->place != 0;
}

/* Of an owner with a promise; replaces what was set. */
void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at);

/* If it is not set, nothing happens. */
void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline);

/* The earliest time; DEADLINES_NEVER: none is set. */
uint64_t deadlines_first(const struct deadlines *deadlines);

/* Clears the earliest one that is due, and returns it. NULL: none is. */
struct deadline *deadlines_take(struct deadlines *deadlines, uint64_t now);

void deadlines_free(struct deadlines *deadlines);

#endif
