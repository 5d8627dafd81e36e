#include "serve/destination/session_token.h"

#include <time.h>

#include "core/tokens/resolver_answer.h"
#include "core/tokens/token_find.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/tokens/token_source.h"

/* A look-up; the session's entry points to `wait` while it waits. */
struct search {
    struct session_wait wait;
    struct token_wait token_wait;
    struct token_source *source;
    session_token_cb *known;
};

/* What the service that named the target says of the session. A known user keeps the name. */
static enum reason take_terms(struct session *session, struct token_destination *destination)
{
    const struct resolver_answer *answer = destination->answer;
    if (!answer)
        return REASON_none;
    if (answer->record[0] != '\0' && !session->route->record) {
        snprintf(destination->detail, sizeof(destination->detail),
                 "the answer wants a recording, but the route has no record");
        return REASON_token_source;
    }
    if (answer->expires != 0 && answer->expires <= (int64_t)time(NULL)) {
        snprintf(destination->detail, sizeof(destination->detail),
                 "the answer's time (expires) is over");
        return REASON_token_refused;
    }
    struct session_extra *extra = session_extra_make(session);
    if (!extra)
        return REASON_out_of_memory;
    extra->max_duration_ms = answer->max_duration_ms;
    extra->idle_timeout_ms = answer->idle_timeout_ms;
    if (answer->expires != 0 && (extra->expires_at == 0 || answer->expires < extra->expires_at))
        extra->expires_at = answer->expires;
    if (answer->user[0] == '\0' || extra->user)
        return REASON_none;
    extra->user = strdup(answer->user);
    return extra->user ? REASON_none : REASON_out_of_memory;
}

/* Out of memory: the log line lacks it. */
static void note_choice(struct session *session, const char *chosen_by)
{
    struct session_extra *extra = chosen_by ? session_extra_make(session) : session->extra;
    if (extra)
        extra->chosen_by = chosen_by;
}

/* Ends the look-up. */
static void conclude(struct search *search, enum reason reason)
{
    struct session *session = search->wait.session;
    session_token_cb *known = search->known;
    struct token_destination *destination = search->token_wait.destination;
    const char *detail = destination->detail;
    free(search);
    note_choice(session, destination->chosen_by);
    if (reason == REASON_none)
        reason = take_terms(session, destination);
    if (reason != REASON_none && detail[0] != '\0')
        session_log_detail(session, detail);
    known(session, reason);
}

static void abandon(void *producer)
{
    struct search *search = producer;
    token_source_leave(search->source, &search->token_wait);
    free(search);
}

static void answered_cb(struct token_wait *wait, enum reason reason)
{
    struct search *search = WSL_CONTAINER(wait, struct search, token_wait);
    search->wait.session->entry->wait = NULL;
    conclude(search, reason);
}

static struct search *begin(struct session *session, session_token_cb *known)
{
    struct session_entry *entry = session->entry;
    struct session_env *env = session->env;
    struct search *search = malloc(sizeof(*search));
    entry->destination = calloc(1, sizeof(*entry->destination));
    if (!search || !entry->destination) {
        free(search);
        return NULL;
    }
    *search = (struct search){
        .wait = {session, abandon, search},
        .token_wait.destination = entry->destination,
        .token_wait.answered = answered_cb,
        .source = session->site->routes[entry->match.route].tokens,
        .known = known,
    };
    search->token_wait.loop = (struct token_loop){
        .lane = &env->lane,
        .dial = {&env->watches, env->resolver, &env->tls_scratch, &env->attempts},
        .http = env->http,
        .worker = env->number,
    };
    return search;
}

static void look_up(struct session *session, const struct http_head *head, struct slice token,
                    session_token_cb *known)
{
    const struct token_question question = {
        .token = token,
        .chosen_by = session->entry->chosen_by,
        .head = head,
        .route = session->route,
        .client = &session->client_address,
        .path = session->entry->match.path,
        .user = slice_of(session_extra_of(session)->user),
        .secure = session_facts_is_secure(session, head),
    };
    struct search *search = begin(session, known);
    enum reason reason;
    if (!search)
        known(session, REASON_out_of_memory);
    else if (token_source_find(search->source, &question, &search->token_wait, &reason))
        conclude(search, reason);
    else
        session_state_wait(session, &search->wait, LIFE_LOOK_UP,
                           session_facts_limits(session)->handshake_timeout_ms);
}

/* The route's auth has come before. */
static void look_up_chosen(struct session *session, const struct http_head *head,
                           session_token_cb *known)
{
    const char *chosen = session->entry->chosen;
    if (chosen) {
        look_up(session, head, slice_of(chosen), known);
        return;
    }
    session_log_detail(session, "auth has named no target");
    known(session, REASON_token_missing);
}

static void look_up_token(struct session *session, const struct http_head *head,
                          session_token_cb *known)
{
    const struct config_route *route = session->route;
    const struct token_request request = {.head = head,
                                          .path = session->entry->match.path,
                                          .pattern = route->path,
                                          .user = slice_of(session_extra_of(session)->user)};
    char text[TOKEN_MAX];
    struct slice token;
    switch (token_find_first(&route->tokens.from, &request, text, &token)) {
    case TOKEN_FIND_FOUND:
        look_up(session, head, token, known);
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

void session_token_look_up(struct session *session, const struct http_head *head,
                           session_token_cb *known)
{
    if (session->route->tokens.auth)
        look_up_chosen(session, head, known);
    else
        look_up_token(session, head, known);
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
        own = config_route_has_tokens(route) ? token_find_all_parts(&route->tokens.from) : 0;
    if (!(own & TOKEN_IN_PATH) && !((all & TOKEN_IN_QUERY) && has_query(path)))
        return path;
    return route ? route->path : NULL;
}
