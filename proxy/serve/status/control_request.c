#include "serve/status/control_request.h"

#include "serve/status/kill_request.h"
#include "serve/status/worker_request.h"

struct control_request {
    struct worker_request base;
    struct list link;
    enum control_verb verb;
    enum control_outcome outcome;
    char *text; /* NULL: none, or out of memory */
    char by[KILL_REQUEST_BY];
    control_request_done_fn *done;
    void *owner;
};

static void answered_cb(struct worker_request *base)
{
    struct control_request *request = WSL_CONTAINER(base, struct control_request, base);
    const struct control_verdict verdict = {request->outcome, request->text ? request->text : ""};
    request->done(request->owner, &verdict);
    worker_request_end(base);
    free(request->text);
    free(request);
}

bool control_request_start(struct session_env *env, enum control_verb verb, const char *by,
                           control_request_done_fn *done, void *owner)
{
    struct control_request *request = calloc(1, sizeof(*request));
    if (!request)
        return false;
    request->verb = verb;
    request->done = done;
    request->owner = owner;
    snprintf(request->by, sizeof(request->by), "%s", by);
    worker_request_begin(&request->base, env);
    mailbox_post(env->control->mailbox, &request->base.post, env->control->run, request);
    return true;
}

enum control_verb control_request_verb(const struct control_request *request)
{
    return request->verb;
}

const char *control_request_by(const struct control_request *request)
{
    return request->by;
}

struct list *control_request_link(struct control_request *request)
{
    return &request->link;
}

struct control_request *control_request_of(struct list *link)
{
    return WSL_CONTAINER(link, struct control_request, link);
}

/* A text that is too long loses lines in front of the last one, which says how it went. */
static char *copy_text(const char *text)
{
    char *copy;
    const char *last = strrchr(text, '\n');
    size_t length = strlen(text), kept = last ? strlen(last) : CONTROL_REQUEST_TEXT;
    if (length <= CONTROL_REQUEST_TEXT || kept >= CONTROL_REQUEST_TEXT)
        return strndup(text, CONTROL_REQUEST_TEXT);
    const char *end = memrchr(text, '\n', CONTROL_REQUEST_TEXT - kept + 1);
    int head = end ? (int)(end - text) : 0;
    return asprintf(&copy, "%.*s%s", head, text, head > 0 ? last : last + 1) < 0 ? NULL : copy;
}

void control_request_answer(struct control_request *request, const struct control_verdict *verdict)
{
    request->outcome = verdict->outcome;
    request->text = copy_text(verdict->text);
    worker_request_reply(&request->base, answered_cb);
}
