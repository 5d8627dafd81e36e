#include "serve/auth/ticket/ticket_check.h"

#include "base/monotonic.h"
#include "core/ticket/ticket.h"
#include "serve/auth/ticket/ticket_key_file.h"
#include "serve/auth/ticket/ticket_used.h"

struct ticket_check {
    const struct config_ticket *config;
    struct ticket_policy policy;
    const char **required; /* owned; of the policy */
    struct ticket_key_file *keys;
    struct ticket_used *used;
};

/* ---- the verdict ---- */

enum ticket_verdict ticket_check_verify(struct ticket_check *check,
                                        const struct ticket_shown *shown,
                                        struct ticket_facts *facts)
{
    const struct ticket_moment moment = {wall_clock_ms(), shown->client};
    struct ticket_use use;
    struct ticket_keys *keys = ticket_key_file_get(check->keys, monotonic_ms());
    *facts = (struct ticket_facts){.expires_ms = INT64_MAX};
    if (!keys)
        return TICKET_NO_KEYS;
    enum ticket_verdict verdict =
        ticket_verify(shown->token, keys, &check->policy, &moment, facts, &use);
    ticket_keys_release(keys);
    if (verdict == TICKET_VALID && check->policy.single_use && shown->uses_up)
        verdict = ticket_used_take(check->used, &use, moment.now_ms);
    return verdict;
}

void ticket_check_explain(enum ticket_verdict verdict, const struct ticket_facts *facts, char *text,
                          size_t size)
{
    bool of_claim = verdict == TICKET_MISSING || verdict == TICKET_CLAIMS;
    snprintf(text, size, "%s%s%s", ticket_verdict_phrase(verdict),
             of_claim && *facts->claim ? ": " : "", of_claim ? facts->claim : "");
}

int64_t ticket_check_session_end(const struct ticket_check *check, const struct ticket_facts *facts)
{
    if (!check->config->end_session || facts->expires_ms == INT64_MAX)
        return 0;
    return (facts->expires_ms + check->policy.leeway_ms + 999) / 1000;
}

/* ---- creation ---- */

/* The configuration's, and "exp" unless tickets may be unlimited. */
static bool require(struct ticket_check *check)
{
    const struct config_texts *required = &check->config->required;
    const char **items = calloc(required->count + 1, sizeof(*items));
    check->required = items;
    if (!items)
        return false;
    for (size_t i = 0; i < required->count; i++)
        items[i] = required->items[i];
    items[required->count] = "exp";
    check->policy.required =
        (struct config_texts){items, required->count + !check->config->unlimited};
    return true;
}

struct ticket_check *ticket_check_create(const struct config_ticket *config, bool host_and_port,
                                         struct ticket_used *used, char *error, size_t error_size)
{
    struct ticket_check *check = calloc(1, sizeof(*check));
    snprintf(error, error_size, "out of memory");
    if (!check)
        return NULL;
    check->config = config;
    check->used = used;
    check->policy = (struct ticket_policy){
        .audiences = config->audiences,
        .issuers = config->issuers,
        .leeway_ms = config->leeway_ms,
        .user = config->user,
        .target = config->target,
        .host_and_port = host_and_port,
        .address = config->address,
        .scope = config->key.file,
        .single_use = config->single_use,
    };
    if (require(check))
        check->keys = ticket_key_file_create(&config->key, error, error_size);
    if (check->keys)
        return check;
    ticket_check_free(check);
    return NULL;
}

void ticket_check_free(struct ticket_check *check)
{
    if (!check)
        return;
    ticket_key_file_free(check->keys);
    free(check->required);
    free(check);
}
