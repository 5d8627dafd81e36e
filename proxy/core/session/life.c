#include "core/session/life.h"

/* What every state from the first request to the last answer has. */
#define REQUEST (LIFE_ENTRY | LIFE_CLIENT)

static const struct {
    const char *name;
    enum life_deadline deadline;
    uint8_t has, may_have; /* enum life_resource */
    uint8_t next[LIFE_EVENTS];
} table[LIFE_STATES] = {
    [LIFE_PREFACE] = {"preface",
                      LIFE_HANDSHAKE_DEADLINE,
                      LIFE_ENTRY,
                      0,
                      {[LIFE_SAW_TLS] = LIFE_TLS, [LIFE_SAW_PLAIN] = LIFE_HEAD}},
    [LIFE_TLS] = {"tls", LIFE_HANDSHAKE_DEADLINE, REQUEST, 0, {[LIFE_TLS_DONE] = LIFE_HEAD}},
    [LIFE_HEAD] = {"head",
                   LIFE_HANDSHAKE_DEADLINE,
                   REQUEST,
                   0,
                   {[LIFE_LOOK_UP] = LIFE_LOOKING_UP,
                    [LIFE_UPGRADE_FIRST] = LIFE_DIALLING,
                    [LIFE_UPGRADE_AFTER] = LIFE_UPGRADED,
                    [LIFE_ASKED] = LIFE_WAITING,
                    [LIFE_ANSWERING] = LIFE_REPLYING,
                    [LIFE_REFUSED] = LIFE_LINGERING}},
    [LIFE_WAITING] = {"waiting",
                      LIFE_REPLY_DEADLINE,
                      REQUEST | LIFE_WAIT,
                      0,
                      {[LIFE_ANSWERING] = LIFE_REPLYING}},
    [LIFE_REPLYING] = {"replying",
                       LIFE_REPLY_DEADLINE,
                       REQUEST | LIFE_ANSWER,
                       0,
                       {[LIFE_SENT] = LIFE_HEAD, [LIFE_SENT_LAST] = LIFE_LINGERING}},
    [LIFE_LOOKING_UP] = {"looking",
                         LIFE_TOKEN_DEADLINE,
                         REQUEST | LIFE_WAIT,
                         0,
                         {[LIFE_LOOK_UP] = LIFE_LOOKING_UP,
                          [LIFE_UPGRADE_FIRST] = LIFE_DIALLING,
                          [LIFE_UPGRADE_AFTER] = LIFE_UPGRADED,
                          [LIFE_ASKED] = LIFE_WAITING,
                          [LIFE_ANSWERING] = LIFE_REPLYING,
                          [LIFE_REFUSED] = LIFE_LINGERING}},
    [LIFE_DIALLING] = {"dialling",
                       LIFE_CONNECT_DEADLINE,
                       REQUEST,
                       LIFE_CONNECT,
                       {[LIFE_TARGET_READY] = LIFE_OPEN, [LIFE_TARGET_FAILED] = LIFE_LINGERING}},
    [LIFE_UPGRADED] = {"answered",
                       LIFE_CONNECT_DEADLINE,
                       REQUEST | LIFE_BRIDGE,
                       LIFE_CONNECT,
                       {[LIFE_TARGET_READY] = LIFE_OPEN, [LIFE_TARGET_FAILED] = LIFE_CLOSING}},
    [LIFE_OPEN] = {"open",
                   LIFE_BRIDGE_DEADLINE,
                   LIFE_CLIENT | LIFE_TARGET | LIFE_BRIDGE,
                   0,
                   {[LIFE_ENDING] = LIFE_CLOSING}},
    [LIFE_CLOSING] = {"closing", LIFE_BRIDGE_DEADLINE, LIFE_CLIENT | LIFE_BRIDGE, LIFE_TARGET, {0}},
    [LIFE_LINGERING] = {"lingering", LIFE_LINGER_DEADLINE, LIFE_CLIENT | LIFE_LINGER, 0, {0}},
    [LIFE_DEAD] = {"dead", LIFE_NO_DEADLINE, 0, 0, {0}},
};

/* PREFACE is where a life begins and no edge leads back, so that its 0 can mean "no edge". */
_Static_assert(LIFE_PREFACE == 0, "an empty cell of the table must not name a reachable state");

bool life_allows(enum life_state state, enum life_event event)
{
    wsl_assert(state < LIFE_STATES && event < LIFE_EVENTS);
    return event == LIFE_DROPPED ? state != LIFE_DEAD : table[state].next[event] != 0;
}

enum life_state life_next(enum life_state state, enum life_event event)
{
    wsl_assert(life_allows(state, event));
    return event == LIFE_DROPPED ? LIFE_DEAD : (enum life_state)table[state].next[event];
}

bool life_fits(enum life_state state, enum life_event event, unsigned resources)
{
    enum life_state checked = event == LIFE_DROPPED ? state : life_next(state, event);
    unsigned has = event == LIFE_DROPPED ? 0 : table[checked].has;
    unsigned may_have = table[checked].has | table[checked].may_have;
    return (resources & has) == has && (resources & ~may_have) == 0;
}

const char *life_name(enum life_state state)
{
    wsl_assert(state < LIFE_STATES);
    return table[state].name;
}

enum life_deadline life_deadline(enum life_state state)
{
    wsl_assert(state < LIFE_STATES);
    return table[state].deadline;
}
