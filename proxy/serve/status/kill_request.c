#include "serve/status/kill_request.h"

#include "base/log/log.h"
#include "config/model/config.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
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

/* ---- the sessions of a user ---- */

struct kill_user {
    struct worker_request base;
    unsigned worker; /* whose turn it is */
    kill_request_end_fn *end;
    char *users; /* behind the name */
    char user[];
};

static void user_done_cb(struct worker_request *base)
{
    worker_request_end(base);
    free(WSL_CONTAINER(base, struct kill_user, base));
}

static bool is_of_user(const struct session *session, const struct kill_user *kill)
{
    const char *user = session_extra_of(session)->user;
    if (!session->route || !user || strcmp(user, kill->user) != 0)
        return false;
    const struct config_auth_login *login = config_auth_login(session_facts_auth(session));
    return login && strcmp(login->users, kill->users) == 0 && session_row_is_listed(session);
}

static void end_user_cb(struct worker_request *base)
{
    struct kill_user *kill = WSL_CONTAINER(base, struct kill_user, base);
    struct session_env *env = base->worker;
    for (struct list *link = env->sessions.next, *next; link != &env->sessions; link = next) {
        struct session *session = WSL_CONTAINER(link, struct session, link);
        next = link->next;
        if (is_of_user(session, kill))
            kill->end(session, REASON_logged_out);
    }
    if (++kill->worker < env->process->worker_count)
        worker_request_send(base, kill->worker, end_user_cb);
    else
        worker_request_reply(base, user_done_cb);
}

bool kill_request_start_user(struct session_env *env, const char *user, const char *users,
                             kill_request_end_fn *end)
{
    size_t name = strlen(user) + 1, file = strlen(users) + 1;
    struct kill_user *kill = calloc(1, sizeof(*kill) + name + file);
    if (!kill)
        return false;
    kill->end = end;
    kill->users = kill->user + name;
    memcpy(kill->user, user, name);
    memcpy(kill->users, users, file);
    worker_request_begin(&kill->base, env);
    worker_request_send(&kill->base, 0, end_user_cb);
    return true;
}
