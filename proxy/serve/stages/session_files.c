#include "serve/stages/session_files.h"

#include "serve/files/files.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/site/site.h"
#include "serve/stages/session_reply.h"

/* A look-up that waits for the disk. */
struct search {
    struct work_task task;
    struct session_env *env;
    struct session_wait *wait;
    struct site *site; /* a reference: it owns the files */
    const struct files *files;
    struct http_head *head; /* owned */
    char *path;             /* owned */
    size_t base;
    struct files_reply answer;
};

static void look_cb(struct work_task *task)
{
    struct search *search = WSL_CONTAINER(task, struct search, task);
    (void)!files_reply(search->files, search->head, slice_of(search->path), search->base, true,
                       &search->answer);
}

static void forget(struct search *search)
{
    site_release(search->site);
    http_head_free(search->head);
    free(search->path);
    free(search);
}

static void finish(struct search *search)
{
    struct session_env *env = search->env;
    session_reply_resume(search->wait, &search->answer.reply);
    files_reply_free(&search->answer);
    forget(search);
    session_env_release(env);
}

static void found_cb(struct work_task *task)
{
    finish(WSL_CONTAINER(task, struct search, task));
}

/*
 * Takes a look-up out of the queue, so that clients which ask and leave cannot fill it. One that
 * runs is completed.
 */
static void cancel(void *producer)
{
    struct search *search = producer;
    if (work_cancel(&search->task.job))
        finish(search);
}

/* Where the listener's base path ends. Without anything behind it, routes see "/". */
static size_t base_of(const struct session_entry *entry)
{
    size_t length = strlen(entry->path);
    bool alone = entry->match.path.len == 1 && entry->path[length - 1] != '/';
    return alone ? length : length - entry->match.path.len;
}

/* NULL: out of memory. */
static struct search *prepare(struct session *session, const struct http_head *head)
{
    struct search *search = calloc(1, sizeof(*search));
    if (!search)
        return NULL;
    *search = (struct search){
        .task = {.work = look_cb, .done = found_cb},
        .env = session->env,
        .site = site_retain(session->site),
        .files = session->site->routes[session->entry->match.route].files,
        .head = http_head_copy(head),
        .path = slice_copy(slice_of(session->entry->path)),
        .base = base_of(session->entry),
    };
    if (search->head && search->path)
        return search;
    forget(search);
    return NULL;
}

static void look_up(struct session *session, const struct http_head *head)
{
    struct search *search = prepare(session, head);
    if (!search) {
        session_reply_fail(session, REASON_out_of_memory);
        return;
    }
    search->wait = session_reply_wait(session);
    if (!search->wait) {
        forget(search);
        return;
    }
    search->wait->abandoned = cancel;
    search->wait->producer = search;
    /* The worker must not end before the thread pool is done with the look-up. */
    session_env_hold(search->env);
    work_queue(&search->env->lane, &search->task, WORK_files, session_facts_client_key(session));
}

void session_files_reply(struct session *session, const struct http_head *head)
{
    const struct session_entry *entry = session->entry;
    struct files_reply answer;
    if (!files_reply(session->site->routes[entry->match.route].files, head, slice_of(entry->path),
                     base_of(entry), false, &answer)) {
        look_up(session, head);
        return;
    }
    session_reply_send(session, &answer.reply);
    files_reply_free(&answer);
}
