#include "serve/auth/auth_header.h"

struct auth_header {
    struct auth_method base;
    struct slice name;
};

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    const struct auth_header *header = WSL_CONTAINER(method, struct auth_header, base);
    unsigned count;
    const struct http_field *field = http_head_only(question->head, header->name, &count);
    (void)waiter;
    if (!question->from_proxy) {
        snprintf(answer->detail, sizeof(answer->detail), "the client is none of trusted_proxies");
        return auth_fail(answer, REASON_auth_refused);
    }
    if (count > 1) {
        snprintf(answer->detail, sizeof(answer->detail), "the field %.60s is repeated",
                 header->name.ptr);
        return auth_fail(answer, REASON_auth_failed);
    }
    if (!field || field->value.len == 0)
        return auth_fail(answer, REASON_auth_required);
    return auth_set_user(answer, field->value) ? AUTH_PASSED
                                               : auth_fail(answer, REASON_auth_failed);
}

static void release(struct auth_method *method)
{
    free(WSL_CONTAINER(method, struct auth_header, base));
}

struct auth_method *auth_header_create(const struct config_auth_header *config)
{
    static const struct auth_method_ops ops = {.ask = ask, .release = release};
    struct auth_header *header = calloc(1, sizeof(*header));
    if (!header)
        return NULL;
    header->base.ops = &ops;
    header->name = slice_of(config->name);
    return &header->base;
}
