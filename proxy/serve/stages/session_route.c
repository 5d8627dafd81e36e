#include "serve/stages/session_route.h"

#include "codec/http/uri.h"
#include "serve/session/session_entry.h"
#include "serve/site/site.h"

/* A folder of files is found without its last "/" as well; the answer redirects to the "/". */
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
    reason = match_route(session, head->host, path);
    if (reason != REASON_none)
        return reason;
    session->route = &config->routes[entry->match.route];
    route_stats_enter(&session->stats, session->site->routes[entry->match.route].stats,
                      session->env->number, &session->env->metrics);
    return REASON_none;
}
