#include "serve/auth/auth_origin.h"

struct auth_origin {
    struct auth_method base;
    const struct config_texts *origins;
};

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    const struct auth_origin *origin = WSL_CONTAINER(method, struct auth_origin, base);
    unsigned count;
    const struct http_field *field = http_head_only(question->head, SLICE("Origin"), &count);
    (void)waiter;
    if (field && config_texts_has(origin->origins, field->value))
        return AUTH_PASSED;
    snprintf(answer->detail, sizeof(answer->detail), "%s",
             field ? "the page's origin is none of origins" : "the request has no single Origin");
    return auth_fail(answer, REASON_auth_refused);
}

static void release(struct auth_method *method)
{
    free(WSL_CONTAINER(method, struct auth_origin, base));
}

struct auth_method *auth_origin_create(const struct config_auth_origin *config)
{
    static const struct auth_method_ops ops = {.ask = ask, .release = release};
    struct auth_origin *origin = calloc(1, sizeof(*origin));
    if (!origin)
        return NULL;
    origin->base.ops = &ops;
    origin->origins = &config->origins;
    return &origin->base;
}
