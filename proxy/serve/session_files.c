#include "serve/session_files.h"

#include "serve/files.h"
#include "serve/session_reply.h"

/*
 * Of all workers together: half of what the pool has by default (machine.c), so that names of
 * targets and recordings do not wait behind a crowd that asks for folders.
 */
#define AT_ONCE 8

/* One that waits for the disk. */
struct lookup {
    uv_work_t work;
    struct list link; /* in its worker's list, until it has begun */
    bool begun;
    struct session_env *env;
    struct session_wait *wait;
    struct site *site; /* a reference: the files are its */
    const struct files *files;
    struct http_head *head; /* owned, as the path */
    char *path;
    size_t base;
    struct files_answer answer;
};

static void look_cb(uv_work_t *work)
{
    struct lookup *lookup = WSL_CONTAINER(work, struct lookup, work);
    (void)!files_answer(lookup->files, lookup->head, slice_of(lookup->path), lookup->base, true,
                        &lookup->answer);
}

static void forget(struct lookup *lookup)
{
    site_release(lookup->site);
    free(lookup->head);
    free(lookup->path);
    free(lookup);
}

static void finish(struct lookup *lookup)
{
    struct session_env *env = lookup->env;
    session_reply_resume(lookup->wait, &lookup->answer.reply);
    files_answer_free(&lookup->answer);
    forget(lookup);
    env->live--;
    env->gone(env);
}

static void found_cb(uv_work_t *work, int status);

static void begin_next(struct session_env *env)
{
    unsigned share = AT_ONCE / env->ops->worker_count;
    if (list_empty(&env->lookups) || env->looking >= (share > 0 ? share : 1))
        return;
    struct lookup *lookup = WSL_CONTAINER(env->lookups.next, struct lookup, link);
    list_remove(&lookup->link);
    lookup->begun = true;
    env->looking++;
    /* Fails only without a function to call. */
    (void)uv_queue_work(env->loop, &lookup->work, look_cb, found_cb);
}

static void found_cb(uv_work_t *work, int status)
{
    struct lookup *lookup = WSL_CONTAINER(work, struct lookup, work);
    (void)status;
    lookup->env->looking--;
    begin_next(lookup->env);
    finish(lookup);
}

/*
 * Its turn has not come, and will not: clients that ask and leave must not fill the queue. One that
 * is being made is made.
 */
static void cancel(void *maker)
{
    struct lookup *lookup = maker;
    if (lookup->begun) {
        (void)uv_cancel((uv_req_t *)&lookup->work);
        return;
    }
    list_remove(&lookup->link);
    finish(lookup);
}

/* Where the listener's part of the path ends. That part alone is "/" to routes, but has none. */
static size_t base_of(const struct session_entry *entry)
{
    size_t length = strlen(entry->path);
    bool alone = entry->match.path.len == 1 && entry->path[length - 1] != '/';
    return alone ? length : length - entry->match.path.len;
}

/* NULL: out of memory. */
static struct lookup *prepare(struct session *session, const struct http_head *head)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        return NULL;
    *lookup = (struct lookup){
        .env = session->env,
        .site = site_retain(session->site),
        .files = session->site->routes[session->entry->match.route].files,
        .head = http_head_copy(head),
        .path = slice_copy(slice_of(session->entry->path)),
        .base = base_of(session->entry),
    };
    if (lookup->head && lookup->path)
        return lookup;
    forget(lookup);
    return NULL;
}

static void look_up(struct session *session, const struct http_head *head)
{
    struct lookup *lookup = prepare(session, head);
    if (!lookup) {
        struct reply reply = reply_refusal(REASON_out_of_memory);
        session_reply_send(session, &reply);
        return;
    }
    lookup->wait = session_reply_wait(session);
    if (!lookup->wait) {
        forget(lookup);
        return;
    }
    lookup->wait->abandoned = cancel;
    lookup->wait->maker = lookup;
    /* It counts as a session: the loop stays until the pool has let go of it. */
    lookup->env->live++;
    list_append(&lookup->env->lookups, &lookup->link);
    begin_next(lookup->env);
}

void session_files_answer(struct session *session, const struct http_head *head)
{
    const struct session_entry *entry = session->entry;
    struct files_answer answer;
    if (!files_answer(session->site->routes[entry->match.route].files, head, slice_of(entry->path),
                      base_of(entry), false, &answer)) {
        look_up(session, head);
        return;
    }
    session_reply_send(session, &answer.reply);
    files_answer_free(&answer);
}
