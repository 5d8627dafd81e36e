#include "serve/stages/session_status.h"

#include <unistd.h>

#include "base/monotonic.h"
#include "base/text/json_put.h"
#include "base/text/secret.h"
#include "codec/http/http_head.h"
#include "config/rules/admin.h"
#include "core/access/access.h"
#include "net/socket.h"
#include "serve/http/pages.h"
#include "serve/http/reply.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_priv.h"
#include "serve/site/site.h"
#include "serve/stages/session_drain.h"
#include "serve/stages/session_reply.h"
#include "serve/status/all_sessions.h"
#include "serve/status/control_request.h"
#include "serve/status/status.h"

/* The longest wait for a verdict: an upgrade may take an hour, a reload a hanging disk. */
#define VERDICT_MS (3700 * 1000)

static const char json_type[] = "application/json";
static const char text_type[] = "text/plain; charset=utf-8";

/* A request while other workers produce its answer. */
struct question {
    struct work_task task;
    struct session_wait *wait;
    struct site *site; /* a reference */
    struct session_env *env;
    uint64_t client; /* for its turn in the pool */
    enum status_format format;
    const char *refusal;
    uint64_t id; /* of the session to end */
    /* A list, while the pool prints it: */
    struct session_list list;
    struct predecessors_answer *others; /* without rows */
    size_t other_count, length;
    uint64_t now;
    char *bytes; /* NULL: out of memory */
};

/* ---- answers ---- */

/* A 405 lists the methods of the resource (RFC 9110 section 15.5.6). */
static const struct config_header safety[] = {{"X-Content-Type-Options", "nosniff"},
                                              {"Allow", "POST"}};

static struct reply reply_with(unsigned status, enum status_format format, char *bytes,
                               size_t length)
{
    if (!bytes)
        return reply_refusal(REASON_out_of_memory);
    return (struct reply){
        .status = status,
        .content_type = format == STATUS_FORMAT_JSON ? json_type : text_type,
        .cache_control = "no-store",
        .fields = safety,
        .field_count = status == 405 ? WSL_COUNT(safety) : 1,
        .body = reply_owned(bytes, length),
    };
}

/* The body is {"key":"value"}, or the value as a line. */
static struct reply short_reply(unsigned status, enum status_format format, const char *key,
                                const char *value)
{
    struct json json = {0};
    size_t length;
    if (format == STATUS_FORMAT_JSON) {
        json_put_open(&json, '{');
        json_put_key(&json, key);
        json_put_string(&json, value);
        json_put_close(&json, '}');
        char *bytes = json_put_take(&json, &length);
        return reply_with(status, format, bytes, length);
    }
    char *line;
    int written = asprintf(&line, "%s\n", value);
    return reply_with(status, format, written < 0 ? NULL : line, (size_t)written);
}

static void refuse(struct session *session, unsigned status, enum status_format format,
                   const char *why)
{
    struct reply reply = short_reply(status, format, "error", why);
    session_reply_send(session, &reply);
}

static void show_page(struct session *session)
{
    const struct page *page = pages_status();
    const struct config_header fields[] = {
        {"Content-Security-Policy", page->csp},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
    };
    session_reply_send(
        session, &(struct reply){
                     .status = 200,
                     .content_type = "text/html; charset=utf-8",
                     .cache_control = "no-store",
                     .fields = fields,
                     .field_count = WSL_COUNT(fields),
                     .body = reply_static((struct slice){(const char *)page->bytes, page->length}),
                 });
}

/* ---- requests to the workers ---- */

static void finish(struct question *question, const struct reply *reply)
{
    session_reply_resume(question->wait, reply);
    site_release(question->site);
    session_list_free(&question->list);
    free(question->others);
    free(question);
}

/* NULL: the client has its error. */
static struct question *ask(struct session *session, enum status_format format, const char *refusal)
{
    struct question *question = calloc(1, sizeof(*question));
    if (!question) {
        session_reply_fail(session, REASON_out_of_memory);
        return NULL;
    }
    question->env = session->env;
    question->client = session_facts_client_key(session);
    question->format = format;
    question->refusal = refusal;
    question->site = site_retain(session->site);
    question->wait = session_reply_wait(session);
    if (question->wait)
        return question;
    site_release(question->site);
    free(question);
    return NULL;
}

static void give_up(struct question *question)
{
    struct reply reply = reply_refusal(REASON_out_of_memory);
    finish(question, &reply);
}

/* A thousand rows take milliseconds: the thread pool sorts and prints them. */
static void print_cb(struct work_task *task)
{
    struct question *question = WSL_CONTAINER(task, struct question, task);
    const struct status_view view = {
        .site = question->site,
        .process = question->env->process,
        .list = &question->list,
        .now = question->now,
        .wall = wall_clock_ms(),
        .refusal = question->refusal,
        .predecessors = question->others,
        .predecessor_count = question->other_count,
    };
    session_list_sort(&question->list);
    question->bytes = question->format == STATUS_FORMAT_JSON
                          ? status_json(&view, &question->length)
                          : status_text_print(&view, &question->length);
}

static void answer_list(struct question *question)
{
    struct session_env *env = question->env;
    struct reply reply = reply_with(200, question->format, question->bytes, question->length);
    finish(question, &reply);
    session_env_release(env);
}

static void printed_cb(struct work_task *task)
{
    answer_list(WSL_CONTAINER(task, struct question, task));
}

/* The client has gone; what is printed already is completed. */
static void cancel(void *producer)
{
    struct question *question = producer;
    if (work_cancel(&question->task.job))
        answer_list(question);
}

static void listed_cb(void *owner, const struct all_sessions *all)
{
    struct question *question = owner;
    size_t size = all->other_count * sizeof(*all->others);
    question->others = size > 0 ? malloc(size) : NULL;
    if ((size > 0 && !question->others) || all->list->failed ||
        session_reply_is_abandoned(question->wait)) {
        give_up(question);
        return;
    }
    if (size > 0)
        memcpy(question->others, all->others, size);
    question->other_count = all->other_count;
    question->list = session_list_take(all->list);
    question->now = uv_now(question->env->loop);
    question->task = (struct work_task){.work = print_cb, .done = printed_cb};
    question->wait->abandoned = cancel;
    question->wait->producer = question;
    session_env_hold(question->env);
    work_queue(&question->env->lane, &question->task, WORK_reports, question->client);
}

static bool is_wanted(const void *owner)
{
    const struct question *question = owner;
    return !session_reply_is_abandoned(question->wait);
}

static void list(struct session *session, const struct status_query *query, const char *refusal)
{
    struct question *question = ask(session, query->format, refusal);
    if (question && !all_sessions_list(session->env, query, listed_cb, is_wanted, question))
        give_up(question);
}

/* ---- ending a session ---- */

static void ended_cb(void *owner, bool found)
{
    struct question *question = owner;
    const struct session_env *env = question->env;
    char id[SESSION_ID_TEXT];
    bool own = session_id_generation(question->id) == env->generation ||
               atomic_load(&env->process->predecessor_count) == 0;
    const char *none = own ? "no such session" : "no such session, or its process does not answer";
    struct reply reply =
        found ? short_reply(200, question->format, "killed", session_id_print(question->id, id))
              : short_reply(404, question->format, "error", none);
    finish(question, &reply);
}

/* Who ends a session, for the log. */
static void describe_client(const struct session *session, char by[static KILL_REQUEST_BY])
{
    struct session_names names;
    uid_t user;
    session_facts_names(session, &names);
    bool local = session_facts_listener(session)->admin && socket_peer_user(session->fd, &user);
    if (local)
        snprintf(by, KILL_REQUEST_BY, "user %u by the admin socket", (unsigned)user);
    else
        snprintf(by, KILL_REQUEST_BY, "%s", names.client);
}

static void kill_session(struct session *session, const struct status_query *query)
{
    char by[KILL_REQUEST_BY];
    struct question *question = ask(session, query->format, NULL);
    if (!question)
        return;
    describe_client(session, by);
    question->id = query->kill;
    if (!all_sessions_kill(session->env, query->kill, by, session_drain_one, ended_cb, question))
        give_up(question);
}

/* ---- changing the process ---- */

/* {"done":true,"process":17,"findings":["warning: ..."],"message":"..."} */
static char *verdict_json(const struct control_verdict *verdict, size_t *length)
{
    struct json json = {0};
    char *text = strdup(verdict->text), *line = text, *end;
    if (!text)
        return NULL;
    json_put_open(&json, '{');
    json_put_key(&json, "done");
    json_put_bool(&json, verdict->outcome == CONTROL_DONE);
    json_put_key(&json, "process");
    json_put_number(&json, (uint64_t)getpid());
    json_put_key(&json, "findings");
    json_put_open(&json, '[');
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        json_put_string(&json, line);
    }
    json_put_close(&json, ']');
    json_put_key(&json, "message");
    json_put_string(&json, line);
    json_put_close(&json, '}');
    free(text);
    return json_put_take(&json, length);
}

static void changed_cb(void *owner, const struct control_verdict *verdict)
{
    static const unsigned statuses[] = {
        [CONTROL_DONE] = 200, [CONTROL_FAILED] = 409, [CONTROL_MOVED] = 503};
    struct question *question = owner;
    unsigned status = statuses[verdict->outcome];
    if (question->format != STATUS_FORMAT_JSON) {
        struct reply reply = short_reply(status, question->format, "", verdict->text);
        finish(question, &reply);
        return;
    }
    size_t length = 0;
    char *bytes = verdict_json(verdict, &length);
    struct reply reply = reply_with(status, question->format, bytes, length);
    finish(question, &reply);
}

static void change(struct session *session, enum status_format format, enum control_verb verb)
{
    char by[KILL_REQUEST_BY];
    if (!session->env->control) {
        refuse(session, 404, format, "this process cannot be changed");
        return;
    }
    struct question *question = ask(session, format, NULL);
    if (!question)
        return;
    session_reply_wait_long(session, VERDICT_MS);
    describe_client(session, by);
    if (!control_request_start(session->env, verb, by, changed_cb, question))
        give_up(question);
}

/*
 * Only the admin socket has these paths: browsers cannot connect to it, and its permissions say who
 * may. False: the path is another one.
 */
static bool change_of(const struct session *session, enum control_verb *verb)
{
    const char *path = session->entry->path;
    bool reload = strcmp(path, ADMIN_RELOAD) == 0;
    *verb = reload ? CONTROL_RELOAD : CONTROL_UPGRADE;
    return session_facts_listener(session)->admin && (reload || strcmp(path, ADMIN_UPGRADE) == 0);
}

/* ---- who may ---- */

/* Why this route may end no session; NULL: it may (admission has checked its allow list). */
static const char *refusal_of(const struct session *session)
{
    if (session_facts_listener(session)->admin || session->route->allow.count > 0)
        return NULL;
    return "sessions can only be ended by a route with an allow list, or by the admin socket";
}

/* Why this request is refused as forged by a page of another site; NULL: it is not. */
static const char *forgery_of(const struct session *session, const struct http_head *head)
{
    unsigned tokens, origins;
    static const struct config_texts same = {NULL, 0};
    const struct http_field *token = http_head_only(head, SLICE("X-Wsluice-Token"), &tokens);
    const struct http_field *origin = http_head_only(head, SLICE("Origin"), &origins);
    if (session_facts_listener(session)->admin)
        return NULL;
    bool secure = session_facts_is_secure(session, head);
    if (origins > 1 ||
        (origin && access_origin(origin->value, head->host, secure, &same) != REASON_none))
        return "the request comes from a page of another origin";
    if (!token || !secret_is_same(token->value, slice_of(session->env->process->token)))
        return "X-Wsluice-Token must be the token in the status";
    return NULL;
}

static void post(struct session *session, const struct http_head *head,
                 const struct status_query *query)
{
    const char *refusal = refusal_of(session);
    enum control_verb verb;
    if (!refusal)
        refusal = forgery_of(session, head);
    if (refusal)
        refuse(session, 403, query->format, refusal);
    else if (change_of(session, &verb))
        change(session, query->format, verb);
    else if (query->kill == 0)
        refuse(session, 400, query->format, "the id of the session is missing: POST ?kill=ID");
    else
        kill_session(session, query);
}

/* ---- the request ---- */

/*
 * The format if the request names none: the page for browsers, JSON for clients that accept it and
 * for POST, text on the admin socket.
 */
static enum status_format usual_format(const struct session *session, const struct http_head *head)
{
    static const struct slice accept = {"Accept", 6};
    if (session_facts_listener(session)->admin)
        return STATUS_FORMAT_TEXT;
    bool posts = slice_equal(head->method, SLICE("POST"));
    bool json = http_head_lists(head, accept, slice_of(json_type)) &&
                !http_head_lists(head, accept, SLICE("text/html"));
    return posts || json ? STATUS_FORMAT_JSON : STATUS_FORMAT_PAGE;
}

/*
 * DNS rebinding: a page whose host name resolves to wsluice could read this route and post to it,
 * in the browser of a user who is allowed to. Browsers cannot connect to the admin socket.
 */
static bool is_foreign_name(const struct session *session, const struct http_head *head)
{
    return !session_facts_listener(session)->admin && !session->route->host &&
           !access_is_rebind_safe(head->host);
}

void session_status_answer(struct session *session, const struct http_head *head)
{
    struct status_query query;
    enum control_verb verb;
    const char *problem = status_query_parse(head->query, &query);
    if (query.format == STATUS_FORMAT_ANY)
        query.format = usual_format(session, head);
    if (problem)
        refuse(session, 400, query.format, problem);
    else if (is_foreign_name(session, head))
        refuse(session, 403, query.format,
               "the status is shown under an address, localhost, or the host of its route: add "
               "host to the route for another name");
    else if (slice_equal(head->method, SLICE("POST")))
        post(session, head, &query);
    else if (query.kill != 0)
        refuse(session, 405, query.format, "only POST ends a session");
    else if (change_of(session, &verb))
        refuse(session, 405, query.format, "only POST changes the process");
    else if (query.format == STATUS_FORMAT_PAGE)
        show_page(session);
    else
        list(session, &query, refusal_of(session));
}
