#include "serve/session_token.h"

#include "core/token_find.h"

static enum reason look_up(struct session *session, struct slice token)
{
    struct session_entry *entry = session->entry;
    struct token_store *store = session->site->routes[entry->match.route].tokens;
    entry->place = malloc(sizeof(*entry->place));
    if (!entry->place)
        return REASON_out_of_memory;
    enum reason reason = token_store_find(store, token, entry->place);
    if (reason != REASON_none && entry->place->detail[0] != '\0')
        session_base_detail(session, entry->place->detail);
    return reason;
}

enum reason session_token_look_up(struct session *session, const struct http_head *head)
{
    const struct config_route *route = session->route;
    const struct token_request request = {head, session->entry->match.path, route->path};
    char text[TOKEN_MAX];
    struct slice token;
    enum reason reason = REASON_none;
    if (!route->tokens.file)
        return REASON_none;
    switch (token_find_in(route->tokens.from, &request, text, &token)) {
    case TOKEN_FIND_FOUND:
        reason = look_up(session, token);
        break;
    case TOKEN_FIND_NONE:
        reason = REASON_token_missing;
        break;
    case TOKEN_FIND_LONG:
        reason = REASON_token_unknown;
        break;
    }
    explicit_bzero(text, sizeof(text));
    return reason;
}

static bool are_in_path(const struct config_tokens *tokens)
{
    return tokens->file && strcmp(tokens->from, "path") == 0;
}

const char *session_token_public_path(const struct session *session)
{
    const struct config *config = session->site->config;
    const struct config_route *route = session->route;
    if (route)
        return are_in_path(&route->tokens) ? route->path : session->entry->path;
    /* Was it meant for a route with tokens? Nobody knows. */
    for (size_t i = 0; i < config->route_count; i++)
        if (are_in_path(&config->routes[i].tokens))
            return NULL;
    return session->entry->path;
}
