#include "serve/auth/auth_list.h"

#include "net/http/http_origins.h"
#include "serve/auth/auth_basic.h"
#include "serve/auth/auth_certificate.h"
#include "serve/auth/auth_forward.h"
#include "serve/auth/auth_header.h"
#include "serve/auth/auth_login.h"
#include "serve/auth/auth_origin.h"
#include "serve/auth/auth_ticket.h"
#include "serve/auth/users/auth_shared.h"

static struct auth_method *create_ticket(const struct config_ticket *config,
                                         struct auth_shared *shared,
                                         const struct http_origins *origins, char *error,
                                         size_t error_size)
{
    const struct auth_ticket_shared own = {
        .used = auth_shared_tickets(shared),
        .urls = auth_shared_keys(shared),
        .origin = config->key.url ? http_origins_find(origins, config->key.url) : NULL,
    };
    return auth_ticket_create(config, &own, error, error_size);
}

static struct auth_method *create(const struct login_place *place, const struct config_auth *config,
                                  struct auth_shared *shared, const struct http_origins *origins,
                                  char *error, size_t error_size)
{
    switch (config_auth_method(config)) {
    case CONFIG_AUTH_BASIC:
        return auth_basic_create(&config->basic, shared, error, error_size);
    case CONFIG_AUTH_ORIGIN:
        return auth_origin_create(&config->origin);
    case CONFIG_AUTH_CERTIFICATE:
        return auth_certificate_create(&config->certificate);
    case CONFIG_AUTH_HEADER:
        return auth_header_create(&config->header);
    case CONFIG_AUTH_FORWARD:
        return auth_forward_create(&config->forward,
                                   http_origins_find(origins, config->forward.url));
    case CONFIG_AUTH_LOGIN:
        return auth_login_create(place, &config->login, shared, error, error_size);
    case CONFIG_AUTH_TICKET:
        return create_ticket(&config->ticket, shared, origins, error, error_size);
    case CONFIG_AUTH_METHODS:
        break;
    }
    snprintf(error, error_size, "an unknown method");
    return NULL;
}

struct auth_list *auth_list_create(const struct config_auth_set *set,
                                   const struct login_place *place, struct auth_shared *shared,
                                   const struct http_origins *origins, char *error,
                                   size_t error_size)
{
    struct auth_list *list = calloc(1, sizeof(*list) + set->count * sizeof(struct auth_method *));
    snprintf(error, error_size, "out of memory");
    if (!list)
        return NULL;
    list->any = set->satisfy == CONFIG_SATISFY_ANY;
    for (size_t i = 0; i < set->count; i++) {
        list->methods[i] = create(place, &set->methods[i], shared, origins, error, error_size);
        if (!list->methods[i]) {
            auth_list_free(list);
            return NULL;
        }
        list->count++;
    }
    return list;
}

void auth_list_free(struct auth_list *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        list->methods[i]->ops->release(list->methods[i]);
    free(list);
}

/* ---- one request ---- */

static void drop_reply(struct auth_answer *answer)
{
    auth_reply_free(answer->reply);
    answer->reply = NULL;
}

/*
 * Each method may name the user and the target, and end the session: the first names, the earliest
 * end.
 */
static void merge(struct auth_answer *whole, const struct auth_answer *one)
{
    if (whole->user[0] == '\0')
        memcpy(whole->user, one->user, sizeof(whole->user));
    if (whole->target[0] == '\0') {
        memcpy(whole->target, one->target, sizeof(whole->target));
        whole->chosen_by = one->chosen_by;
    }
    if (whole->expires_at == 0 || (one->expires_at != 0 && one->expires_at < whole->expires_at))
        whole->expires_at = one->expires_at;
}

static enum satisfy_help help_of(const struct auth_answer *answer)
{
    if (answer->reply)
        return SATISFY_ANSWER;
    return answer->challenge ? SATISFY_CHALLENGE : SATISFY_NO_HELP;
}

static enum satisfy_step take(struct auth_pass *pass, enum auth_outcome outcome)
{
    enum satisfy_step step;
    bool keep = false;
    if (outcome == AUTH_PASSED) {
        if (pass->satisfy.failed) { /* another method of `any` */
            drop_reply(&pass->answer);
            pass->answer = (struct auth_answer){0};
        }
        merge(&pass->answer, &pass->current);
        return satisfy_passed(&pass->satisfy);
    }
    step = satisfy_failed(&pass->satisfy, help_of(&pass->current), &keep);
    drop_reply(keep ? &pass->answer : &pass->current);
    if (keep)
        pass->answer = pass->current;
    pass->current.reply = NULL;
    return step;
}

/* The reply of a method to a request of its own ends the list. */
static enum auth_outcome take_reply(struct auth_pass *pass)
{
    drop_reply(&pass->answer);
    pass->answer = pass->current;
    pass->current.reply = NULL;
    return AUTH_ANSWERED;
}

static enum auth_outcome go_on(struct auth_pass *pass, enum satisfy_step step)
{
    while (step == SATISFY_ASK) {
        struct auth_method *method = pass->list->methods[pass->satisfy.next];
        pass->current = (struct auth_answer){0};
        enum auth_outcome outcome =
            method->ops->ask(method, pass->question, &pass->waiter, &pass->current);
        pass->waits = outcome == AUTH_WAITS;
        if (pass->waits)
            return AUTH_WAITS;
        if (outcome == AUTH_ANSWERED)
            return take_reply(pass);
        step = take(pass, outcome);
    }
    return step == SATISFY_PASSED ? AUTH_PASSED : AUTH_FAILED;
}

static void method_done(struct auth_waiter *waiter, enum auth_outcome outcome)
{
    struct auth_pass *pass = WSL_CONTAINER(waiter, struct auth_pass, waiter);
    pass->waits = false;
    outcome = outcome == AUTH_ANSWERED ? take_reply(pass) : go_on(pass, take(pass, outcome));
    if (outcome != AUTH_WAITS)
        pass->done(pass, outcome);
}

/* Any other method could let the request through to the route, which does not understand it. */
static void ask_owner_alone(struct auth_pass *pass)
{
    for (size_t i = 0; pass->list->any && i < pass->list->count; i++) {
        const struct auth_method *method = pass->list->methods[i];
        if (method->ops->owns && method->ops->owns(method, pass->question)) {
            pass->satisfy.next = i;
            pass->satisfy.any = false;
            pass->satisfy.count = i + 1;
            return;
        }
    }
}

enum auth_outcome auth_list_ask(struct auth_list *list, struct auth_pass *pass,
                                const struct auth_question *question)
{
    pass->list = list;
    pass->question = question;
    pass->waiter = (struct auth_waiter){.done = method_done};
    enum satisfy_step step = satisfy_begin(&pass->satisfy, list->count, list->any);
    ask_owner_alone(pass);
    return go_on(pass, step);
}

void auth_list_cancel(struct auth_pass *pass)
{
    struct auth_method *method = pass->list->methods[pass->satisfy.next];
    if (pass->waits)
        method->ops->cancel(method, &pass->waiter);
    pass->waits = false;
}

void auth_list_close(struct auth_pass *pass)
{
    wsl_assert(!pass->waits);
    drop_reply(&pass->answer);
    drop_reply(&pass->current);
}
