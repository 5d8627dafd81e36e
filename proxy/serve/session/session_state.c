#include "serve/session/session_state.h"

#include "serve/session/session_entry.h"

static unsigned resources_of(const struct session *session)
{
    const struct session_entry *entry = session->entry;
    unsigned resources = 0;
    if (entry)
        resources |= LIFE_ENTRY;
    if (entry && entry->wait)
        resources |= LIFE_WAIT;
    if (entry && entry->flow)
        resources |= LIFE_ANSWER;
    if (session->client)
        resources |= LIFE_CLIENT;
    if (entry && entry->connecting)
        resources |= LIFE_CONNECT;
    if (session->target && session->target_watch)
        resources |= LIFE_TARGET;
    if (session->bridge.client.transport)
        resources |= LIFE_BRIDGE;
    if (session->lingering)
        resources |= LIFE_LINGER;
    return resources;
}

void session_state_step(struct session *session, enum life_event event)
{
    enum life_state state = (enum life_state)session->state;
    wsl_assert(life_fits(state, event, resources_of(session)));
    session->state = (uint8_t)life_next(state, event);
}

void session_state_wait(struct session *session, struct session_wait *wait, enum life_event event,
                        uint64_t milliseconds)
{
    session->entry->wait = wait;
    session->entry->overdue = false;
    session_state_step(session, event);
    session_arm(session, milliseconds);
    watch_want(session->client_watch, 0);
}
