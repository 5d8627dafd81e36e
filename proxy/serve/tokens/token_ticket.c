#include "serve/tokens/token_ticket.h"

#include "core/tokens/resolver_answer.h"
#include "serve/auth/ticket/ticket_check.h"
#include "serve/tokens/token_answer.h"

struct token_ticket {
    struct token_source source;
    const char *path;
    struct ticket_check *check;
};

static struct token_ticket *ticket_of(struct token_source *source)
{
    return WSL_CONTAINER(source, struct token_ticket, source);
}

static enum reason reason_of(enum ticket_verdict verdict)
{
    switch (verdict) {
    case TICKET_FULL:
    case TICKET_NO_KEYS:
        return REASON_token_source;
    case TICKET_MEMORY:
        return REASON_out_of_memory;
    default:
        return REASON_token_unknown;
    }
}

static enum reason take(const struct token_ticket *ticket, const struct ticket_facts *facts,
                        struct token_destination *destination)
{
    enum reason reason =
        token_answer_take_target(slice_of(facts->target), "the ticket", destination);
    if (reason == REASON_token_source) /* the service is well: this ticket leads nowhere */
        return REASON_token_unknown;
    if (reason != REASON_none)
        return reason;
    struct resolver_answer *answer = destination->answer;
    _Static_assert(sizeof(answer->user) == sizeof(facts->user), "each name fits");
    memcpy(answer->user, facts->user, sizeof(answer->user));
    answer->expires = ticket_check_session_end(ticket->check, facts);
    destination->chosen_by = "ticket";
    return REASON_none;
}

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    struct token_ticket *ticket = ticket_of(source);
    struct token_destination *destination = wait->destination;
    const struct ticket_shown shown = {question->token, question->client, true};
    struct ticket_facts facts;
    enum ticket_verdict verdict = ticket_check_verify(ticket->check, &shown, &facts);
    if (verdict == TICKET_VALID) {
        *reason = take(ticket, &facts, destination);
        return true;
    }
    ticket_check_explain(verdict, &facts, destination->detail, sizeof(destination->detail));
    *reason = reason_of(verdict);
    return true;
}

static bool describe(struct token_source *source, char *text, size_t size)
{
    snprintf(text, size, "tokens: tickets by the key %s", ticket_of(source)->path);
    return true;
}

static void release(struct token_source *source)
{
    struct token_ticket *ticket = ticket_of(source);
    ticket_check_free(ticket->check);
    free(ticket);
}

static const struct token_source_ops ops = {release, find, NULL, describe};

struct token_source *token_ticket_create(const struct config_tokens *tokens,
                                         struct ticket_used *used, char *error, size_t error_size)
{
    struct token_ticket *ticket = calloc(1, sizeof(*ticket));
    if (!ticket) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    ticket->source.ops = &ops;
    ticket->path = tokens->ticket.key.file;
    ticket->check = ticket_check_create(&tokens->ticket, tokens->ticket.target == NULL, used, error,
                                        error_size);
    if (ticket->check)
        return &ticket->source;
    free(ticket);
    return NULL;
}
