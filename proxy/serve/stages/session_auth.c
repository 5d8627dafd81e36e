#include "serve/stages/session_auth.h"

#include "base/log/log.h"
#include "base/text/secret.h"
#include "net/tls/tls.h"
#include "serve/auth/auth_list.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/stages/session_drain.h"
#include "serve/stages/session_reply.h"
#include "serve/status/kill_request.h"

struct session_auth {
    struct session_wait wait; /* the session's entry points to it while it waits */
    struct auth_pass pass;
    struct auth_question question;
    struct tls_facts tls;
    struct http_head *head; /* owned; NULL: nothing has waited */
    char *body;             /* owned; likewise. A form, which may hold secrets */
    session_auth_cb *known;
};

static void release(struct session_auth *auth)
{
    auth_list_close(&auth->pass);
    secret_free(auth->body, auth->question.body.len);
    http_head_free(auth->head);
    free(auth);
}

/* ---- the verdict ---- */

/* The copy of a text that is not empty replaces `*owned`. False: out of memory. */
static bool keep_text(char **owned, const char *text)
{
    free(*owned);
    *owned = text[0] != '\0' ? strdup(text) : NULL;
    return *owned || text[0] == '\0';
}

static bool take_identity(struct session *session, const struct auth_answer *answer)
{
    session->entry->chosen_by = answer->chosen_by;
    if (!keep_text(&session->entry->chosen, answer->target))
        return false;
    if (answer->user[0] == '\0' && answer->expires_at == 0 && !session->extra)
        return true;
    struct session_extra *extra = session_extra_make(session);
    if (!extra)
        return false;
    extra->expires_at = answer->expires_at;
    return keep_text(&extra->user, answer->user);
}

static void finish(struct session_auth *auth, const struct http_head *head,
                   enum auth_outcome outcome)
{
    struct session *session = auth->wait.session;
    const struct auth_answer *answer = &auth->pass.answer;
    enum reason reason = outcome == AUTH_FAILED ? answer->reason : REASON_none;
    if (outcome == AUTH_ANSWERED && auth->question.is_upgrade)
        reason = REASON_auth_refused; /* the reply is for a page, and lets nobody in */
    else if (outcome != AUTH_FAILED && !take_identity(session, answer))
        reason = REASON_out_of_memory;
    if (answer->detail[0] != '\0')
        session_log_detail(session, answer->detail);
    auth->known(session, head, reason);
}

static void pass_done(struct auth_pass *pass, enum auth_outcome outcome)
{
    struct session_auth *auth = WSL_CONTAINER(pass, struct session_auth, pass);
    auth->wait.session->entry->wait = NULL;
    finish(auth, auth->head, outcome);
}

static void abandon(void *producer)
{
    struct session_auth *auth = producer;
    auth_list_cancel(&auth->pass);
}

/* ---- asking ---- */

static void ask_what(struct session *session, struct session_auth *auth,
                     const struct http_head *head, struct slice body)
{
    const struct admission *admission = &session->entry->admission;
    bool tls = session_facts_is_tls(session);
    if (tls)
        tls_facts(session->client, &auth->tls);
    auth->question = (struct auth_question){
        .head = head,
        .body = body,
        .route = session->route,
        .listener = session_facts_listener(session),
        .path = session->entry->path,
        .client = &session->client_address,
        .tls = tls ? &auth->tls : NULL,
        .env = session->env,
        .lane = &session->env->lane,
        .http = session->env->http,
        .is_secure = session_facts_is_secure(session, head),
        .is_upgrade = admission->is_upgrade,
        .is_logout = session->entry->is_logout,
        .from_proxy = admission_is_proxied(admission),
    };
}

/* The head that was parsed, and the body, are gone by the time of the verdict. */
static bool keep_request(struct session_auth *auth, const struct http_head *head)
{
    auth->head = http_head_copy(head);
    auth->question.head = auth->head;
    if (auth->question.body.ptr) {
        auth->body = slice_copy(auth->question.body);
        auth->question.body.ptr = auth->body;
        return auth->head && auth->body;
    }
    return auth->head != NULL;
}

/* The route's own methods, or else the listener's. */
static struct auth_list *list_of(const struct session *session)
{
    struct auth_list *own = session->site->routes[session->entry->match.route].auth;
    return own ? own : session->site->listeners[session->listener].auth;
}

void session_auth_ask(struct session *session, const struct http_head *head, struct slice body,
                      session_auth_cb *known)
{
    struct session_auth *auth = calloc(1, sizeof(*auth));
    if (!auth) {
        known(session, head, REASON_out_of_memory);
        return;
    }
    auth->wait = (struct session_wait){session, abandon, auth};
    auth->known = known;
    auth->pass.done = pass_done;
    session->entry->auth = auth;
    session->entry->auth_release = release;
    ask_what(session, auth, head, body);
    enum auth_outcome outcome = auth_list_ask(list_of(session), &auth->pass, &auth->question);
    if (outcome != AUTH_WAITS) {
        finish(auth, head, outcome);
    } else if (keep_request(auth, head)) {
        session_state_wait(session, &auth->wait, LIFE_LOOK_UP,
                           session_facts_limits(session)->handshake_timeout_ms);
    } else {
        auth_list_cancel(&auth->pass);
        known(session, head, REASON_out_of_memory);
    }
}

/* ---- answers ---- */

/* Out of memory: the logins have ended, so that no session begins any more; those that are open
 * stay. */
static void end_sessions(struct session *session)
{
    const struct config_auth_login *login = config_auth_login(session_facts_auth(session));
    const char *user = session_extra_of(session)->user;
    if (login && user &&
        !kill_request_start_user(session->env, user, login->users, session_drain_one))
        log_message(REASON_WARN, "sessions of %s are not ended: out of memory", user);
}

/* The sender takes the body over. */
static struct reply take_reply(struct auth_answer *answer)
{
    struct reply reply = answer->reply->reply;
    answer->reply->reply.body = (struct reply_body){0};
    return reply;
}

bool session_auth_reply(struct session *session)
{
    struct session_auth *auth = session->entry->auth;
    if (!auth || !auth->pass.answer.reply)
        return false;
    if (auth->pass.answer.ends_sessions)
        end_sessions(session);
    struct reply reply = take_reply(&auth->pass.answer);
    session_reply_send(session, &reply);
    return true;
}

bool session_auth_refuse(struct session *session, enum reason reason)
{
    struct session_auth *auth = session->entry->auth;
    if (!auth || auth->pass.answer.reason != reason)
        return false;
    struct auth_answer *answer = &auth->pass.answer;
    if (answer->reply) {
        struct reply reply = take_reply(answer);
        reply.reason = reason;
        session_reply_refuse_with(session, &reply);
        return true;
    }
    char seconds[16];
    struct config_header fields[3];
    size_t count = 0;
    struct reply reply = reply_refusal(reason);
    snprintf(seconds, sizeof(seconds), "%u", answer->retry_after);
    if (answer->retry_after > 0)
        fields[count++] = (struct config_header){"Retry-After", seconds};
    else if (reply.field_count == 1) /* a usual Retry-After of its status */
        fields[count++] = reply.fields[0];
    if (answer->challenge)
        fields[count++] = (struct config_header){"WWW-Authenticate", answer->challenge};
    reply.fields = fields;
    reply.field_count = count;
    session_reply_refuse_with(session, &reply);
    return true;
}
