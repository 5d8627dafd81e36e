#include "serve/stages/session_token.h"

#include "core/tokens/token_find.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/tokens/file/token_store.h"

/* A look-up that waits for a refresh of the tokens. */
struct search {
    struct session_wait wait; /* the session's entry points to it */
    struct token_waiter waiter;
    struct token_store *store;
    session_token_cb *known;
    size_t length;
    char token[]; /* a secret */
};

static enum reason find(struct session *session, struct token_store *store, struct slice token)
{
    struct session_entry *entry = session->entry;
    entry->destination = malloc(sizeof(*entry->destination));
    if (!entry->destination)
        return REASON_out_of_memory;
    enum reason reason = token_store_find(store, token, entry->destination);
    if (reason != REASON_none && entry->destination->detail[0] != '\0')
        session_log_detail(session, entry->destination->detail);
    return reason;
}

static void free_search(struct search *search)
{
    explicit_bzero(search->token, search->length);
    free(search);
}

static void abandon(void *producer)
{
    struct search *search = producer;
    token_store_leave(search->store, &search->waiter);
    free_search(search);
}

static void refreshed_cb(struct token_waiter *waiter)
{
    struct search *search = WSL_CONTAINER(waiter, struct search, waiter);
    struct session *session = search->wait.session;
    session_token_cb *known = search->known;
    session->entry->wait = NULL;
    enum reason reason =
        find(session, search->store, (struct slice){search->token, search->length});
    free_search(search);
    known(session, reason);
}

/* False: out of memory. */
static bool wait_for(struct session *session, struct token_store *store, struct slice token,
                     session_token_cb *known)
{
    struct search *search = malloc(sizeof(*search) + token.len);
    if (!search)
        return false;
    search->wait = (struct session_wait){session, abandon, search};
    search->store = store;
    search->known = known;
    search->length = token.len;
    memcpy(search->token, token.ptr, token.len);
    session->entry->wait = &search->wait;
    session->entry->overdue = false;
    session_state_step(session, LIFE_LOOK_UP);
    session_arm(session, session_facts_limits(session)->handshake_timeout_ms);
    watch_want(session->client_watch, 0);
    token_store_wait(store, &session->env->lane, &search->waiter, refreshed_cb);
    return true;
}

static void look_up(struct session *session, struct slice token, session_token_cb *known)
{
    struct token_store *store = session->site->routes[session->entry->match.route].tokens;
    if (token_store_is_current(store))
        known(session, find(session, store, token));
    else if (!wait_for(session, store, token, known))
        known(session, REASON_out_of_memory);
}

void session_token_look_up(struct session *session, const struct http_head *head,
                           session_token_cb *known)
{
    const struct config_route *route = session->route;
    const struct token_request request = {head, session->entry->match.path, route->path};
    char text[TOKEN_MAX];
    struct slice token;
    switch (token_find_in(route->tokens.from, &request, text, &token)) {
    case TOKEN_FIND_FOUND:
        look_up(session, token, known);
        break;
    case TOKEN_FIND_NONE:
        known(session, REASON_token_missing);
        break;
    case TOKEN_FIND_LONG:
        known(session, REASON_token_unknown);
        break;
    }
    explicit_bzero(text, sizeof(text));
}

bool session_token_may_be_in_host(const struct session *session)
{
    return session->site->token_parts & TOKEN_IN_HOST;
}

/* The "?" of a link may be escaped by mistake, once or twice. */
static bool has_query(const char *path)
{
    return path && (strcasestr(path, "%3F") || strcasestr(path, "%253F"));
}

const char *session_token_public_path(const struct session *session)
{
    const struct config_route *route = session->route;
    const char *path = session->entry->path;
    unsigned all = session->site->token_parts, own = all;
    if (route)
        own = route->tokens.file ? token_find_parts(route->tokens.from) : 0;
    if (!(own & TOKEN_IN_PATH) && !((all & TOKEN_IN_QUERY) && has_query(path)))
        return path;
    return route ? route->path : NULL;
}
