#include "serve/auth/auth_ticket.h"

#include "core/ticket/ticket_find.h"
#include "serve/auth/ticket/ticket_check.h"

#define INVALID "Bearer error=\"invalid_token\"" /* RFC 6750 section 3 */

struct auth_ticket {
    struct auth_method base;
    const struct config_ticket *config;
    struct ticket_check *check;
};

/* ---- the verdict ---- */

static enum reason reason_of(enum ticket_verdict verdict)
{
    switch (verdict) {
    case TICKET_FULL:
    case TICKET_NO_KEYS:
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
    ticket_check_explain(verdict, facts, answer->detail, sizeof(answer->detail));
    enum reason reason = reason_of(verdict);
    answer->challenge = reason == REASON_auth_failed ? INVALID : NULL;
    return auth_fail(answer, reason);
}

static enum auth_outcome pass(const struct auth_ticket *ticket, const struct ticket_facts *facts,
                              struct auth_answer *answer)
{
    if (!auth_set_user(answer, slice_of(facts->user)) ||
        !auth_set_target(answer, slice_of(facts->target), "ticket"))
        return auth_fail(answer, REASON_auth_failed);
    answer->expires_at = ticket_check_session_end(ticket->check, facts);
    return AUTH_PASSED;
}

/* ---- the method ---- */

static enum auth_outcome ask_with(struct auth_ticket *ticket, struct slice token,
                                  const struct auth_question *question, struct auth_answer *answer)
{
    const struct ticket_shown shown = {token, question->client, question->is_upgrade};
    struct ticket_facts facts;
    enum ticket_verdict verdict = ticket_check_verify(ticket->check, &shown, &facts);
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
    ticket_check_free(ticket->check);
    free(ticket);
}

struct auth_method *auth_ticket_create(const struct config_ticket *config, struct ticket_used *used,
                                       char *error, size_t error_size)
{
    static const struct auth_method_ops ops = {.ask = ask, .release = release};
    struct auth_ticket *ticket = calloc(1, sizeof(*ticket));
    snprintf(error, error_size, "out of memory");
    if (!ticket)
        return NULL;
    *ticket = (struct auth_ticket){
        {&ops}, config, ticket_check_create(config, false, used, error, error_size)};
    if (ticket->check)
        return &ticket->base;
    release(&ticket->base);
    return NULL;
}
