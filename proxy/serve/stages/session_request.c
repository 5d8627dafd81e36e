#include "serve/stages/session_request.h"

#include "codec/http/uri.h"
#include "core/access/access.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/site/site.h"
#include "serve/stages/session_connect.h"
#include "serve/stages/session_http.h"
#include "serve/stages/session_reply.h"
#include "serve/stages/session_token.h"

/* One client that asks many things at once must not starve the others. */
#define REQUESTS_PER_TURN 16
/* Over a limit there are few places to be read in, and a probe asks at once. */
#define LATE_MS 2000

/* Whether these lists let the client in, wherever it is known to come from. */
static enum reason check_address(const struct session *session, const struct config_cidrs *allow,
                                 const struct config_cidrs *deny)
{
    const struct client_address *client = &session->client_address;
    return access_address(client->known ? client->ip.address : NULL, allow, deny);
}

/* Limits of clients, which say nothing of whether the process lives. */
static bool is_over_limit(enum reason reason)
{
    return reason == REASON_too_many_process || reason == REASON_too_many_listener ||
           reason == REASON_too_many_address || reason == REASON_rate_limited;
}

void session_request_judged(struct session *session, enum reason verdict)
{
    const struct site *site = session->site;
    uint32_t patience = session_facts_limits(session)->handshake_timeout_ms;
    session->verdict = (uint8_t)verdict;
    if (is_over_limit(verdict) && site->listeners[session->listener].terms.late &&
        !session->pass.late)
        (void)!limits_enter_late(site->shared.limits, &session->pass, site->plan.late);
    if (session->pass.late && patience > LATE_MS)
        session_arm(session, LATE_MS);
}

/* Whose address is known counts there; operators count by their listener alone. */
static enum reason count_address(struct session *session)
{
    const struct client_address *client = &session->client_address;
    if (!client->known || session->site->listeners[session->listener].terms.operators)
        return REASON_none;
    return limits_enter_address(&session->pass, client->ip.address, session_facts_limits(session),
                                session_now(session));
}

void session_request_admit(struct session *session)
{
    const struct config_listener *listener = session_facts_listener(session);
    enum reason verdict = check_address(session, &listener->allow, &listener->deny);
    if (verdict == REASON_none)
        verdict = count_address(session);
    session->counted = true;
    session->verdict = (uint8_t)verdict;
}

static bool is_same_client(const struct client_address *a, const struct client_address *b)
{
    return a->known == b->known &&
           (!a->known || memcmp(a->ip.address, b->ip.address, IP_BYTES) == 0);
}

/*
 * A trusted proxy names its client in the head; before that nobody knows whom to count. The next
 * request on its connection may be another client's.
 */
static enum reason find_client(struct session *session, const struct http_head *head)
{
    const struct config_cidrs *trusted = &session_facts_listener(session)->trusted_proxies;
    struct session_entry *entry = session->entry;
    struct client_address before = session->client_address;
    if (session->verdict != REASON_none || (session->counted && !entry->named))
        return session->verdict;
    if (!entry->named)
        entry->proxy = before;
    entry->named = true;
    enum reason reason =
        client_address_find(head, trusted, &entry->proxy, &session->client_address);
    if (reason != REASON_none)
        return reason;
    if (session->counted && is_same_client(&before, &session->client_address))
        return REASON_none;
    limits_leave_address(&session->pass);
    session_request_admit(session);
    return session->verdict;
}

/* A folder of files that is asked for without its "/" is found, too: it then says where it is. */
static enum reason match_route(struct session *session, struct slice host, struct slice path)
{
    struct session_entry *entry = session->entry;
    const struct route_table *table = session->site->table;
    enum reason reason = route_match(table, session->listener, host, path, &entry->match);
    if (reason != REASON_http_no_route || path.ptr[path.len - 1] == '/')
        return reason;
    entry->path[path.len] = '/';
    path.len++;
    reason = route_match(table, session->listener, host, path, &entry->match);
    entry->path[path.len - 1] = '\0';
    if (reason != REASON_none)
        return reason;
    entry->match.path.len--;
    const struct config_route *route = &session->site->config->routes[entry->match.route];
    return route->kind == CONFIG_KIND_FILES ? REASON_none : REASON_http_no_route;
}

static enum reason find_route(struct session *session, const struct http_head *head)
{
    struct session_entry *entry = session->entry;
    const struct config *config = session->site->config;
    struct slice path;
    if (!head->path.ptr)
        return REASON_http_no_route;
    entry->path = malloc(URI_NORMAL_MAX(head->path.len) + sizeof("/"));
    if (!entry->path)
        return REASON_out_of_memory;
    enum reason reason = uri_normalise(head->path, entry->path, &path);
    if (reason != REASON_none) {
        free(entry->path);
        entry->path = NULL;
        return reason;
    }
    entry->path[path.len] = '\0';
    reason = match_route(session, head->host, path);
    if (reason != REASON_none)
        return reason;
    session->route = &config->routes[entry->match.route];
    route_stats_enter(&session->stats, session->site->routes[entry->match.route].stats,
                      session->env->number, &session->env->metrics);
    return check_address(session, &session->route->allow, &session->route->deny);
}

/* POST is for those that end a session; it has no body either. */
static bool takes_method(const struct config_route *route, struct slice method)
{
    return slice_equal(method, SLICE("GET")) || slice_equal(method, SLICE("HEAD")) ||
           (route->kind == CONFIG_KIND_STATUS && slice_equal(method, SLICE("POST")));
}

static enum reason plain_request(const struct config_route *route, const struct http_head *head)
{
    if (!takes_method(route, head->method))
        return REASON_http_method;
    return head->has_body ? REASON_http_body : REASON_none;
}

/*
 * RFC 9112 section 9.3. Whoever offers an upgrade may already speak another protocol behind the
 * head, and a body that nobody reads would be taken for the next request.
 */
static bool may_ask_again(const struct http_head *head)
{
    unsigned upgrades;
    (void)http_head_only(head, SLICE("Upgrade"), &upgrades);
    return head->minor_version >= 1 && !head->has_body && upgrades == 0 &&
           !http_head_lists(head, SLICE("Connection"), SLICE("close"));
}

/* What is answered beside the bridge, where the route has both. */
static bool is_for_bridge(const struct config_route *route, const struct http_head *head)
{
    if (!route || route->kind != CONFIG_KIND_BRIDGE)
        return false;
    bool page = route->demo || route->files.root;
    return !page || http_head_lists(head, SLICE("Upgrade"), SLICE("websocket"));
}

static void begin(struct session *session, const struct http_head *head)
{
    struct session_entry *entry = session->entry;
    size_t length =
        head->method.len < sizeof(entry->method) ? head->method.len : sizeof(entry->method) - 1;
    memcpy(entry->method, head->method.ptr, length);
    entry->method[length] = '\0';
    entry->keep = may_ask_again(head);
    session->asked_at = session_now(session);
    session->route = NULL;
}

static enum reason check_origin(const struct session *session, const struct http_head *head)
{
    unsigned count;
    const struct http_field *origin = http_head_only(head, SLICE("origin"), &count);
    struct slice none = {NULL, 0};
    return access_origin(origin ? origin->value : none, head->host,
                         session_facts_is_secure(session, head), &session->route->origins);
}

static enum reason upgrade_request(struct session *session, const struct opening_request *request)
{
    const struct config_route *route = session->route;
    struct session_entry *entry = session->entry;
    const struct site_route *own = &session->site->routes[entry->match.route];
    struct opening_terms terms = {
        .subprotocols = route->subprotocols.items,
        .subprotocol_count = route->subprotocols.count,
        .fields = {own->field_lines, own->field_length},
    };
    if (opening_upgrade(&entry->opening, request, &terms) == OPENING_REFUSED)
        return entry->opening.refusal;
    enum reason reason = check_origin(session, &request->head);
    if (reason == REASON_origin_refused)
        session_log_detail(session,
                           "the page's host is not the Host that was asked for, or the page "
                           "came without TLS: list its origin in origins, or let a proxy "
                           "in front pass Host on");
    if (reason != REASON_none)
        return reason;
    entry->host = slice_copy(request->head.host);
    return entry->host ? REASON_none : REASON_out_of_memory;
}

/* Over a limit liveness is answered, and nothing else; then the connection ends. */
static enum reason find_liveness(struct session *session, const struct http_head *head,
                                 enum reason verdict)
{
    session->entry->keep = false;
    bool found = find_route(session, head) == REASON_none;
    return found && session->route->health == CONFIG_HEALTH_LIVE ? REASON_none : verdict;
}

/* Its target is known, or why there is none. */
static void admit_upgrade(struct session *session, enum reason reason)
{
    const struct site_route *own = &session->site->routes[session->entry->match.route];
    if (reason == REASON_none)
        reason = limits_enter_route(&session->pass, own->counter, session->route->max_sessions);
    if (reason == REASON_none)
        session_connect_begin(session);
    else
        session_reply_refuse(session, reason);
}

static void judge(struct session *session, const struct opening_request *request)
{
    const struct http_head *head = &request->head;
    begin(session, head);
    enum reason reason = find_client(session, head);
    if (reason == REASON_none)
        reason = find_route(session, head);
    else if (is_over_limit(reason))
        reason = find_liveness(session, head, reason);
    bool bridge = is_for_bridge(session->route, head);
    if (reason == REASON_none)
        reason = bridge ? upgrade_request(session, request) : plain_request(session->route, head);
    if (reason != REASON_none)
        session_reply_refuse(session, reason);
    else if (bridge)
        session_token_look_up(session, head, admit_upgrade);
    else
        session_http_plain(session, head);
}

bool session_request_begun(const struct session *session)
{
    return session->entry->opening.held_length > 0;
}

/* The part of a head that has come waits for the rest. */
static void await_rest(struct session *session)
{
    struct session_entry *entry = session->entry;
    watch_want(session->client_watch, WATCH_READ);
    if (entry->outcome == REASON_none || entry->head_timed)
        return;
    entry->head_timed = true;
    session_arm(session, session_facts_limits(session)->handshake_timeout_ms);
}

/* True: a plain request was answered, or will be, and the next one may be looked at. */
static bool judge_plain_or_upgrade(struct session *session, const struct opening_request *request)
{
    judge(session, request);
    bool stays = session->state == LIFE_HEAD || session->state == LIFE_WAITING ||
                 session->state == LIFE_REPLYING;
    if (!stays)
        return false;
    if (!opening_next(&session->entry->opening, request)) {
        session_end_now(session, REASON_out_of_memory);
        return false;
    }
    return session->state == LIFE_HEAD && opening_pending(&session->entry->opening);
}

/* False: nothing more is to be looked at for now. */
static bool feed(struct session *session, struct io io, const struct http_limits *limits)
{
    struct opening *opening = &session->entry->opening;
    const char *bytes = (const char *)session->env->scratch->buffer;
    struct opening_request request;
    switch (opening_feed(opening, bytes, io.n, limits, &request)) {
    case OPENING_MORE:
        await_rest(session);
        return !io.drained;
    case OPENING_REQUEST:
        return judge_plain_or_upgrade(session, &request);
    case OPENING_REFUSED:
        session->entry->keep = false;
        session_reply_refuse(session, opening->refusal);
        return false;
    case OPENING_UPGRADE: /* a matter of session_request's own */
        break;
    }
    return false;
}

/* Whoever has had answers may leave between two requests. */
static void client_left(struct session *session)
{
    bool well = session->entry->outcome != REASON_none && !session_request_begun(session);
    session_end_now(session, well ? session_entry_outcome(session) : REASON_handshake_eof);
}

/* Likewise. Small reads: what came behind the head is kept while that is answered. */
static bool read_once(struct session *session, const struct http_limits *limits)
{
    struct io io =
        transport_read(session->client, session->env->scratch->buffer, TRANSPORT_READ_MIN);
    switch ((enum io_status)io.status) {
    case IO_OK:
        return feed(session, io, limits);
    case IO_WANT_READ:
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_READ);
        return false;
    case IO_EOF:
        client_left(session);
        return false;
    case IO_FAIL:
        session_end_now(session, io.reason);
        return false;
    }
    return false;
}

void session_request_read(struct session *session)
{
    /* Over a limit: refuse without reading the request, unless it may be for liveness. */
    if (session->verdict != REASON_none && !session->pass.late) {
        session_reply_refuse(session, (enum reason)session->verdict);
        return;
    }
    const struct config_limits *limits = session_facts_limits(session);
    struct http_limits http = {limits->head_bytes, limits->head_bytes / 2, limits->head_fields};
    for (int i = 0; i < REQUESTS_PER_TURN; i++) {
        bool more = opening_pending(&session->entry->opening) ? feed(session, (struct io){0}, &http)
                                                              : read_once(session, &http);
        if (!more)
            return;
    }
    /* Its turn is over; what it asked besides is in our hands, and no descriptor tells of it. */
    watch_want(session->client_watch, WATCH_READ | WATCH_WRITE);
}
