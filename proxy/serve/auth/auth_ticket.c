#include "serve/auth/auth_ticket.h"

#include "core/ticket/ticket_find.h"
#include "net/http/http_origin.h"
#include "net/work.h"
#include "serve/auth/ticket/ticket_check.h"
#include "serve/auth/ticket/ticket_key_urls.h"

#define INVALID "Bearer error=\"invalid_token\"" /* RFC 6750 section 3 */

struct auth_ticket {
    struct auth_method base;
    const struct config_ticket *config;
    struct ticket_check *check;
    struct ticket_key_url *url; /* NULL: the keys are in a file */
    struct http_origin *origin; /* of the URL */
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

static enum auth_outcome judge(const struct auth_ticket *ticket, enum ticket_verdict verdict,
                               const struct ticket_facts *facts, struct auth_answer *answer)
{
    return verdict == TICKET_VALID ? pass(ticket, facts, answer) : refuse(verdict, facts, answer);
}

/* ---- keys behind a URL ---- */

/* A request that waits for them. */
struct pending {
    struct ticket_key_wait wait;
    struct auth_ticket *ticket;
    struct auth_waiter *waiter;
    const struct auth_question *question;
    struct auth_answer *answer;
};

/* Releases the keys. NULL: there are none. */
static enum auth_outcome ask_keys(struct auth_ticket *ticket, struct slice token,
                                  struct ticket_keys *keys, const struct auth_question *question,
                                  struct auth_answer *answer, bool *is_unknown)
{
    const struct ticket_shown shown = {token, question->client, question->is_upgrade};
    struct ticket_facts facts;
    *is_unknown = false;
    if (!keys) {
        ticket_key_url_explain(ticket->url, answer->detail, &answer->retry_after);
        return auth_fail(answer, REASON_auth_unavailable);
    }
    enum ticket_verdict verdict = ticket_check_verify_by(ticket->check, keys, &shown, &facts);
    ticket_keys_release(keys);
    *is_unknown = verdict == TICKET_KEY;
    return judge(ticket, verdict, &facts, answer);
}

static void fetched_cb(struct ticket_key_wait *wait)
{
    struct pending *pending = WSL_CONTAINER(wait, struct pending, wait);
    struct auth_ticket *ticket = pending->ticket;
    struct auth_waiter *waiter = pending->waiter;
    enum auth_outcome outcome = AUTH_FAILED;
    char text[TOKEN_MAX];
    struct slice token;
    bool is_unknown;
    /* As it did before the wait. */
    if (ticket_find_in(&ticket->config->from, pending->question->head, text, &token) ==
        TOKEN_FIND_FOUND)
        outcome = ask_keys(ticket, token, ticket_key_url_keys(ticket->url), pending->question,
                           pending->answer, &is_unknown);
    explicit_bzero(text, sizeof(text));
    free(pending);
    auth_waiter_done(waiter, outcome);
}

/* True: *outcome; a key that is not known is worth a fetch, if one may begin. */
static bool ask_now(struct pending *pending, struct slice token, enum auth_outcome *outcome)
{
    const struct ticket_key_fetch fetch = {
        .config = &pending->ticket->config->key,
        .origin = pending->ticket->origin,
        .http = pending->question->http,
        .mailbox = pending->question->lane->mailbox,
    };
    struct ticket_keys *keys;
    bool is_unknown = false, was_unknown;
    do {
        was_unknown = is_unknown;
        if (!ticket_key_url_ask(pending->ticket->url, &fetch, is_unknown, &pending->wait, &keys))
            return false;
        *pending->answer = (struct auth_answer){0};
        *outcome =
            ask_keys(pending->ticket, token, keys, pending->question, pending->answer, &is_unknown);
    } while (is_unknown && !was_unknown);
    return true;
}

static enum auth_outcome ask_url(struct auth_ticket *ticket, struct slice token,
                                 const struct auth_question *question, struct auth_waiter *waiter,
                                 struct auth_answer *answer)
{
    enum auth_outcome outcome;
    struct pending *pending = malloc(sizeof(*pending));
    if (!pending)
        return auth_fail(answer, REASON_out_of_memory);
    *pending = (struct pending){{.done = fetched_cb}, ticket, waiter, question, answer};
    if (ask_now(pending, token, &outcome)) {
        free(pending);
        return outcome;
    }
    *answer = (struct auth_answer){0};
    waiter->pending = pending;
    return AUTH_WAITS;
}

static void cancel(struct auth_method *method, struct auth_waiter *waiter)
{
    struct pending *pending = waiter->pending;
    (void)method;
    ticket_key_url_leave(pending->ticket->url, &pending->wait);
    free(pending);
    waiter->pending = NULL;
}

/* ---- the method ---- */

static enum auth_outcome ask_file(struct auth_ticket *ticket, struct slice token,
                                  const struct auth_question *question, struct auth_answer *answer)
{
    const struct ticket_shown shown = {token, question->client, question->is_upgrade};
    struct ticket_facts facts;
    enum ticket_verdict verdict = ticket_check_verify(ticket->check, &shown, &facts);
    return judge(ticket, verdict, &facts, answer);
}

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    struct auth_ticket *ticket = WSL_CONTAINER(method, struct auth_ticket, base);
    char text[TOKEN_MAX];
    struct slice token;
    enum auth_outcome outcome = AUTH_FAILED;
    switch (ticket_find_in(&ticket->config->from, question->head, text, &token)) {
    case TOKEN_FIND_FOUND:
        outcome = ticket->url ? ask_url(ticket, token, question, waiter, answer)
                              : ask_file(ticket, token, question, answer);
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
    ticket_key_url_release(ticket->url);
    http_origin_release(ticket->origin);
    ticket_check_free(ticket->check);
    free(ticket);
}

/* False: *error. */
static bool open_keys(struct auth_ticket *ticket, const struct auth_ticket_shared *shared,
                      char *error, size_t error_size)
{
    ticket->check = ticket_check_create(ticket->config, false, shared->used, error, error_size);
    if (!ticket->check || !ticket->config->key.url)
        return ticket->check != NULL;
    snprintf(error, error_size, "out of memory");
    ticket->url = ticket_key_urls_get(shared->urls, &ticket->config->key);
    ticket->origin = http_origin_retain(shared->origin);
    return ticket->url != NULL;
}

struct auth_method *auth_ticket_create(const struct config_ticket *config,
                                       const struct auth_ticket_shared *shared, char *error,
                                       size_t error_size)
{
    static const struct auth_method_ops ops = {.ask = ask, .cancel = cancel, .release = release};
    struct auth_ticket *ticket = calloc(1, sizeof(*ticket));
    snprintf(error, error_size, "out of memory");
    if (!ticket)
        return NULL;
    ticket->base.ops = &ops;
    ticket->config = config;
    if (open_keys(ticket, shared, error, error_size))
        return &ticket->base;
    release(&ticket->base);
    return NULL;
}
