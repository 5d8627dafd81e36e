#include "serve/status/kill_request.h"

#include "base/log/log.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_priv.h"
#include "serve/status/session_row.h"
#include "serve/status/worker_request.h"

struct kill_request {
    struct worker_request base;
    uint64_t id;
    char by[KILL_REQUEST_BY];
    bool found;
    kill_request_end_fn *end;
    kill_request_done_fn *done;
    void *owner;
};

static void ended_cb(struct worker_request *base)
{
    struct kill_request *kill = WSL_CONTAINER(base, struct kill_request, base);
    kill->done(kill->owner, kill->found);
    worker_request_end(base);
    free(kill);
}

static struct session *find(const struct session_env *env, uint64_t id)
{
    for (struct list *link = env->sessions.next; link != &env->sessions; link = link->next) {
        struct session *session = WSL_CONTAINER(link, struct session, link);
        if (session->id >= id)
            return session->id == id && session_row_is_listed(session) ? session : NULL;
    }
    return NULL;
}

static void end_cb(struct worker_request *base)
{
    struct kill_request *kill = WSL_CONTAINER(base, struct kill_request, base);
    struct session_env *env = base->worker;
    struct session *session = find(env, kill->id);
    kill->found = session != NULL;
    if (session) {
        char id[SESSION_ID_TEXT];
        log_message(REASON_INFO, "session %s is ended by %s", session_id_print(kill->id, id),
                    kill->by);
        kill->end(session, REASON_killed);
    }
    worker_request_reply(base, ended_cb);
}

bool kill_request_start(struct session_env *env, uint64_t id, const char *by,
                        kill_request_end_fn *end, kill_request_done_fn *done, void *owner)
{
    unsigned worker = session_id_worker(id);
    struct kill_request *kill = calloc(1, sizeof(*kill));
    if (!kill)
        return false;
    kill->id = id;
    kill->end = end;
    kill->done = done;
    kill->owner = owner;
    snprintf(kill->by, sizeof(kill->by), "%s", by);
    worker_request_begin(&kill->base, env);
    if (worker < env->process->worker_count)
        worker_request_send(&kill->base, worker, end_cb);
    else
        worker_request_reply(&kill->base, ended_cb);
    return true;
}
