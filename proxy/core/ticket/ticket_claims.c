#include "core/ticket/ticket_claims.h"

#include "base/ascii.h"

/* Seconds since 1970, below which a double has every millisecond. */
#define SECONDS_MAX 8e12

struct check {
    const struct json_value *claims;
    const struct ticket_policy *policy;
    const struct ticket_moment *moment;
    struct ticket_facts *facts;
};

static enum ticket_verdict about(const struct check *check, enum ticket_verdict verdict,
                                 const char *claim)
{
    snprintf(check->facts->claim, sizeof(check->facts->claim), "%s", claim);
    return verdict;
}

/* ---- times ---- */

/* In milliseconds; `standard` if the claim is not there. Fractions are rounded down. */
static enum ticket_verdict time_of(const struct check *check, const char *claim, int64_t standard,
                                   int64_t *ms)
{
    double seconds;
    const struct json_value *value = json_value_member(check->claims, claim);
    *ms = standard;
    if (!value)
        return TICKET_VALID;
    if (!json_value_number(value, &seconds) || !(seconds >= -SECONDS_MAX && seconds <= SECONDS_MAX))
        return about(check, TICKET_CLAIMS, claim);
    double rounded = seconds * 1000; /* stored: x87 computes with more digits than a double has */
    *ms = (int64_t)rounded;
    *ms -= (double)*ms > rounded;
    return TICKET_VALID;
}

static enum ticket_verdict check_times(const struct check *check)
{
    int64_t exp, nbf, iat, now = check->moment->now_ms, leeway = check->policy->leeway_ms;
    enum ticket_verdict verdict = time_of(check, "exp", INT64_MAX, &exp);
    if (verdict == TICKET_VALID)
        verdict = time_of(check, "nbf", INT64_MIN, &nbf);
    if (verdict == TICKET_VALID)
        verdict = time_of(check, "iat", INT64_MIN, &iat);
    if (verdict != TICKET_VALID)
        return verdict;
    check->facts->expires_ms = exp;
    if (exp != INT64_MAX && now >= exp + leeway)
        return TICKET_EXPIRED;
    int64_t latest = now + leeway;
    return latest < nbf || latest < iat ? TICKET_EARLY : TICKET_VALID;
}

/* ---- texts ---- */

static enum ticket_verdict check_issuer(const struct check *check)
{
    const struct json_value *value = json_value_member(check->claims, "iss");
    check->facts->issuer = (struct slice){0};
    if (value && !json_value_text(value, &check->facts->issuer))
        return about(check, TICKET_CLAIMS, "iss");
    if (check->policy->issuers.count == 0)
        return TICKET_VALID;
    if (!value)
        return about(check, TICKET_MISSING, "iss");
    return config_texts_has(&check->policy->issuers, check->facts->issuer) ? TICKET_VALID
                                                                           : TICKET_ISSUER;
}

typedef bool fits_fn(const struct check *check, struct slice text);

/* Of a claim that is a text, or a list of texts, one has to fit. `otherwise`: none does. */
static enum ticket_verdict find_text(const struct check *check, const char *claim, fits_fn *fits,
                                     enum ticket_verdict otherwise)
{
    const struct json_value *value = json_value_member(check->claims, claim);
    bool list = json_value_type(value) == JSON_VALUE_ARRAY, found = false;
    size_t count = list ? json_value_count(value) : 1;
    struct slice text;
    for (size_t i = 0; i < count; i++) {
        if (!json_value_text(list ? json_value_at(value, i) : value, &text))
            return about(check, TICKET_CLAIMS, claim);
        found = found || fits(check, text);
    }
    return found ? TICKET_VALID : otherwise;
}

static bool takes_any_audience(const struct check *check)
{
    return config_texts_has(&check->policy->audiences, SLICE("*"));
}

static bool is_audience(const struct check *check, struct slice text)
{
    return takes_any_audience(check) || config_texts_has(&check->policy->audiences, text);
}

static enum ticket_verdict check_audience(const struct check *check)
{
    if (json_value_member(check->claims, "aud"))
        return find_text(check, "aud", is_audience, TICKET_AUDIENCE);
    return check->policy->audiences.count > 0 && !takes_any_audience(check)
               ? about(check, TICKET_MISSING, "aud")
               : TICKET_VALID;
}

static bool is_client(const struct check *check, struct slice text)
{
    uint8_t address[IP_BYTES];
    const struct client_address *client = check->moment->client;
    return client && client->known && ip_parse(text, address) &&
           memcmp(address, client->ip.address, IP_BYTES) == 0;
}

static enum ticket_verdict check_address(const struct check *check)
{
    const char *claim = check->policy->address;
    if (!claim)
        return TICKET_VALID;
    if (!json_value_member(check->claims, claim))
        return about(check, TICKET_MISSING, claim);
    return find_text(check, claim, is_client, TICKET_ADDRESS);
}

static enum ticket_verdict check_required(const struct check *check)
{
    const struct config_texts *required = &check->policy->required;
    for (size_t i = 0; i < required->count; i++) {
        enum json_value_type type =
            json_value_type(json_value_member(check->claims, required->items[i]));
        if (type == JSON_VALUE_NONE || type == JSON_VALUE_NULL)
            return about(check, TICKET_MISSING, required->items[i]);
    }
    return TICKET_VALID;
}

static enum ticket_verdict check_id(const struct check *check)
{
    const struct json_value *value = json_value_member(check->claims, "jti");
    struct slice *id = &check->facts->id;
    *id = (struct slice){0};
    if (value && (!json_value_text(value, id) || id->len > TICKET_CLAIMS_ID))
        return about(check, TICKET_CLAIMS, "jti");
    if (!check->policy->single_use)
        return TICKET_VALID;
    if (id->len == 0)
        return about(check, TICKET_MISSING, "jti");
    return check->facts->expires_ms == INT64_MAX ? about(check, TICKET_MISSING, "exp")
                                                 : TICKET_VALID;
}

/* ---- results ---- */

/* Without control characters: the log has it in a line, and a PROXY header in a field. */
static enum ticket_verdict copy_claim(const struct check *check, const char *claim, bool optional,
                                      char out[static TICKET_CLAIMS_TEXT])
{
    struct slice text;
    const struct json_value *value = json_value_member(check->claims, claim);
    out[0] = '\0';
    if (!value)
        return optional ? TICKET_VALID : about(check, TICKET_MISSING, claim);
    if (!json_value_text(value, &text) || text.len >= TICKET_CLAIMS_TEXT || ascii_has_control(text))
        return about(check, TICKET_CLAIMS, claim);
    if (text.len == 0 && !optional)
        return about(check, TICKET_MISSING, claim);
    snprintf(out, TICKET_CLAIMS_TEXT, "%.*s", (int)text.len, text.ptr);
    return TICKET_VALID;
}

/* "port" may be a number, or a text: of a number, of the name of a service, or of a path. */
static enum ticket_verdict copy_port(const struct check *check, char out[static TICKET_CLAIMS_TEXT])
{
    int64_t number;
    if (!json_value_integer(json_value_member(check->claims, "port"), 1, UINT16_MAX, &number))
        return copy_claim(check, "port", false, out);
    snprintf(out, TICKET_CLAIMS_TEXT, "%d", (int)number);
    return TICKET_VALID;
}

/* A host with a "/" would be a URL, or a path. */
static enum ticket_verdict copy_host_and_port(const struct check *check,
                                              char out[static TICKET_CLAIMS_TEXT])
{
    char host[TICKET_CLAIMS_TEXT], port[TICKET_CLAIMS_TEXT];
    enum ticket_verdict verdict = copy_claim(check, "host", false, host);
    if (verdict == TICKET_VALID && strchr(host, '/'))
        verdict = about(check, TICKET_CLAIMS, "host");
    if (verdict == TICKET_VALID)
        verdict = copy_port(check, port);
    if (verdict == TICKET_VALID &&
        (size_t)snprintf(out, TICKET_CLAIMS_TEXT, "%s:%s", host, port) >= TICKET_CLAIMS_TEXT)
        verdict = about(check, TICKET_CLAIMS, "host");
    return verdict;
}

static enum ticket_verdict copy_results(const struct check *check)
{
    const struct ticket_policy *policy = check->policy;
    enum ticket_verdict verdict = copy_claim(check, policy->user ? policy->user : "sub",
                                             policy->user == NULL, check->facts->user);
    check->facts->target[0] = '\0';
    if (verdict == TICKET_VALID && policy->target)
        verdict = copy_claim(check, policy->target, false, check->facts->target);
    else if (verdict == TICKET_VALID && policy->host_and_port)
        verdict = copy_host_and_port(check, check->facts->target);
    return verdict;
}

enum ticket_verdict ticket_claims_check(const struct json_value *claims,
                                        const struct ticket_policy *policy,
                                        const struct ticket_moment *moment,
                                        struct ticket_facts *facts)
{
    typedef enum ticket_verdict check_fn(const struct check *check);
    static check_fn *const checks[] = {check_times,    check_issuer, check_audience, check_address,
                                       check_required, check_id,     copy_results};
    const struct check check = {claims, policy, moment, facts};
    *facts = (struct ticket_facts){.expires_ms = INT64_MAX};
    if (json_value_type(claims) != JSON_VALUE_OBJECT)
        return TICKET_CLAIMS;
    for (size_t i = 0; i < WSL_COUNT(checks); i++) {
        enum ticket_verdict verdict = checks[i](&check);
        if (verdict != TICKET_VALID)
            return verdict;
    }
    return TICKET_VALID;
}
