#include "serve/status/list_request.h"

#include "serve/metrics/process_facts.h"
#include "serve/session/session_priv.h"
#include "serve/status/worker_request.h"

/* Sessions that are read before the loop goes on: half a millisecond, if their texts are needed. */
#define SESSIONS_PER_TURN 250

struct list_request {
    struct worker_request base;
    struct session_cursor cursor;
    uint64_t last; /* the worker's newest session when the request arrived there */
    struct session_list list;
    struct list link; /* in its asker's queue */
    list_request_done_fn *done;
    list_request_wanted_fn *wanted;
    void *owner;
};

static void finish(struct list_request *request)
{
    struct session_list *list = &request->list;
    request->done(request->owner, list);
    worker_request_end(&request->base);
    session_list_free(list);
    free(request);
}

static void arrive_cb(struct worker_request *base);

/* Those that are no longer wanted are finished without asking the workers. */
static void begin_next(struct session_env *env)
{
    while (!list_empty(&env->list_requests)) {
        struct list_request *next =
            WSL_CONTAINER(env->list_requests.next, struct list_request, link);
        if (next->wanted(next->owner)) {
            worker_request_send(&next->base, 0, arrive_cb);
            return;
        }
        list_remove(&next->link);
        finish(next);
    }
}

static void reply_cb(struct worker_request *base)
{
    struct list_request *request = WSL_CONTAINER(base, struct list_request, base);
    list_remove(&request->link);
    begin_next(base->asker);
    finish(request);
}

static void hop(struct worker_request *base)
{
    const struct session_env *env = base->worker;
    if (env->number + 1 == env->process->worker_count)
        worker_request_reply(base, reply_cb);
    else
        worker_request_send(base, env->number + 1, arrive_cb);
}

static void read_some_cb(struct worker_request *base)
{
    struct list_request *request = WSL_CONTAINER(base, struct list_request, base);
    struct session_env *env = base->worker;
    struct list *at = request->cursor.next;
    uint64_t now = uv_now(env->loop);
    list_remove(&request->cursor.link);
    for (int i = 0; i < SESSIONS_PER_TURN && at != &env->sessions; i++, at = at->next) {
        struct session *session = WSL_CONTAINER(at, struct session, link);
        if (session->id > request->last)
            at = env->sessions.prev; /* accepted since: the next request lists them */
        else
            session_list_add(&request->list, session, now);
    }
    if (at == &env->sessions) {
        hop(base);
        return;
    }
    request->cursor.next = at;
    list_append(&env->cursors, &request->cursor.link);
    worker_request_send(base, env->number, read_some_cb);
}

static void arrive_cb(struct worker_request *base)
{
    struct list_request *request = WSL_CONTAINER(base, struct list_request, base);
    const struct session_env *env = base->worker;
    request->last = session_id(env->generation, env->number, env->accepted);
    request->cursor.next = env->sessions.next;
    list_init(&request->cursor.link);
    read_some_cb(base);
}

bool list_request_start(struct session_env *env, const struct status_query *query,
                        list_request_seed_fn *seed, list_request_done_fn *done,
                        list_request_wanted_fn *wanted, void *owner)
{
    struct list_request *request = calloc(1, sizeof(*request));
    if (!request)
        return false;
    if (!session_list_init(&request->list, query)) {
        free(request);
        return false;
    }
    if (seed)
        seed(owner, &request->list);
    request->done = done;
    request->wanted = wanted;
    request->owner = owner;
    bool first = list_empty(&env->list_requests);
    list_append(&env->list_requests, &request->link);
    worker_request_begin(&request->base, env);
    if (first)
        worker_request_send(&request->base, 0, arrive_cb);
    return true;
}
