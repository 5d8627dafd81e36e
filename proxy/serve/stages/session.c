#include "serve/stages/session.h"

#include "base/log/log.h"
#include "core/session/session_id.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_client.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_lingering.h"
#include "serve/session/session_log.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/stages/session_drain.h"
#include "serve/stages/session_preface.h"
#include "serve/stages/session_reply.h"
#include "serve/stages/session_request.h"

_Static_assert((int)BRIDGE_CLIENT_READ == (int)WATCH_READ &&
                   (int)BRIDGE_CLIENT_WRITE == (int)WATCH_WRITE &&
                   (int)BRIDGE_CLIENT_BROKEN == (int)WATCH_BROKEN,
               "the bits of a watch are those of a bridge");

/* ---- events ---- */

/*
 * A client's bytes can still be read after its reset, and the watch reports the reset only once. So
 * the session ends now, also if these bytes have begun a look-up or a dial.
 */
static void read_opening(struct session *session, unsigned ready)
{
    if (session->state == LIFE_PREFACE)
        session_preface_read(session);
    else if (session->state == LIFE_TLS)
        session_preface_tls(session);
    else
        session_request_read(session);
    bool ends = session->state == LIFE_DEAD || session->state == LIFE_LINGERING;
    if ((ready & WATCH_BROKEN) && !ends)
        session_end_now(session, REASON_client_reset);
}

static void client_cb(void *owner, unsigned ready)
{
    struct session *session = owner;
    switch ((enum life_state)session->state) {
    case LIFE_OPEN:
    case LIFE_CLOSING:
        session_bridge_turn(session, ready);
        return;
    case LIFE_LINGERING:
        session_lingering_turn(session, ready);
        return;
    case LIFE_PREFACE:
    case LIFE_TLS:
    case LIFE_HEAD:
        read_opening(session, ready);
        return;
    case LIFE_LOOKING_UP:
    case LIFE_WAITING:
    case LIFE_REPLYING:
        if (ready & WATCH_BROKEN)
            session_end_now(session, REASON_client_reset);
        else if (session->state == LIFE_REPLYING)
            session_reply_turn(session);
        else
            session_reply_check_client(session);
        return;
    case LIFE_DIALLING:
    case LIFE_UPGRADED:
        if (ready & WATCH_BROKEN)
            session_end_now(session, REASON_client_reset);
        else
            session_bridge_turn(session, ready);
        return;
    case LIFE_DEAD:
    case LIFE_STATES:
        break;
    }
    wsl_assert(!"a dead session has no callbacks");
}

static void handshake_too_slow(struct session *session)
{
    if (session->state == LIFE_TLS || session_preface_has_partial_header(session))
        session_end_now(session, REASON_handshake_timeout);
    else if (session->state == LIFE_HEAD && session_request_verdict(session) != REASON_none)
        session_reply_refuse(session, session_request_verdict(session));
    else if (session->state == LIFE_HEAD && session_entry_has_partial_head(session))
        session_reply_refuse(session, REASON_handshake_timeout);
    else
        session_drain_idle(session, REASON_silent);
}

/*
 * After the process was stopped or the machine slept, timers fire before sockets are read: bytes
 * that arrived in time are read first. False: that ended the session or set a new deadline.
 */
static bool is_overdue(struct session *session)
{
    watch_poll(session->client_watch);
    if (session->state != LIFE_DEAD)
        watch_poll(session->target_watch);
    return session->state != LIFE_DEAD && !deadline_is_set(&session->deadline);
}

void session_deadline_cb(struct deadline *deadline)
{
    struct session *session = WSL_CONTAINER(deadline, struct session, deadline);
    if (session->state == LIFE_DEAD) {
        session_end_free(session);
        return;
    }
    if (!is_overdue(session))
        return;
    switch (life_deadline((enum life_state)session->state)) {
    case LIFE_BRIDGE_DEADLINE:
        session_bridge_tick(session);
        return;
    case LIFE_LINGER_DEADLINE:
        session_lingering_tick(session);
        return;
    case LIFE_HANDSHAKE_DEADLINE:
        handshake_too_slow(session);
        return;
    case LIFE_REPLY_DEADLINE:
        session_reply_tick(session);
        return;
    case LIFE_TOKEN_DEADLINE:
        if (session_entry_last_turn(session))
            return;
        session_request_look_up_failed(session);
        return;
    case LIFE_CONNECT_DEADLINE: /* the dial has its own timer */
    case LIFE_NO_DEADLINE:
        break;
    }
}

/* ---- accepting ---- */

static bool may_open_tls(const struct session_client *client)
{
    return client->site->resources->listener_tls[client->listener] != NULL;
}

static struct session *create(struct session_env *env, const struct session_client *client)
{
    struct session *session = calloc(1, sizeof(*session));
    if (!session)
        return NULL;
    bool promised = timers_promise(&env->timers);
    if (promised)
        session->entry = calloc(1, sizeof(*session->entry));
    if (session->entry)
        session->client_watch = (may_open_tls(client) ? watch_open_opening : watch_open)(
            &env->watches, client->fd, WATCH_READ, client_cb, session);
    if (session->client_watch)
        return session;
    free(session->entry);
    if (promised)
        timers_withdraw(&env->timers, &session->deadline);
    free(session);
    return NULL;
}

static void refuse_without_memory(struct session_env *env, struct session_client *client)
{
    log_message(REASON_ERROR, "%s: a connection was closed",
                reason_row(REASON_out_of_memory)->text);
    metrics_add(&env->metrics.ended[REASON_out_of_memory], 1);
    session_client_drop(client);
}

void session_accept(struct session_env *env, struct session_client *client, bool at_once)
{
    struct session *session = create(env, client);
    metrics_add(&env->metrics.counter[METRICS_connections], 1);
    if (!session) {
        refuse_without_memory(env, client);
        return;
    }
    session->env = env;
    session->id = session_id(env->generation, env->number, ++env->accepted);
    session->site = client->site;
    session->listener = client->listener;
    session->fd = client->fd;
    session->number = client->number;
    session->peer = client->peer;
    session->client_address.known = addr_to_ip(&client->peer, &session->client_address.ip);
    session->accepted_at = session_now(session);
    list_append(&env->sessions, &session->link);
    session_env_hold(env);
    session->admin = session_facts_listener(session)->admin;
    env->admins += session->admin;
    metrics_add(&env->metrics.open, 1);
    session->usage = client->usage;
    session_arm(session, session_facts_limits(session)->handshake_timeout_ms);
    session_request_count_connection(session);
    if (at_once && !may_open_tls(client))
        session_preface_read(session);
}
