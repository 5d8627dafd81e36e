/*
 * A table of the allocations that the code under test holds, with size and caller. Memory from libc
 * (asprintf, open_memstream) is not in it. failing_alloc_arm makes the n-th request fail. A program
 * that includes this is linked with session_lab.cmake.
 *
 * Owns: the table. Thread: one. Errors: fake_memory_expect ends the program, and prints the
 * callers. Lifetime: static; one include per program.
 */
#ifndef WSLUICE_TESTS_FAKE_MEMORY_H
#define WSLUICE_TESTS_FAKE_MEMORY_H

#include <stdint.h>
#include <stdio.h>

static void *fake_memory_note(uintptr_t old, void *memory, size_t size, void *place);
#define FAILING_ALLOC_NOTE(old, memory, size)                                                      \
    fake_memory_note(old, memory, size, __builtin_return_address(0))

#include "lib/failing_alloc.h"

#define FAKE_MEMORY_SLOTS 32768u /* a power of two */

static struct {
    struct fake_memory_slot {
        uintptr_t memory; /* 0: free */
        size_t size;
        void *place;
    } slots[FAKE_MEMORY_SLOTS];
    size_t count, bytes;
} fake_memory;

void __real_free(void *memory);
void __wrap_free(void *memory);

static inline size_t fake_memory_home(uintptr_t memory)
{
    return (size_t)((memory >> 4) * 0x9E3779B97F4A7C15u >> 40) % FAKE_MEMORY_SLOTS;
}

/* Closes the gap: a search stops at the first free slot. */
static void fake_memory_forget(uintptr_t memory)
{
    struct fake_memory_slot *slots = fake_memory.slots;
    size_t at = fake_memory_home(memory);
    while (slots[at].memory != 0 && slots[at].memory != memory)
        at = (at + 1) % FAKE_MEMORY_SLOTS;
    if (slots[at].memory == 0)
        return;
    fake_memory.count--;
    fake_memory.bytes -= slots[at].size;
    for (size_t next = (at + 1) % FAKE_MEMORY_SLOTS; slots[next].memory != 0;
         next = (next + 1) % FAKE_MEMORY_SLOTS) {
        size_t home = fake_memory_home(slots[next].memory);
        if ((next - home) % FAKE_MEMORY_SLOTS < (next - at) % FAKE_MEMORY_SLOTS)
            continue;
        slots[at] = slots[next];
        at = next;
    }
    slots[at].memory = 0;
}

static void *fake_memory_note(uintptr_t old, void *memory, size_t size, void *place)
{
    if (!memory)
        return NULL;
    if (old != 0)
        fake_memory_forget(old);
    size_t at = fake_memory_home((uintptr_t)memory);
    wsl_assert(fake_memory.count < FAKE_MEMORY_SLOTS / 2);
    while (fake_memory.slots[at].memory != 0)
        at = (at + 1) % FAKE_MEMORY_SLOTS;
    fake_memory.slots[at] = (struct fake_memory_slot){(uintptr_t)memory, size, place};
    fake_memory.count++;
    fake_memory.bytes += size;
    return memory;
}

void __wrap_free(void *memory)
{
    if (memory)
        fake_memory_forget((uintptr_t)memory);
    __real_free(memory);
}

/* Ends the program unless exactly `count` allocations are held. */
static inline void fake_memory_expect(size_t count)
{
    if (fake_memory.count == count)
        return;
    fprintf(stderr, "%zu allocations are held, %zu expected:\n", fake_memory.count, count);
    for (size_t i = 0; i < FAKE_MEMORY_SLOTS; i++)
        if (fake_memory.slots[i].memory != 0)
            fprintf(stderr, "  %zu bytes, from %p\n", fake_memory.slots[i].size,
                    fake_memory.slots[i].place);
    wsl_assert(!"memory was leaked, or released too early");
}

#endif
