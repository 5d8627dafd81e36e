#include "serve/auth/auth_forward.h"

#include "core/auth/forward/forward_answer.h"
#include "core/auth/forward/forward_request.h"
#include "net/http/http_pool.h"
#include "serve/auth/auth_relay.h"

#define BODY_MAX ((size_t)64 << 10) /* of an answer, which the client may get */

struct auth_forward {
    struct auth_method base;
    const struct config_auth_forward *config;
    struct http_origin *origin;
};

struct pending {
    struct auth_forward *forward;
    struct auth_waiter *waiter;
    struct auth_answer *answer;
    struct http_call *call;
};

static struct auth_forward *forward_of(struct auth_method *method)
{
    return WSL_CONTAINER(method, struct auth_forward, base);
}

/* ---- the verdict ---- */

static enum auth_outcome fail(struct auth_answer *answer, const char *detail)
{
    snprintf(answer->detail, sizeof(answer->detail), "%.*s", (int)sizeof(answer->detail) - 1,
             detail);
    return auth_fail(answer, REASON_auth_unavailable);
}

static enum auth_outcome fail_answer(const struct auth_forward *forward, struct auth_answer *answer,
                                     unsigned status, const char *fault)
{
    char where[128], detail[sizeof(answer->detail)];
    snprintf(detail, sizeof(detail), "%.80s: the answer %s (status %u)",
             config_address_print(&forward->origin->url.address, where, sizeof(where)), fault,
             status);
    return fail(answer, detail);
}

static enum auth_outcome judge(const struct auth_forward *forward, const struct http_result *result,
                               struct auth_answer *answer)
{
    if (!result->answer)
        return fail(answer, result->detail);
    unsigned status = result->answer->status;
    struct forward_answer verdict =
        forward_answer_judge(result->answer, forward->config->user, forward->config->target);
    if (verdict.relayed) {
        answer->reply = auth_relay_create(result->answer, result->body);
        return auth_fail(answer, answer->reply ? verdict.reason : REASON_out_of_memory);
    }
    if (verdict.reason != REASON_none)
        return fail_answer(forward, answer, status, verdict.fault);
    if (!auth_set_user(answer, verdict.user))
        return fail_answer(forward, answer, status, "names a user of more than 255 bytes");
    if (!auth_set_target(answer, verdict.target, "forward"))
        return fail_answer(forward, answer, status, "names a target of more than 255 bytes");
    return AUTH_PASSED;
}

static void result_cb(void *owner, const struct http_result *result)
{
    struct pending *pending = owner;
    struct auth_waiter *waiter = pending->waiter;
    enum auth_outcome outcome = judge(pending->forward, result, pending->answer);
    free(pending);
    waiter->pending = NULL;
    auth_waiter_done(waiter, outcome);
}

/* ---- asking ---- */

static enum auth_outcome start(struct pending *pending, const struct auth_question *question,
                               struct slice fields)
{
    struct auth_forward *forward = pending->forward;
    char detail[HTTP_DETAIL];
    const struct http_request request = {
        .origin = forward->origin,
        .target = forward->origin->url.target,
        .fields = fields,
        .body_max = BODY_MAX,
        .timeout_ms = forward->config->timeout_ms,
        .callback = result_cb,
        .owner = pending,
    };
    pending->call = http_pool_ask(question->http, &request, detail);
    if (!pending->call)
        return fail(pending->answer, detail);
    pending->waiter->pending = pending;
    return AUTH_WAITS;
}

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    const struct client_facts client = {question->head, question->client, question->is_secure};
    struct pending *pending = malloc(sizeof(*pending));
    struct text fields = {0};
    enum auth_outcome outcome = AUTH_FAILED;
    forward_request_write(&fields, &client);
    if (!pending || fields.failed) {
        outcome = auth_fail(answer, REASON_out_of_memory);
    } else {
        *pending = (struct pending){forward_of(method), waiter, answer, NULL};
        outcome = start(pending, question, text_slice(&fields));
    }
    if (outcome != AUTH_WAITS)
        free(pending);
    text_wipe(&fields);
    return outcome;
}

static void cancel(struct auth_method *method, struct auth_waiter *waiter)
{
    struct pending *pending = waiter->pending;
    (void)method;
    http_pool_cancel(pending->call);
    free(pending);
    waiter->pending = NULL;
}

static void release(struct auth_method *method)
{
    struct auth_forward *forward = forward_of(method);
    http_origin_release(forward->origin);
    free(forward);
}

struct auth_method *auth_forward_create(const struct config_auth_forward *config,
                                        struct http_origin *origin)
{
    static const struct auth_method_ops ops = {.ask = ask, .cancel = cancel, .release = release};
    struct auth_forward *forward = malloc(sizeof(*forward));
    if (!forward)
        return NULL;
    *forward = (struct auth_forward){{&ops}, config, http_origin_retain(origin)};
    return &forward->base;
}
