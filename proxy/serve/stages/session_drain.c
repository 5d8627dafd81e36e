#include "serve/stages/session_drain.h"

#include "net/socket.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/stages/session_connect.h"
#include "serve/stages/session_reply.h"

void session_drain_idle(struct session *session, enum reason reason)
{
    enum reason settled = session_entry_outcome(session);
    /* A slow reader still takes its answer. A close now would cut it off if the client sends. */
    if (settled != REASON_none && socket_unsent(session->fd) > 0)
        session_reply_hang_up(session);
    else
        session_end_now(session, settled != REASON_none ? settled : reason);
}

void session_drain_one(struct session *session, enum reason reason)
{
    switch ((enum life_state)session->state) {
    case LIFE_PREFACE:
    case LIFE_TLS:
        session_end_now(session, reason);
        return;
    case LIFE_HEAD:
        if (session_entry_has_partial_head(session))
            session_reply_refuse(session, reason);
        else if (reason == REASON_shutdown)
            session_drain_idle(session, reason);
        else
            session_end_now(session, reason);
        return;
    case LIFE_LOOKING_UP:
        session_reply_refuse(session, reason);
        return;
    case LIFE_DIALLING:
    case LIFE_UPGRADED:
        session_connect_give_up(session, reason);
        return;
    case LIFE_OPEN:
        bridge_end(&session->bridge, reason, session_now(session));
        session_bridge_turn(session, 0);
        return;
    case LIFE_WAITING:
    case LIFE_REPLYING:
        if (reason == REASON_shutdown)
            session_reply_make_last(session);
        else
            session_end_now(session, reason);
        return;
    case LIFE_CLOSING:
    case LIFE_LINGERING:
    case LIFE_DEAD:
    case LIFE_STATES:
        return;
    }
}

size_t session_drain_some(struct session_env *env, size_t most)
{
    size_t told = 0;
    for (struct list *link = env->sessions.next, *next; link != &env->sessions; link = next) {
        struct session *session = WSL_CONTAINER(link, struct session, link);
        next = link->next;
        if (session->admin || session->state == LIFE_CLOSING || session->state == LIFE_LINGERING ||
            session_reply_is_last(session))
            continue;
        if (told == most)
            return told;
        session_drain_one(session, REASON_shutdown);
        told++;
    }
    return told;
}

void session_drain_retire(struct session_env *env)
{
    env->retiring = true;
    for (struct list *link = env->sessions.next, *next; link != &env->sessions; link = next) {
        struct session *session = WSL_CONTAINER(link, struct session, link);
        next = link->next;
        if (session->state == LIFE_HEAD && !session_entry_has_partial_head(session) &&
            session_entry_outcome(session) != REASON_none)
            session_drain_idle(session, REASON_shutdown);
    }
}

void session_drain_kill(struct session_env *env, enum reason reason)
{
    for (struct list *link = env->sessions.next, *next; link != &env->sessions; link = next) {
        struct session *session = WSL_CONTAINER(link, struct session, link);
        next = link->next;
        if (!session->admin)
            session_end_now(session, reason);
    }
}

void session_drain_clear(struct session_env *env)
{
    while (!list_empty(&env->sessions))
        session_end_now(WSL_CONTAINER(env->sessions.next, struct session, link), REASON_shutdown);
}
