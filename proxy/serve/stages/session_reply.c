#include "serve/stages/session_reply.h"

#include "base/log/log.h"
#include "codec/http/http_date.h"
#include "net/socket.h"
#include "serve/destination/session_token.h"
#include "serve/http/reply_flow.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_lingering.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"

/* The head of the request may still be at the start of the scratch. */
_Static_assert(TRANSPORT_READ_MIN + REPLY_FLOW_PIECE <= BRIDGE_BUFFER,
               "the scratch holds the last read and a piece of the answer");

/* ---- header fields and counters of an answer ---- */

static const char *date(struct session_env *env)
{
    struct session_date *date = &env->date;
    time_t now = time(NULL);
    if (date->at != now)
        http_date_format(now, date->text);
    date->at = now;
    return date->text;
}

static struct reply_terms terms_of(struct session *session)
{
    const struct session_entry *entry = session->entry;
    struct reply_terms terms = {
        .date = date(session->env),
        .keep = entry && entry->keep,
        .head_only = entry && entry->opening.head_only,
    };
    if (session->route) {
        size_t route = (size_t)(session->route - session->site->config->routes);
        const struct site_route *own = &session->site->routes[route];
        terms.lines = (struct slice){own->field_lines, own->field_length};
    }
    return terms;
}

static void count_answer(struct session *session, unsigned status)
{
    enum metric class = status < 300   ? METRICS_requests_2xx
                        : status < 400 ? METRICS_requests_3xx
                        : status < 500 ? METRICS_requests_4xx
                                       : METRICS_requests_5xx;
    metrics_add(&session->env->metrics.counter[class], 1);
}

/* ---- the end of an answer ---- */

static void log_request(const struct session *session)
{
    const struct session_entry *entry = session->entry;
    struct log_line line;
    log_begin(&line, REASON_DEBUG, "request");
    if (!line.active)
        return;
    session_log_parties(session, &line);
    log_text(&line, "method", entry->method);
    const char *path = session_token_public_path(session);
    if (path)
        log_text(&line, "path", path);
    log_number(&line, "status", entry->status);
    log_number(&line, "bytes", reply_flow_body_sent(entry->flow));
    log_number(&line, "duration_ms", session_now(session) - entry->asked_at);
    log_end(&line);
}

/* Waits for the next request. */
static void await_next(struct session *session)
{
    struct session_entry *entry = session->entry;
    session_state_step(session, LIFE_SENT);
    session_entry_reset(entry);
    session_arm(session, session_facts_limits(session)->keep_alive_ms);
    /* Pipelined bytes are already read, so epoll does not report them. */
    unsigned held = opening_has_pending(&entry->opening) ? WATCH_WRITE : 0;
    watch_want(session->client_watch, WATCH_READ | held);
}

static void taken(struct session *session)
{
    struct session_entry *entry = session->entry;
    log_request(session);
    count_answer(session, entry->status);
    route_stats_end(&session->stats, (enum reason)entry->answer, 0);
    reply_flow_free(entry->flow);
    entry->flow = NULL;
    if (entry->keep && !session->env->retiring)
        await_next(session);
    else
        session_lingering_begin(session, LIFE_SENT_LAST, session_entry_outcome(session), NULL, 0);
}

/* ---- sending ---- */

static void move(struct session *session)
{
    struct session_entry *entry = session->entry;
    uint32_t timeout = session_facts_limits(session)->reply_timeout_ms;
    uint64_t before = reply_flow_sent(entry->flow);
    struct io io = reply_flow_turn(entry->flow, session->client,
                                   session->env->scratch->buffer + TRANSPORT_READ_MIN);
    switch ((enum io_status)io.status) {
    case IO_OK:
        taken(session);
        return;
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_WRITE);
        watch_moved(session->client_watch, reply_flow_sent(entry->flow) - before, false);
        if (before == 0 || reply_flow_sent(entry->flow) != before) {
            entry->unsent_known = false;
            session_arm_first_check(session, timeout);
        }
        return;
    case IO_WANT_READ:
    case IO_EOF:
    case IO_FAIL:
        session_end_now(session, (enum reason)io.reason);
        return;
    }
}

/* Whether another request may follow: the client allows it, and neither process nor site ends. */
static bool may_stay(const struct session *session)
{
    return session->entry->keep && !session->env->retiring &&
           session_facts_limits(session)->keep_alive_ms > 0 && !site_is_superseded(session->site);
}

void session_reply_send(struct session *session, const struct reply *reply)
{
    struct session_entry *entry = session->entry;
    entry->keep = may_stay(session);
    struct reply_terms terms = terms_of(session);
    entry->status = (uint16_t)reply->status;
    entry->answer = (uint8_t)(reply->reason ? reply->reason : REASON_answered);
    /* A connection that probed is logged for that, also after a good request. */
    if (!session_extra_of(session)->refused ||
        (reply->reason && session->automatic != reply->reason))
        entry->outcome = entry->answer;
    entry->flow = reply_flow_create(reply, &terms);
    if (!entry->flow) {
        session_end_now(session, REASON_out_of_memory);
        return;
    }
    session_state_step(session, LIFE_ANSWERING);
    move(session);
}

void session_reply_fail(struct session *session, enum reason reason)
{
    struct reply reply = reply_refusal(reason);
    session_reply_send(session, &reply);
}

void session_reply_turn(struct session *session)
{
    move(session);
}

/* ---- refusals ---- */

/* Sends the last answer of the connection; out of memory: only FIN. */
static void refuse_last(struct session *session, const struct reply *reply)
{
    bool dialling = session->state == LIFE_DIALLING;
    struct reply_terms terms = terms_of(session);
    size_t length = 0;
    terms.keep = false;
    char *bytes = reply_build(reply, &terms, &length);
    count_answer(session, reply->status);
    session_lingering_begin(session, dialling ? LIFE_TARGET_FAILED : LIFE_REFUSED, reply->reason,
                            bytes, length);
    free(bytes);
}

/* Refusals after which the request's end is known, so that another one may follow. */
static bool may_go_on(const struct session *session, enum reason reason)
{
    const struct session_entry *entry = session->entry;
    bool harmless = reason == REASON_http_no_route || reason == REASON_http_method ||
                    reason == REASON_http_not_upgrade ||
                    (reason == REASON_auth_required && !entry->admission.is_upgrade);
    bool reading = session->state == LIFE_HEAD || session->state == LIFE_LOOKING_UP;
    return harmless && reading && entry->keep;
}

void session_reply_refuse_with(struct session *session, const struct reply *reply)
{
    if (may_go_on(session, reply->reason)) {
        session_reply_send(session, reply);
        return;
    }
    refuse_last(session, reply);
    reply_release(reply);
}

void session_reply_refuse(struct session *session, enum reason reason)
{
    if (reason_row(reason)->http_status == 0 || session_facts_listener(session)->raw) {
        session_end_now(session, reason);
        return;
    }
    struct reply reply = reply_refusal(reason);
    struct config_header allow = {"Allow", "GET"};
    if (reply.status == 405) { /* RFC 9110 section 10.2.1: the methods of the resource */
        allow.value = admission_methods(session_facts_listener(session), session->route);
        reply.fields = &allow;
        reply.field_count = 1;
    }
    session_reply_refuse_with(session, &reply);
}

/* ---- asynchronous answers ---- */

struct session_wait *session_reply_wait(struct session *session)
{
    struct session_wait *wait = malloc(sizeof(*wait));
    if (!wait) {
        session_reply_fail(session, REASON_out_of_memory);
        return NULL;
    }
    *wait = (struct session_wait){.session = session};
    session_state_wait(session, wait, LIFE_ASKED, session_facts_limits(session)->reply_timeout_ms);
    return wait;
}

void session_reply_wait_long(struct session *session, uint64_t milliseconds)
{
    session_arm(session, milliseconds);
    watch_want(session->client_watch, WATCH_READ);
}

/* A client that has sent another request is there: it is watched no more. */
void session_reply_check_client(struct session *session)
{
    watch_want(session->client_watch, 0);
    if (session->state == LIFE_WAITING && socket_is_gone(session->fd))
        session_end_now(session, REASON_client_reset);
}

bool session_reply_is_abandoned(const struct session_wait *wait)
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

/* ---- deadlines and the last answer ---- */

static void give_up_waiting(struct session *session)
{
    session_entry_abandon(session->entry);
    session->entry->keep = false;
    session_reply_fail(session, REASON_answer_timeout);
}

/*
 * Nothing was written since the last tick. The kernel may hold megabytes that a slow but steady
 * reader acknowledges. No ACKs since the last tick: the reader has stalled.
 */
void session_reply_tick(struct session *session)
{
    struct session_entry *entry = session->entry;
    if (session->state == LIFE_WAITING) {
        if (!session_entry_last_turn(session))
            give_up_waiting(session);
        return;
    }
    uint64_t unsent = socket_unsent(session->fd);
    if (entry->unsent_known && entry->unsent == unsent) {
        session_end_now(session, REASON_client_stalled);
        return;
    }
    entry->unsent = unsent;
    entry->unsent_known = true;
    session_arm(session, session_facts_limits(session)->reply_timeout_ms);
}

void session_reply_hang_up(struct session *session)
{
    session_lingering_begin(session, LIFE_REFUSED, session_entry_outcome(session), NULL, 0);
}

bool session_reply_is_last(const struct session *session)
{
    bool at_work = session->state == LIFE_WAITING || session->state == LIFE_REPLYING;
    return at_work && !session->entry->keep;
}

void session_reply_make_last(struct session *session)
{
    session->entry->keep = false;
}
