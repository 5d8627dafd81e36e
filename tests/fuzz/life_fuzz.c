/*
 * Any sequence of events: a session moves only along the edges of the table, has a deadline in
 * every state, can end in DEAD from any state, and never leaves DEAD. life_fits accepts resources
 * only together with their owners: a target with a bridge, an answer or a wait with a request, and
 * all with a client.
 */
#include "core/session/life.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/*
 * Events raise the rank of a state. One edge lowers it: from an answer to the next request. One
 * keeps it: who the client is was looked up, and its token is next.
 */
static const uint8_t rank[LIFE_STATES] = {
    [LIFE_PREFACE] = 0, [LIFE_TLS] = 1,      [LIFE_HEAD] = 2,      [LIFE_LOOKING_UP] = 3,
    [LIFE_WAITING] = 4, [LIFE_REPLYING] = 5, [LIFE_DIALLING] = 5,  [LIFE_UPGRADED] = 5,
    [LIFE_OPEN] = 6,    [LIFE_CLOSING] = 7,  [LIFE_LINGERING] = 7, [LIFE_DEAD] = 8,
};

static void check_resources(enum life_state state, enum life_event event, unsigned resources)
{
    if (event == LIFE_DROPPED || !life_fits(state, event, resources))
        return;
    bool request = (resources & LIFE_ENTRY) != 0, client = (resources & LIFE_CLIENT) != 0;
    wsl_assert(client && life_fits(state, LIFE_DROPPED, 0));
    wsl_assert(request || (resources & (LIFE_BRIDGE | LIFE_LINGER)));
    wsl_assert(!(resources & LIFE_LINGER) || (!request && !(resources & LIFE_BRIDGE)));
    wsl_assert(request || !(resources & (LIFE_WAIT | LIFE_ANSWER | LIFE_CONNECT)));
    wsl_assert(!(resources & LIFE_TARGET) || ((resources & LIFE_BRIDGE) && !request));
    wsl_assert(!(resources & LIFE_WAIT) || !(resources & LIFE_ANSWER));
}

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
        check_resources(state, event, input[size - 1 - i]);
        enum life_state after = life_next(state, event);
        bool again = state == LIFE_LOOKING_UP && event == LIFE_LOOK_UP;
        wsl_assert(rank[after] > rank[state] || event == LIFE_SENT || again);
        wsl_assert(!again || after == state);
        wsl_assert((event == LIFE_SENT) == (state == LIFE_REPLYING && after == LIFE_HEAD));
        wsl_assert((after == LIFE_DEAD) == (event == LIFE_DROPPED));
        was_dialling = was_dialling || after == LIFE_DIALLING || after == LIFE_UPGRADED;
        opened = opened || after == LIFE_OPEN;
        wsl_assert(!opened || was_dialling); /* no target without a dial */
        state = after;
    }
    return 0;
}
