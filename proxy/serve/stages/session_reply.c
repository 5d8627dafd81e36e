#include "serve/stages/session_reply.h"

#include "base/log/log.h"
#include "net/socket.h"
#include "serve/http/reply_flow.h"
#include "serve/stages/session_token.h"

/* An answer may be made while the head that it answers still lies in front of the scratch. */
_Static_assert(TRANSPORT_READ_MIN + REPLY_FLOW_PIECE <= BRIDGE_BUFFER,
               "the scratch holds what was read last and a piece of the answer");

/* A delayed acknowledgement is on its way for 40 ms, the round trip apart. */
#define ACKNOWLEDGED_MS 250

/* ---- what is left of it ---- */

static void log_request(const struct session *session)
{
    const struct session_entry *entry = session->entry;
    struct log_line line;
    log_begin(&line, REASON_DEBUG, "request");
    if (!line.active)
        return;
    session_base_log_parties(session, &line);
    log_text(&line, "method", entry->method);
    const char *path = session_token_public_path(session);
    if (path)
        log_text(&line, "path", path);
    log_number(&line, "status", entry->status);
    log_number(&line, "bytes", reply_flow_body_sent(entry->flow));
    log_number(&line, "duration_ms", session_base_now(session) - session->asked_at);
    log_end(&line);
}

/* The client may ask again, for something else. */
static void begin_anew(struct session *session)
{
    struct session_entry *entry = session->entry;
    session_base_step(session, LIFE_TAKEN);
    session_base_forget_request(entry);
    session_base_arm(session, session_base_limits(session)->keep_alive_ms);
    /* What came behind the last request is in our hands, and no descriptor tells of it. */
    unsigned held = opening_pending(&entry->opening) ? WATCH_WRITE : 0;
    watch_want(session->client_watch, WATCH_READ | held);
}

static void hang_up(struct session *session, enum life_event event)
{
    uint64_t now = session_base_now(session);
    enum reason reason = session_base_settled(session);
    session_base_step(session, event);
    session_base_forget_entry(session);
    bridge_init(&session->bridge, session->client, false, now);
    bridge_refuse(&session->bridge, reason, NULL, 0, now);
    session_base_arm_ending(session);
    session_base_follow(session);
}

static void taken(struct session *session)
{
    struct session_entry *entry = session->entry;
    log_request(session);
    session_base_count_answer(session, entry->status);
    route_stats_end(&session->stats, session_base_settled(session), 0);
    reply_flow_free(entry->flow);
    entry->flow = NULL;
    if (entry->keep && !session->env->retiring)
        begin_anew(session);
    else
        hang_up(session, LIFE_TAKEN_LAST);
}

/* ---- its way ---- */

static void move(struct session *session)
{
    struct session_entry *entry = session->entry;
    uint32_t patience = session_base_limits(session)->reply_timeout_ms;
    uint64_t before = reply_flow_sent(entry->flow);
    struct io io = reply_flow_turn(entry->flow, session->client,
                                   session->env->scratch->buffer + TRANSPORT_READ_MIN);
    switch ((enum io_status)io.status) {
    case IO_OK:
        taken(session);
        return;
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_WRITE);
        if (before == 0 || reply_flow_sent(entry->flow) != before) {
            entry->unsent_known = false;
            session_base_arm(session, patience < ACKNOWLEDGED_MS ? patience : ACKNOWLEDGED_MS);
        }
        return;
    case IO_WANT_READ:
    case IO_EOF:
    case IO_FAIL:
        session_base_die(session, (enum reason)io.reason);
        return;
    }
}

/* More answers may follow: the client wants that, the process goes on, and so does what it serves.
 */
static bool may_stay(const struct session *session)
{
    return session->entry->keep && !session->env->retiring &&
           session_base_limits(session)->keep_alive_ms > 0 && !site_superseded(session->site);
}

void session_reply_send(struct session *session, const struct reply *reply)
{
    struct session_entry *entry = session->entry;
    entry->keep = may_stay(session);
    struct reply_terms terms = session_base_terms(session);
    entry->status = (uint16_t)reply->status;
    entry->settled = (uint8_t)(reply->reason ? reply->reason : REASON_answered);
    entry->flow = reply_flow_create(reply, &terms);
    if (!entry->flow) {
        session_base_die(session, REASON_out_of_memory);
        return;
    }
    session_base_step(session, LIFE_ANSWERING);
    move(session);
}

void session_reply_turn(struct session *session)
{
    move(session);
}

/* ---- answers that take time ---- */

struct session_wait *session_reply_wait(struct session *session)
{
    struct session_wait *wait = malloc(sizeof(*wait));
    if (!wait) {
        struct reply reply = reply_refusal(REASON_out_of_memory);
        session_reply_send(session, &reply);
        return NULL;
    }
    *wait = (struct session_wait){.session = session};
    session->entry->wait = wait;
    session->entry->overdue = false;
    session_base_step(session, LIFE_ASKED);
    session_base_arm(session, session_base_limits(session)->reply_timeout_ms);
    watch_want(session->client_watch, 0);
    return wait;
}

bool session_reply_abandoned(const struct session_wait *wait)
{
    return wait->session == NULL;
}

void session_reply_resume(struct session_wait *wait, const struct reply *reply)
{
    struct session *session = wait->session;
    free(wait);
    if (!session) {
        reply_release(reply);
        return;
    }
    session->entry->wait = NULL;
    session_reply_send(session, reply);
}

/* ---- deadlines, and the end ---- */

static void give_up_waiting(struct session *session)
{
    struct reply reply = reply_refusal(REASON_answer_timeout);
    session_base_abandon(session->entry);
    session->entry->keep = false;
    session_reply_send(session, &reply);
}

/*
 * Nothing could be written meanwhile. The kernel may hold megabytes, and a slow but steady reader
 * is acknowledging those: whoever acknowledges nothing either takes nothing.
 */
void session_reply_tick(struct session *session)
{
    struct session_entry *entry = session->entry;
    if (session->state == LIFE_WAITING) {
        if (!session_base_last_turn(session))
            give_up_waiting(session);
        return;
    }
    uint64_t unsent = socket_unsent(session->fd);
    if (entry->unsent_known && entry->unsent == unsent) {
        session_base_die(session, REASON_client_stalled);
        return;
    }
    entry->unsent = unsent;
    entry->unsent_known = true;
    session_base_arm(session, session_base_limits(session)->reply_timeout_ms);
}

void session_reply_hang_up(struct session *session)
{
    hang_up(session, LIFE_REFUSED);
}

bool session_reply_is_last(const struct session *session)
{
    bool at_work = session->state == LIFE_WAITING || session->state == LIFE_REPLYING;
    return at_work && !session->entry->keep;
}

void session_reply_last(struct session *session)
{
    session->entry->keep = false;
}
