#include "serve/session_request.h"

#include "codec/uri.h"
#include "core/access.h"
#include "serve/session_answer.h"
#include "serve/session_target.h"
#include "serve/session_token.h"

/* Whether these lists let the client in, wherever it is known to come from. */
static enum reason check_address(const struct session *session, const struct config_cidrs *allow,
                                 const struct config_cidrs *deny)
{
    const struct client_address *client = &session->client_address;
    return access_address(client->known ? client->ip.address : NULL, allow, deny);
}

void session_request_admit(struct session *session)
{
    const struct config_listener *listener = session_base_listener(session);
    const struct client_address *client = &session->client_address;
    enum reason verdict = check_address(session, &listener->allow, &listener->deny);
    if (verdict == REASON_none && client->known)
        verdict = guard_enter_address(&session->pass, client->ip.address,
                                      session_base_limits(session), session_base_now(session));
    session->counted = true;
    session->verdict = (uint8_t)verdict;
}

/* A trusted proxy names its client in the head; before that nobody knows whom to count. */
static enum reason find_client(struct session *session, const struct http_head *head)
{
    const struct config_cidrs *trusted = &session_base_listener(session)->trusted_proxies;
    if (session->counted || session->verdict != REASON_none)
        return session->verdict;
    struct client_address proxy = session->client_address;
    enum reason reason = client_address_find(head, trusted, &proxy, &session->client_address);
    if (reason != REASON_none)
        return reason;
    session_request_admit(session);
    return session->verdict;
}

static enum reason find_route(struct session *session, const struct http_head *head)
{
    struct session_entry *entry = session->entry;
    const struct config *config = session->site->config;
    struct slice path;
    if (!head->path.ptr)
        return REASON_http_no_route;
    entry->path = malloc(URI_NORMAL_MAX(head->path.len) + 1);
    if (!entry->path)
        return REASON_out_of_memory;
    enum reason reason = uri_normalise(head->path, entry->path, &path);
    if (reason != REASON_none)
        return reason;
    entry->path[path.len] = '\0';
    reason = route_match(session->site->table, session->listener, head->host, path, &entry->match);
    if (reason != REASON_none)
        return reason;
    session->route = &config->routes[entry->match.route];
    account_enter(&session->account, session->site->routes[entry->match.route].account,
                  session->env->number, &session->env->metrics);
    return check_address(session, &session->route->allow, &session->route->deny);
}

static enum reason plain_request(const struct http_head *head)
{
    if (!slice_equal(head->method, SLICE("GET")) && !slice_equal(head->method, SLICE("HEAD")))
        return REASON_http_method;
    return head->has_body ? REASON_http_body : REASON_none;
}

static enum reason check_origin(const struct session *session, const struct http_head *head)
{
    unsigned count;
    const struct http_field *origin = http_head_only(head, SLICE("origin"), &count);
    struct slice none = {NULL, 0};
    return access_origin(origin ? origin->value : none, head->host, &session->route->origins);
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
    if (reason == REASON_none)
        reason = session_token_look_up(session, &request->head);
    if (reason == REASON_none)
        reason = guard_enter_route(&session->pass, own->tally, route->max_sessions);
    if (reason != REASON_none)
        return reason;
    entry->host = slice_copy(request->head.host);
    return entry->host ? REASON_none : REASON_out_of_memory;
}

static void judge(struct session *session, const struct opening_request *request)
{
    const struct http_head *head = &request->head;
    enum reason reason = find_client(session, head);
    if (reason == REASON_none)
        reason = find_route(session, head);
    bool bridge = session->route && session->route->kind == CONFIG_KIND_BRIDGE;
    if (reason == REASON_none)
        reason = bridge ? upgrade_request(session, request) : plain_request(head);
    if (reason != REASON_none)
        session_answer_refuse(session, reason);
    else if (bridge)
        session_target_begin(session);
    else
        session_answer_plain(session, head);
}

bool session_request_begun(const struct session *session)
{
    return session->entry->opening.held_length > 0;
}

/* False: nothing more is to be read for now. */
static bool read_once(struct session *session, const struct http_limits *limits)
{
    struct bridge_scratch *scratch = session->env->scratch;
    struct opening_request request;
    struct io io = transport_read(session->client, scratch->buffer, BRIDGE_BUFFER);
    switch ((enum io_status)io.status) {
    case IO_OK:
        break;
    case IO_WANT_READ:
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_READ);
        return false;
    case IO_EOF:
        session_base_die(session, REASON_handshake_eof);
        return false;
    case IO_FAIL:
        session_base_die(session, io.reason);
        return false;
    }
    struct opening *opening = &session->entry->opening;
    switch (opening_feed(opening, (const char *)scratch->buffer, io.n, limits, &request)) {
    case OPENING_MORE:
        watch_want(session->client_watch, WATCH_READ);
        return !io.drained;
    case OPENING_REQUEST:
        judge(session, &request);
        return false;
    case OPENING_REFUSED:
        session_answer_refuse(session, opening->refusal);
        return false;
    case OPENING_UPGRADE: /* a matter of session_request's own */
        break;
    }
    return false;
}

void session_request_read(struct session *session)
{
    /* Whoever is one too many is told at once, and does not stay to be asked what it wants. */
    if (session->verdict != REASON_none) {
        session_answer_refuse(session, (enum reason)session->verdict);
        return;
    }
    const struct config_limits *limits = session_base_limits(session);
    struct http_limits http = {limits->head_bytes, limits->head_bytes / 2, limits->head_fields};
    while (read_once(session, &http))
        ;
}
