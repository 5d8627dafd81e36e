#include "serve/auth/ticket/ticket_check.h"

#include "base/monotonic.h"
#include "core/ticket/ticket.h"
#include "serve/auth/ticket/ticket_key_file.h"
#include "serve/auth/ticket/ticket_used.h"

struct ticket_check {
    const struct config_ticket *config;
    struct ticket_policy policy;
    const char **required;        /* owned; of the policy */
    struct ticket_key_file *keys; /* NULL: they are behind a URL */
    struct ticket_used *used;
};

/* ---- the verdict ---- */

enum ticket_verdict ticket_check_verify(struct ticket_check *check,
                                        const struct ticket_shown *shown,
                                        struct ticket_facts *facts)
{
    struct ticket_keys *keys = ticket_key_file_get(check->keys, monotonic_ms());
    *facts = (struct ticket_facts){.expires_ms = INT64_MAX};
    if (!keys)
        return TICKET_NO_KEYS;
    enum ticket_verdict verdict = ticket_check_verify_by(check, keys, shown, facts);
    ticket_keys_release(keys);
    return verdict;
}

enum ticket_verdict ticket_check_verify_by(struct ticket_check *check,
                                           const struct ticket_keys *keys,
                                           const struct ticket_shown *shown,
                                           struct ticket_facts *facts)
{
    const struct ticket_moment moment = {wall_clock_ms(), shown->client};
    struct ticket_use use;
    enum ticket_verdict verdict =
        ticket_verify(shown->token, keys, &check->policy, &moment, facts, &use);
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

/* Keys behind a URL come from elsewhere. False: *error. */
static bool open_file(struct ticket_check *check, char *error, size_t error_size)
{
    const struct config_ticket_key *key = &check->config->key;
    if (key->url && JSON_VALUE_IS_BUILT_IN)
        return true;
    if (key->url)
        snprintf(error, error_size, "ticket key: %s", JSON_VALUE_LIBRARY);
    else
        check->keys = ticket_key_file_create(key, error, error_size);
    return check->keys != NULL;
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
        .scope = config->key.file ? config->key.file : config->key.url,
        .single_use = config->single_use,
    };
    if (require(check) && open_file(check, error, error_size))
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
