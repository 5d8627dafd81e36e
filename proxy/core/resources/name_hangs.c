#include "core/resources/name_hangs.h"

#include "core/resources/work_share.h"

/* The threads that look-ups of names may take. */
/* NOLINTBEGIN: a term of the sum */
#define NAME(name, at_once, per_client)                                                            \
    +(WORK_##name == WORK_names || WORK_##name == WORK_requested_names ? (at_once) : 0)
/* NOLINTEND */
_Static_assert((0 WORK_TABLE(NAME)) * (NAME_HANGS_KEPT_MS / NAME_HANGS_AFTER_MS + 1) <=
                   NAME_HANGS_MAX,
               "there is room for all that can hang within the time that a name is kept");
_Static_assert((0 WORK_TABLE(NAME)) <= WORK_THREADS / 2, "libuv gives names half of its threads");
#undef NAME

bool name_hangs_is_hanging(uint64_t began, uint64_t now)
{
    return now - began >= NAME_HANGS_AFTER_MS;
}

void name_hangs_note(struct name_hangs *hangs, uint64_t name, uint64_t began, uint64_t now)
{
    if (!name_hangs_is_hanging(began, now))
        return;
    hangs->entries[hangs->next].name = name;
    hangs->entries[hangs->next].until = now + NAME_HANGS_KEPT_MS;
    hangs->next = (hangs->next + 1) % NAME_HANGS_MAX;
}

bool name_hangs_has(const struct name_hangs *hangs, uint64_t name, uint64_t now)
{
    for (size_t i = 0; i < NAME_HANGS_MAX; i++)
        if (hangs->entries[i].name == name && now < hangs->entries[i].until)
            return true;
    return false;
}
