#include "serve/session/session_lingering.h"

#include "config/model/config.h"
#include "net/socket.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_priv.h"
#include "serve/session/session_state.h"

_Static_assert((int)LINGERING_READ == (int)WATCH_READ && (int)LINGERING_WRITE == (int)WATCH_WRITE &&
                   (int)LINGERING_BROKEN == (int)WATCH_BROKEN,
               "the bits of a watch are those of a lingering close");

static void update(struct session *session)
{
    if (lingering_is_done(session->lingering))
        session_end_now(session, session->lingering->reason);
    else
        watch_want(session->client_watch, lingering_want(session->lingering));
}

void session_lingering_begin(struct session *session, enum life_event event, enum reason reason,
                             const void *bytes, size_t length)
{
    session_entry_free(session);
    session->lingering = malloc(sizeof(*session->lingering));
    if (!session->lingering) {
        session_end_now(session, REASON_out_of_memory);
        return;
    }
    lingering_begin(session->lingering, session->client, reason, bytes, length,
                    session_now(session));
    session_state_step(session, event);
    session_arm_first_check(session, session_facts_limits(session)->close_timeout_ms);
    update(session);
}

void session_lingering_turn(struct session *session, unsigned ready)
{
    lingering_turn(session->lingering, session->env->scratch->buffer, ready, session_now(session));
    update(session);
}

void session_lingering_tick(struct session *session)
{
    const struct config_limits *limits = session_facts_limits(session);
    const struct lingering_times times = {limits->close_timeout_ms, limits->stall_timeout_ms};
    uint64_t now = session_now(session);
    uint64_t next = lingering_tick(session->lingering, socket_unsent(session->fd), &times, now);
    if (next != 0)
        session_arm(session, next - now);
    update(session);
}
