#include "serve/stages/session_request.h"

#include "serve/destination/session_route.h"
#include "serve/destination/session_token.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/site/site.h"
#include "serve/stages/session_auth.h"
#include "serve/stages/session_connect.h"
#include "serve/stages/session_http.h"
#include "serve/stages/session_refusal.h"
#include "serve/stages/session_reply.h"

/* A client that pipelines requests must not starve the others. */
#define REQUESTS_PER_TURN 16
/* The deadline of a request over a limit. */
#define OVER_LIMIT_MS 2000

static void begin(struct session *session, const struct http_head *head)
{
    struct session_entry *entry = session->entry;
    size_t length =
        head->method.len < sizeof(entry->method) ? head->method.len : sizeof(entry->method) - 1;
    memcpy(entry->method, head->method.ptr, length);
    entry->method[length] = '\0';
    entry->keep = opening_may_stay(head, false);
    entry->asked_at = session_now(session);
    session->route = NULL;
    session_extra_forget_request(session);
}

/* Targets that speak WebSocket, and have no subprotocols of their own: they get the client's. */
static bool passes_offers(const struct config_route *route)
{
    for (size_t i = 0; i < route->target_count; i++)
        if (!route->targets[i].ws.path || route->targets[i].ws.subprotocols.count > 0)
            return false;
    return route->target_count > 0;
}

static enum reason prepare_upgrade(struct session *session, const struct opening_request *request)
{
    const struct config_route *route = session->route;
    struct session_entry *entry = session->entry;
    const struct site_route *own = &session->site->routes[entry->match.route];
    bool passes = passes_offers(route);
    struct opening_terms terms = {
        .subprotocols = route->subprotocols.items,
        .subprotocol_count = route->subprotocols.count,
        .target_chooses = passes && route->connect == CONFIG_CONNECT_FIRST,
        .target_is_told = passes && route->connect == CONFIG_CONNECT_AFTER_UPGRADE,
        .fields = {own->field_lines, own->field_length},
    };
    return opening_upgrade(&entry->opening, request, &terms) == OPENING_REFUSED
               ? entry->opening.refusal
               : REASON_none;
}

static enum reason keep_host(struct session *session, const struct http_head *head)
{
    session->entry->host = slice_copy(head->host);
    return session->entry->host ? REASON_none : REASON_out_of_memory;
}

/* ---- admission ---- */

/* Enters or leaves a counter. */
static enum reason count(struct session *session, enum admission_step step)
{
    const struct site *site = session->site;
    const struct config_limits *limits = session_facts_limits(session);
    struct limits_usage *usage = &session->usage;
    switch (step) {
    case ADMISSION_COUNT_CONNECTION:
        return limits_enter(usage, limits->max_connections,
                            site->listeners[session->listener].counter,
                            session_facts_listener(session)->max_connections);
    case ADMISSION_COUNT_OVER_LIMIT:
        return limits_enter_over_limit(site->shared.limits, usage, site->plan.over_limit)
                   ? REASON_none
                   : REASON_too_many_process;
    case ADMISSION_COUNT_ADDRESS:
        return limits_enter_address(usage, session->client_address.ip.address, limits,
                                    session_now(session));
    case ADMISSION_COUNT_ROUTE:
        return session_route_enter(session);
    default: /* ADMISSION_LEAVE_ADDRESS */
        limits_leave_address(usage);
        return REASON_none;
    }
}

static enum reason do_step(struct session *session, enum admission_step step,
                           const struct opening_request *request)
{
    switch (step) {
    case ADMISSION_FIND_ROUTE:
        if (admission_is_over_limit(&session->entry->admission))
            session->entry->keep = false;
        return session_route_find(session, &request->head);
    case ADMISSION_PREPARE_UPGRADE:
        return prepare_upgrade(session, request);
    case ADMISSION_KEEP_HEAD:
        return keep_host(session, &request->head);
    default:
        return count(session, step);
    }
}

static struct admission_facts facts_of(struct session *session,
                                       const struct opening_request *request)
{
    return (struct admission_facts){
        .client = &session->client_address,
        .tls = session_facts_is_tls(session),
        .head = request ? &request->head : NULL,
        .route = session->route,
    };
}

static bool takes_time(enum admission_step step)
{
    return step == ADMISSION_READ_BODY || step == ADMISSION_AUTHENTICATE ||
           step == ADMISSION_FIND_TOKEN;
}

/* The verdict on the step that was asked for. `request` NULL: not read yet, or freed. */
static enum admission_step resume(struct session *session, enum reason verdict,
                                  const struct opening_request *request)
{
    struct admission_facts facts = facts_of(session, request);
    return admission_resume(&session->entry->admission, &facts, verdict);
}

/* Runs steps until one is not done here. `request`: as of resume. */
static enum admission_step advance(struct session *session, enum admission_step step,
                                   const struct opening_request *request)
{
    while (admission_asks(step) && !takes_time(step))
        step = resume(session, do_step(session, step, request), request);
    return step;
}

enum reason session_request_verdict(const struct session *session)
{
    return (enum reason)session->entry->admission.verdict;
}

/* Over a limit the deadline is short: places are few, and a health check sends at once. */
static void admit_connection(struct session *session, enum admission_step step)
{
    uint32_t patience = session_facts_limits(session)->handshake_timeout_ms;
    (void)advance(session, step, NULL);
    if (session->usage.over_limit && patience > OVER_LIMIT_MS)
        session_arm(session, OVER_LIMIT_MS);
}

void session_request_count_connection(struct session *session)
{
    const struct descriptors_listener *own = &session->site->listeners[session->listener].terms;
    struct admission_terms terms = {
        .listener = session_facts_listener(session),
        .operators = own->operators,
        .serves_liveness = own->over_limit,
        .over_limit = session->usage.over_limit,
    };
    admit_connection(session, admission_begin(&session->entry->admission, &terms));
}

void session_request_check_client(struct session *session)
{
    struct admission *admission = &session->entry->admission;
    struct admission_facts facts = facts_of(session, NULL);
    if (admission->step == ADMISSION_AWAIT_CLIENT)
        admit_connection(session, admission_client(admission, &facts));
}

/* ---- the verdict ---- */

/* `head` NULL: of an upgrade, and freed. */
static void finish(struct session *session, enum admission_step step, const struct http_head *head)
{
    const struct admission *admission = &session->entry->admission;
    if (step == ADMISSION_REFUSED) {
        session_refusal_send(session, (enum reason)admission->reason, head);
        return;
    }
    session->automatic = REASON_none;
    if (admission->is_upgrade) {
        session_log_forget_refused(session);
        session_connect_begin(session);
    } else if (!session_auth_reply(session)) {
        session_http_reply(session, head);
    }
}

static void token_known_cb(struct session *session, enum reason verdict)
{
    finish(session, advance(session, resume(session, verdict, NULL), NULL), NULL);
}

static void auth_known_cb(struct session *session, const struct http_head *head,
                          enum reason verdict)
{
    enum admission_step step = advance(session, resume(session, verdict, NULL), NULL);
    if (step == ADMISSION_FIND_TOKEN)
        session_token_look_up(session, head, token_known_cb);
    else
        finish(session, step, head);
}

/* The steps behind the route and the body, of which some take time. */
static void go_on(struct session *session, enum admission_step step,
                  const struct opening_request *request)
{
    if (step == ADMISSION_AUTHENTICATE)
        session_auth_ask(session, &request->head, request->body, auth_known_cb);
    else if (step == ADMISSION_FIND_TOKEN)
        session_token_look_up(session, &request->head, token_known_cb);
    else
        finish(session, step, &request->head);
}

void session_request_begin_raw(struct session *session)
{
    session->entry->asked_at = session_now(session);
    session_route_take_raw(session);
    struct admission_facts facts = facts_of(session, NULL);
    enum admission_step step = admission_raw(&session->entry->admission, &facts);
    step = advance(session, step, NULL);
    if (step == ADMISSION_REFUSED)
        session_end_now(session, (enum reason)session->entry->admission.reason);
    else
        session_connect_begin(session);
}

/* ---- the body of a form ---- */

static void body_known(struct session *session, const struct opening_request *request,
                       enum reason verdict)
{
    enum admission_step step = resume(session, verdict, request);
    session->entry->keep = verdict == REASON_none && opening_may_stay(&request->head, true);
    go_on(session, step, request);
}

/* Its deadline is its own, and is not moved by bytes of it. */
static void await_body(struct session *session)
{
    session->entry->head_timed = true;
    session_arm(session, session_facts_limits(session)->handshake_timeout_ms);
    watch_want(session->client_watch, WATCH_READ);
}

static void read_body(struct session *session, struct opening_request *request)
{
    struct opening *opening = &session->entry->opening;
    enum opening_verdict verdict = opening_body(opening, request, ADMISSION_BODY_MAX);
    if (verdict == OPENING_MORE)
        await_body(session);
    else
        body_known(session, request, verdict == OPENING_BODY ? REASON_none : opening->refusal);
}

static void decide(struct session *session, struct opening_request *request)
{
    begin(session, &request->head);
    struct admission_facts facts = facts_of(session, request);
    enum admission_step step = admission_request(&session->entry->admission, &facts);
    step = advance(session, step, request);
    if (step == ADMISSION_READ_BODY)
        read_body(session, request);
    else
        go_on(session, step, request);
}

/* A later request has its own deadline, from its first byte on. */
static void await_rest(struct session *session)
{
    struct session_entry *entry = session->entry;
    watch_want(session->client_watch, WATCH_READ);
    if (entry->outcome == REASON_none || entry->head_timed)
        return;
    entry->head_timed = true;
    session_arm(session, session_facts_limits(session)->handshake_timeout_ms);
}

/*
 * Behind a request that was decided on. True: the answer to a plain one is sent, and bytes of the
 * next request are in memory.
 */
static bool take_next(struct session *session, const struct opening_request *request)
{
    bool waits = session->state == LIFE_LOOKING_UP && !session->entry->admission.is_upgrade;
    bool stays = waits || session->state == LIFE_HEAD || session->state == LIFE_WAITING ||
                 session->state == LIFE_REPLYING;
    if (!stays)
        return false;
    if (!opening_next(&session->entry->opening, request)) {
        session_end_now(session, REASON_out_of_memory);
        return false;
    }
    return session->state == LIFE_HEAD && opening_has_pending(&session->entry->opening);
}

/* The password of a form does not stay in the scratch, which all sessions share. */
static void wipe(const struct session *session, struct slice bytes)
{
    uint8_t *scratch = session->env->scratch->buffer;
    uintptr_t at = (uintptr_t)bytes.ptr, start = (uintptr_t)scratch;
    if (bytes.len > 0 && at >= start && at - start < TRANSPORT_READ_MIN)
        explicit_bzero(scratch + (at - start), bytes.len);
}

/* Returns as take_bytes. */
static bool take_request(struct session *session, struct opening_request *request,
                         const struct io *io)
{
    const struct opening *opening = &session->entry->opening;
    decide(session, request);
    bool more = session->state == LIFE_HEAD && opening_awaits_body(opening)
                    ? !io->drained
                    : take_next(session, request);
    wipe(session, request->body);
    return more;
}

/* False: there is nothing more to do now. */
static bool take_bytes(struct session *session, struct io io, const struct http_limits *limits)
{
    struct opening *opening = &session->entry->opening;
    const char *bytes = (const char *)session->env->scratch->buffer;
    struct opening_request request;
    bool of_body = opening_awaits_body(opening);
    enum opening_verdict verdict = opening_feed(opening, bytes, io.n, limits, &request);
    if (of_body)
        wipe(session, (struct slice){bytes, io.n});
    switch (verdict) {
    case OPENING_MORE:
        if (!of_body)
            await_rest(session);
        return !io.drained;
    case OPENING_REQUEST:
        return take_request(session, &request, &io);
    case OPENING_BODY:
        body_known(session, &request, REASON_none);
        return take_next(session, &request);
    case OPENING_REFUSED:
        session->entry->keep = false;
        session_reply_refuse(session, opening->refusal);
        return false;
    case OPENING_UPGRADE: /* only from opening_upgrade */
        break;
    }
    return false;
}

/*
 * Browsers connect ahead of a request, and may send none; between two requests a client may leave
 * without an error. `reason`: of a client that leaves at another time.
 */
static void client_left(struct session *session, enum reason reason)
{
    enum reason outcome = session_entry_outcome(session);
    bool reset = reason == REASON_client_reset;
    if (session_entry_has_partial_head(session) || (reset && outcome != REASON_none))
        session_end_now(session, reason);
    else
        session_end_now(session, outcome != REASON_none ? outcome : REASON_silent);
}

/* Returns as take_bytes. Reads little, because bytes behind a head are kept during its answer. */
static bool read_once(struct session *session, const struct http_limits *limits)
{
    struct io io =
        transport_read(session->client, session->env->scratch->buffer, TRANSPORT_READ_MIN);
    switch ((enum io_status)io.status) {
    case IO_OK:
        return take_bytes(session, io, limits);
    case IO_WANT_READ:
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_READ);
        return false;
    case IO_EOF:
        client_left(session, REASON_handshake_eof);
        return false;
    case IO_FAIL:
        if (io.reason == REASON_client_reset)
            client_left(session, REASON_client_reset);
        else
            session_end_now(session, io.reason);
        return false;
    }
    return false;
}

void session_request_look_up_failed(struct session *session)
{
    bool token = session->entry->admission.step == ADMISSION_FIND_TOKEN;
    session_log_detail(session, token ? "the disk does not answer in time"
                                      : "no verdict within handshake_timeout");
    session_reply_refuse(session, token ? REASON_token_source : REASON_auth_unavailable);
}

void session_request_read(struct session *session)
{
    /* Over a limit: refuse without reading the request, unless it may be for liveness. */
    enum reason verdict = session_request_verdict(session);
    if (verdict != REASON_none && !session->usage.over_limit) {
        session_reply_refuse(session, verdict);
        return;
    }
    const struct config_limits *limits = session_facts_limits(session);
    struct http_limits http = {limits->head_bytes, limits->head_bytes / 2, limits->head_fields};
    for (int i = 0; i < REQUESTS_PER_TURN; i++) {
        bool more = opening_has_pending(&session->entry->opening)
                        ? take_bytes(session, (struct io){0}, &http)
                        : read_once(session, &http);
        if (!more)
            return;
    }
    /* The turn is over. The next requests are in memory, so epoll must report writability, too. */
    watch_want(session->client_watch, WATCH_READ | WATCH_WRITE);
}
