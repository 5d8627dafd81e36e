/*
 * Names that the resolver does not answer. A look-up that takes longer than NAME_HANGS_AFTER_MS and
 * then fails is remembered for a while: no other client waits for that name, and no thread is taken
 * for it.
 *
 * The time is more than 5 s, because a dead first nameserver costs that much (the default of
 * resolv.conf) before the second one is asked, and such a name does resolve.
 *
 * The shares of work_share let no more names hang within NAME_HANGS_KEPT_MS than there are entries,
 * so none is overwritten before its time. Names are stored as a keyed hash.
 *
 * Pure. Owns: nothing. Thread: one at a time. Errors: none. Lifetime: plain memory; all zero knows
 * no name.
 */
#ifndef WSLUICE_CORE_RESOURCES_NAME_HANGS_H
#define WSLUICE_CORE_RESOURCES_NAME_HANGS_H

#include "base/base.h"

#define NAME_HANGS_AFTER_MS 6000
#define NAME_HANGS_KEPT_MS  30000
#define NAME_HANGS_MAX      128

struct name_hangs {
    struct {
        uint64_t name, until; /* 0: free */
    } entries[NAME_HANGS_MAX];
    size_t next;
};

/* Whether a look-up that began then and is still under way hangs. */
bool name_hangs_is_hanging(uint64_t began, uint64_t now);

/* A look-up has failed; kept if it hung. */
void name_hangs_note(struct name_hangs *hangs, uint64_t name, uint64_t began, uint64_t now);

bool name_hangs_has(const struct name_hangs *hangs, uint64_t name, uint64_t now);

#endif
