/*
 * What runs this test, if the machine does not itself: "qemu-s390x", "valgrind". Some system calls
 * are not what they are there.
 */
#ifndef WSLUICE_TESTS_LIB_EMULATOR_H
#define WSLUICE_TESTS_LIB_EMULATOR_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_emulated(void)
{
    return getenv("WSLUICE_EMULATED") != NULL;
}

/* clone(2) has no CLONE_PARENT there. */
static inline bool is_emulated_by_qemu(void)
{
    const char *name = getenv("WSLUICE_EMULATED");
    return name && strncmp(name, "qemu", 4) == 0;
}

#endif
