/*
 * Any stream of events: the life of a session only moves along the edges of its table, always has a
 * deadline, ends in DEAD at any moment, and never leaves it.
 */
#include "core/life.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* The order in which states may follow each other: an edge never leads back. */
static const uint8_t rank[LIFE_STATES] = {
    [LIFE_PREFACE] = 0,  [LIFE_TLS] = 1,  [LIFE_HEAD] = 2,    [LIFE_DIALLING] = 3,
    [LIFE_ANSWERED] = 3, [LIFE_OPEN] = 4, [LIFE_CLOSING] = 5, [LIFE_DEAD] = 6,
};

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    enum life_state state = LIFE_PREFACE;
    bool opened = false, was_dialling = false;
    for (size_t i = 0; i < size; i++) {
        enum life_event event = input[i] % LIFE_EVENTS;
        wsl_assert((life_deadline(state) == LIFE_NO_DEADLINE) == (state == LIFE_DEAD));
        wsl_assert(life_allows(state, LIFE_DROPPED) == (state != LIFE_DEAD));
        if (!life_allows(state, event))
            continue;
        enum life_state after = life_next(state, event);
        wsl_assert(rank[after] > rank[state]);
        wsl_assert((after == LIFE_DEAD) == (event == LIFE_DROPPED));
        was_dialling = was_dialling || after == LIFE_DIALLING || after == LIFE_ANSWERED;
        opened = opened || after == LIFE_OPEN;
        wsl_assert(!opened || was_dialling); /* no target without a dial */
        state = after;
    }
    return 0;
}
