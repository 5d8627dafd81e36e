#include "serve/auth/auth_basic.h"

#include "base/text/text.h"
#include "codec/auth/basic.h"
#include "serve/auth/users/auth_shared.h"
#include "serve/auth/users/password_check.h"

struct auth_basic {
    struct auth_method base;
    struct auth_shared *shared; /* borrowed */
    struct users_store *users;
    char *challenge;
};

/* A question whose password is being hashed. */
struct pending {
    struct password_wait wait;
    struct auth_waiter *waiter;
    const struct auth_basic *basic;
    struct auth_answer *answer;
    char user[BASIC_MAX];
    size_t user_length;
};

static enum auth_outcome refuse(const struct auth_basic *basic, struct auth_answer *answer,
                                enum reason reason)
{
    if (reason == REASON_auth_required || reason == REASON_auth_failed)
        answer->challenge = basic->challenge;
    return auth_fail(answer, reason);
}

static enum auth_outcome take(const struct auth_basic *basic, const struct password_answer *known,
                              struct slice user, struct auth_answer *answer)
{
    if (known->reason == REASON_none)
        return auth_set_user(answer, user) ? AUTH_PASSED
                                           : refuse(basic, answer, REASON_auth_failed);
    answer->retry_after = known->retry_after;
    memcpy(answer->detail, known->detail, sizeof(answer->detail));
    return refuse(basic, answer, known->reason);
}

static void done_cb(struct password_wait *wait)
{
    struct pending *pending = WSL_CONTAINER(wait, struct pending, wait);
    struct auth_waiter *waiter = pending->waiter;
    struct slice user = {pending->user, pending->user_length};
    enum auth_outcome outcome = take(pending->basic, &wait->answer, user, pending->answer);
    free(pending);
    auth_waiter_done(waiter, outcome);
}

static enum auth_outcome check(const struct auth_basic *basic, const struct auth_question *question,
                               const struct basic *given, struct auth_waiter *waiter,
                               struct auth_answer *answer)
{
    struct pending *pending = calloc(1, sizeof(*pending));
    if (!pending)
        return auth_fail(answer, REASON_out_of_memory);
    pending->wait.done = done_cb;
    pending->waiter = waiter;
    pending->basic = basic;
    pending->answer = answer;
    pending->user_length = given->user.len;
    memcpy(pending->user, given->user.ptr, given->user.len);
    const struct password_question asked = {basic->shared,    basic->users, question->lane,
                                            question->client, given->user,  given->password};
    if (!password_check_ask(&asked, &pending->wait)) {
        waiter->pending = pending;
        return AUTH_WAITS;
    }
    enum auth_outcome outcome = take(basic, &pending->wait.answer, given->user, answer);
    free(pending);
    return outcome;
}

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    const struct auth_basic *basic = WSL_CONTAINER(method, struct auth_basic, base);
    unsigned count;
    const struct http_field *field = http_head_only(question->head, SLICE("Authorization"), &count);
    char text[BASIC_MAX];
    struct basic given;
    enum auth_outcome outcome;
    if (!field)
        return refuse(basic, answer, REASON_auth_required);
    switch (basic_decode(field->value, text, &given)) {
    case BASIC_CREDENTIALS:
        outcome = check(basic, question, &given, waiter, answer);
        break;
    case BASIC_OTHER:
        outcome = refuse(basic, answer, REASON_auth_required);
        break;
    default:
        outcome = refuse(basic, answer, REASON_auth_failed);
    }
    explicit_bzero(text, sizeof(text));
    return outcome;
}

static void cancel(struct auth_method *method, struct auth_waiter *waiter)
{
    struct pending *pending = waiter->pending;
    (void)method;
    password_check_cancel(&pending->wait);
    free(pending);
}

static void release(struct auth_method *method)
{
    struct auth_basic *basic = WSL_CONTAINER(method, struct auth_basic, base);
    auth_shared_release(basic->shared, basic->users);
    free(basic->challenge);
    free(basic);
}

/* The realm as a quoted-string, RFC 9110 section 5.6.4. NULL: out of memory. */
static char *make_challenge(const char *realm)
{
    struct text text = {0};
    text_add_string(&text, "Basic realm=\"");
    for (const char *p = realm; *p; p++) {
        if (*p == '"' || *p == '\\')
            text_add_byte(&text, '\\');
        text_add_byte(&text, *p);
    }
    text_add_string(&text, "\", charset=\"UTF-8\"");
    size_t length;
    return text_take(&text, &length);
}

/* NULL: *error. */
static struct users_store *find_users(const struct config_auth_basic *config,
                                      struct auth_shared *shared, char *error, size_t error_size)
{
    struct text lines = {0};
    if (config->users)
        return auth_shared_users(shared, config->users, error, error_size);
    for (size_t i = 0; i < config->accounts.count; i++) {
        text_add_string(&lines, config->accounts.items[i]);
        text_add_byte(&lines, '\n');
    }
    struct users_store *users =
        lines.failed ? NULL : auth_shared_accounts(shared, text_slice(&lines), error, error_size);
    text_free(&lines);
    return users;
}

struct auth_method *auth_basic_create(const struct config_auth_basic *config,
                                      struct auth_shared *shared, char *error, size_t error_size)
{
    static const struct auth_method_ops ops = {.ask = ask, .cancel = cancel, .release = release};
    struct auth_basic *basic = calloc(1, sizeof(*basic));
    snprintf(error, error_size, "out of memory");
    if (!basic)
        return NULL;
    basic->base.ops = &ops;
    basic->shared = shared;
    basic->challenge = make_challenge(config->realm);
    if (basic->challenge)
        basic->users = find_users(config, shared, error, error_size);
    if (basic->users)
        return &basic->base;
    release(&basic->base);
    return NULL;
}
