#include "serve/auth/auth_ticket.h"

#include "base/monotonic.h"
#include "core/ticket/ticket.h"
#include "core/ticket/ticket_find.h"
#include "serve/auth/ticket/ticket_key_file.h"
#include "serve/auth/ticket/ticket_used.h"

#define INVALID "Bearer error=\"invalid_token\"" /* RFC 6750 section 3 */

struct auth_ticket {
    struct auth_method base;
    const struct config_ticket *config;
    struct ticket_policy policy;
    const char **required; /* owned; of the policy */
    struct ticket_key_file *keys;
    struct ticket_used *used;
};

/* ---- the verdict ---- */

static enum reason reason_of(enum ticket_verdict verdict)
{
    switch (verdict) {
    case TICKET_FULL:
        return REASON_auth_unavailable;
    case TICKET_MEMORY:
        return REASON_out_of_memory;
    default:
        return REASON_auth_failed;
    }
}

static enum auth_outcome refuse(enum ticket_verdict verdict, const struct ticket_facts *facts,
                                struct auth_answer *answer)
{
    bool of_claim = verdict == TICKET_MISSING || verdict == TICKET_CLAIMS;
    snprintf(answer->detail, sizeof(answer->detail), "%s%s%s", ticket_verdict_phrase(verdict),
             of_claim && *facts->claim ? ": " : "", of_claim ? facts->claim : "");
    enum reason reason = reason_of(verdict);
    answer->challenge = reason == REASON_auth_failed ? INVALID : NULL;
    return auth_fail(answer, reason);
}

static enum auth_outcome pass(const struct auth_ticket *ticket, const struct ticket_facts *facts,
                              struct auth_answer *answer)
{
    if (!auth_set_user(answer, slice_of(facts->user)))
        return auth_fail(answer, REASON_auth_failed);
    if (ticket->config->end_session && facts->expires_ms != INT64_MAX)
        answer->expires_at = (facts->expires_ms + ticket->policy.leeway_ms + 999) / 1000;
    return AUTH_PASSED;
}

static enum ticket_verdict verify(struct auth_ticket *ticket, struct slice token,
                                  const struct ticket_keys *keys,
                                  const struct auth_question *question, struct ticket_facts *facts)
{
    const struct ticket_moment moment = {wall_clock_ms(), question->client};
    struct ticket_use use;
    enum ticket_verdict verdict = ticket_verify(token, keys, &ticket->policy, &moment, facts, &use);
    if (verdict == TICKET_VALID && ticket->policy.single_use && question->is_upgrade)
        verdict = ticket_used_take(ticket->used, &use, moment.now_ms);
    return verdict;
}

/* ---- the method ---- */

static enum auth_outcome ask_with(struct auth_ticket *ticket, struct slice token,
                                  const struct auth_question *question, struct auth_answer *answer)
{
    struct ticket_facts facts;
    struct ticket_keys *keys = ticket_key_file_get(ticket->keys, monotonic_ms());
    if (!keys) {
        snprintf(answer->detail, sizeof(answer->detail), "the file of the ticket key is gone");
        return auth_fail(answer, REASON_auth_unavailable);
    }
    enum ticket_verdict verdict = verify(ticket, token, keys, question, &facts);
    ticket_keys_release(keys);
    return verdict == TICKET_VALID ? pass(ticket, &facts, answer) : refuse(verdict, &facts, answer);
}

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    struct auth_ticket *ticket = WSL_CONTAINER(method, struct auth_ticket, base);
    char text[TOKEN_MAX];
    struct slice token;
    enum auth_outcome outcome = AUTH_FAILED;
    (void)waiter;
    switch (ticket_find_in(&ticket->config->from, question->head, text, &token)) {
    case TOKEN_FIND_FOUND:
        outcome = ask_with(ticket, token, question, answer);
        break;
    case TOKEN_FIND_NONE:
        answer->challenge = "Bearer";
        outcome = auth_fail(answer, REASON_auth_required);
        break;
    case TOKEN_FIND_LONG:
        snprintf(answer->detail, sizeof(answer->detail), "the ticket is longer than %d bytes",
                 TOKEN_MAX);
        answer->challenge = INVALID;
        outcome = auth_fail(answer, REASON_auth_failed);
        break;
    }
    explicit_bzero(text, sizeof(text));
    return outcome;
}

static void release(struct auth_method *method)
{
    struct auth_ticket *ticket = WSL_CONTAINER(method, struct auth_ticket, base);
    ticket_key_file_free(ticket->keys);
    free(ticket->required);
    free(ticket);
}

/* The configuration's, and "exp" unless tickets may be unlimited. */
static bool require(struct auth_ticket *ticket)
{
    const struct config_texts *required = &ticket->config->required;
    const char **items = calloc(required->count + 1, sizeof(*items));
    ticket->required = items;
    if (!items)
        return false;
    for (size_t i = 0; i < required->count; i++)
        items[i] = required->items[i];
    items[required->count] = "exp";
    ticket->policy.required =
        (struct config_texts){items, required->count + !ticket->config->unlimited};
    return true;
}

struct auth_method *auth_ticket_create(const struct config_ticket *config,
                                       struct ticket_used *used, char *error, size_t error_size)
{
    static const struct auth_method_ops ops = {.ask = ask, .release = release};
    struct auth_ticket *ticket = calloc(1, sizeof(*ticket));
    snprintf(error, error_size, "out of memory");
    if (!ticket)
        return NULL;
    ticket->base.ops = &ops;
    ticket->config = config;
    ticket->used = used;
    ticket->policy = (struct ticket_policy){
        .audiences = config->audiences,
        .issuers = config->issuers,
        .leeway_ms = config->leeway_ms,
        .user = config->user,
        .address = config->address,
        .scope = config->key.file,
        .single_use = config->single_use,
    };
    if (require(ticket))
        ticket->keys = ticket_key_file_create(&config->key, error, error_size);
    if (ticket->keys)
        return &ticket->base;
    release(&ticket->base);
    return NULL;
}
