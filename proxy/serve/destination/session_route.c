#include "serve/destination/session_route.h"

#include "codec/http/uri.h"
#include "config/model/pattern.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/site/site.h"

/* ---- the logout of a route ---- */

#define LOGOUT "/logout"

static bool has_login(const struct session *session, size_t index)
{
    const struct config_route *route = &session->site->config->routes[index];
    return config_auth_login(config_auth_of(session_facts_listener(session), route)) != NULL;
}

static size_t count_segments(struct slice path)
{
    size_t count = 0;
    for (size_t i = 0; i < path.len; i++)
        count += path.ptr[i] == '/';
    return count;
}

/* Is it the part behind the prefix of the route that was found? */
static bool is_below(const struct session *session, const struct route_match *match)
{
    const char *pattern = session->site->config->routes[match->route].path;
    return pattern_is_prefix(pattern) && has_login(session, match->route) &&
           count_segments(match->path) == count_segments(slice_of(pattern));
}

/*
 * PATH/logout of a route with a login. A route of exactly that path comes first; then that of PATH;
 * then the one whose prefix it is behind.
 */
static void match_logout(struct session *session, struct slice host, struct slice path,
                         enum reason *reason)
{
    struct session_entry *entry = session->entry;
    const struct config_route *routes = session->site->config->routes;
    struct route_match own;
    bool found = *reason == REASON_none;
    if (found && !pattern_is_prefix(routes[entry->match.route].path))
        return;
    path.len -= strlen(LOGOUT);
    if (path.len == 0)
        path = SLICE("/");
    if (route_match(session->site->table, session->listener, host, path, &own) == REASON_none &&
        !pattern_is_prefix(routes[own.route].path) && has_login(session, own.route)) {
        entry->match = own;
        entry->is_logout = true;
        *reason = REASON_none;
    } else {
        entry->is_logout = found && is_below(session, &entry->match);
    }
}

/* A WebSocket logs nobody out: its request is one for a session, and needs a login. */
static bool may_be_logout(const struct http_head *head, struct slice path)
{
    static const struct slice end = {LOGOUT, sizeof(LOGOUT) - 1};
    return path.len >= end.len && slice_equal(slice_from(path, path.len - end.len), end) &&
           !http_head_lists(head, SLICE("Upgrade"), SLICE("websocket"));
}

/* ---- the route ---- */

/* A folder of files is found without its last "/" as well; the answer redirects to the "/". */
static enum reason match_route(struct session *session, const struct http_head *head,
                               struct slice path)
{
    struct slice host = head->host;
    struct session_entry *entry = session->entry;
    const struct route_table *table = session->site->table;
    enum reason reason = route_match(table, session->listener, host, path, &entry->match);
    if (may_be_logout(head, path))
        match_logout(session, host, path, &reason);
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

static void set_route(struct session *session, const struct config_route *route)
{
    session->route = route;
    route_stats_enter(&session->stats, session->site->routes[session->entry->match.route].stats,
                      session->env->number, &session->env->metrics);
}

enum reason session_route_find(struct session *session, const struct http_head *head)
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
    reason = match_route(session, head, path);
    if (reason != REASON_none)
        return reason;
    set_route(session, &config->routes[entry->match.route]);
    return REASON_none;
}

void session_route_take_raw(struct session *session)
{
    const struct config_route *route = session->site->listeners[session->listener].raw;
    session->entry->match =
        (struct route_match){.route = (uint32_t)(route - session->site->config->routes)};
    set_route(session, route);
}

enum reason session_route_enter(struct session *session)
{
    const struct config_route *route = session->route;
    struct limits_usage *usage = &session->usage;
    enum reason reason = limits_enter_route(
        usage, session->site->routes[session->entry->match.route].counter, route->max_sessions);
    const char *user = session_extra_of(session)->user;
    if (reason != REASON_none || !user || route->max_sessions_per_user == 0)
        return reason;
    reason = limits_enter_user(usage, config_route_name(route), user, route->max_sessions_per_user);
    if (reason != REASON_none)
        limits_leave_route(usage);
    return reason;
}
