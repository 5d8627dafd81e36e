#include "serve/auth/ticket/ticket_key_url.h"

#include "base/log/log.h"
#include "base/monotonic.h"
#include "codec/http/answer/http_freshness.h"
#include "config/model/url.h"
#include "core/ticket/ticket_refresh.h"
#include "net/http/http_pool.h"

struct ticket_key_url {
    char *url, *ca;  /* owned; ca NULL: the system's */
    char where[128]; /* for the log */
    enum config_ticket_algorithm algorithm;
    pthread_mutex_t lock; /* of what follows */
    unsigned references;
    struct ticket_refresh refresh;
    struct ticket_keys *keys; /* NULL: none yet */
    struct list waiters;      /* of the fetch that is under way */
    char problem[TICKET_KEY_URL_DETAIL];
};

/* A request that is under way. */
struct flight {
    struct ticket_key_url *url;
    struct http_origin *origin;
    uint32_t interval_ms, cache_ms;
};

/* ---- references ---- */

struct ticket_key_url *ticket_key_url_create(const struct config_ticket_key *config)
{
    struct ticket_key_url *url = calloc(1, sizeof(*url));
    if (!url)
        return NULL;
    url->url = strdup(config->url);
    url->ca = config->ca ? strdup(config->ca) : NULL;
    if (!url->url || (config->ca && !url->ca)) {
        free(url->url);
        free(url->ca);
        free(url);
        return NULL;
    }
    struct url parsed;
    if (!url_parse(config->url, &parsed))
        config_address_print(&parsed.address, url->where, sizeof(url->where));
    url->algorithm = config->algorithm;
    url->references = 1;
    pthread_mutex_init(&url->lock, NULL);
    list_init(&url->waiters);
    return url;
}

bool ticket_key_url_is_of(const struct ticket_key_url *url, const struct config_ticket_key *config)
{
    return strcmp(url->url, config->url) == 0 && string_equal(url->ca, config->ca) &&
           url->algorithm == config->algorithm;
}

struct ticket_key_url *ticket_key_url_retain(struct ticket_key_url *url)
{
    pthread_mutex_lock(&url->lock);
    url->references++;
    pthread_mutex_unlock(&url->lock);
    return url;
}

/* Unlocks. */
static void drop_reference(struct ticket_key_url *url)
{
    bool last = --url->references == 0;
    pthread_mutex_unlock(&url->lock);
    if (!last)
        return;
    ticket_keys_release(url->keys);
    pthread_mutex_destroy(&url->lock);
    free(url->url);
    free(url->ca);
    free(url);
}

bool ticket_key_url_is_unused(struct ticket_key_url *url)
{
    pthread_mutex_lock(&url->lock);
    bool unused = url->references == 1;
    pthread_mutex_unlock(&url->lock);
    return unused;
}

void ticket_key_url_release(struct ticket_key_url *url)
{
    if (!url)
        return;
    pthread_mutex_lock(&url->lock);
    drop_reference(url);
}

/* ---- an answer ---- */

/* Readers of a secret can sign with it. */
static bool has_secret(const struct ticket_keys *keys)
{
    const struct ticket_key *key;
    for (size_t i = 0; (key = ticket_keys_at(keys, i)); i++)
        if (key->alg->family == TICKET_HMAC)
            return true;
    return false;
}

static bool is_json(struct slice body)
{
    while (body.len > 0 && memchr(" \t\r\n", body.ptr[0], 4))
        body = slice_from(body, 1);
    return body.len > 0 && body.ptr[0] == '{';
}

static struct ticket_keys *read_keys(const struct ticket_key_url *url, struct slice body,
                                     size_t *skipped, char *why, size_t why_size)
{
    const struct ticket_alg *only =
        url->algorithm == CONFIG_TICKET_ANY ? NULL : ticket_alg_at((size_t)url->algorithm - 1);
    if (!is_json(body)) {
        snprintf(why, why_size, "the answer is no JWK Set");
        return NULL;
    }
    struct ticket_keys *keys = ticket_keys_read(body, only, skipped, why, why_size);
    if (!keys || !has_secret(keys))
        return keys;
    snprintf(why, why_size, "the set has a secret, with which its readers could sign");
    ticket_keys_release(keys);
    return NULL;
}

/* NULL, or a key is skipped: *problem. */
static struct ticket_keys *take_answer(const struct flight *flight,
                                       const struct http_result *result,
                                       char problem[static TICKET_KEY_URL_DETAIL])
{
    const char *where = flight->url->where;
    char why[160] = "";
    size_t skipped = 0;
    problem[0] = '\0';
    if (!result->answer) { /* which names the service */
        snprintf(problem, TICKET_KEY_URL_DETAIL, "%s", result->detail);
        return NULL;
    }
    if (result->answer->status != 200) {
        snprintf(problem, TICKET_KEY_URL_DETAIL, "%.80s: the answer has status %u", where,
                 result->answer->status);
        return NULL;
    }
    struct ticket_keys *keys = read_keys(flight->url, result->body, &skipped, why, sizeof(why));
    if (!keys || skipped > 0)
        snprintf(problem, TICKET_KEY_URL_DETAIL, "%.60s: %.90s", where, why);
    return keys;
}

/* Under the lock. Logs a problem once, until another one or none replaces it. */
static void note(struct ticket_key_url *url, const char *problem, bool failed)
{
    const char *consequence = !failed     ? "; a key of the set is skipped"
                              : url->keys ? "; the keys of before stay in use"
                                          : ": no ticket is valid until they are there";
    if (strcmp(url->problem, problem) != 0 && *problem)
        log_message(REASON_WARN, "ticket keys: %s%s", problem, consequence);
    if (url->problem[0] && !*problem)
        log_message(REASON_INFO, "ticket keys: %s: fetched again", url->where);
    snprintf(url->problem, sizeof(url->problem), "%s", problem);
}

static void done_cb(void *owner, void *argument)
{
    struct ticket_key_wait *wait = argument;
    (void)owner;
    wait->done(wait);
}

/* Under the lock. */
static void wake_all(struct ticket_key_url *url)
{
    while (!list_empty(&url->waiters)) {
        struct ticket_key_wait *wait =
            WSL_CONTAINER(url->waiters.next, struct ticket_key_wait, link);
        list_remove(&wait->link);
        wait->is_listed = false;
        mailbox_post(wait->mailbox, &wait->post, done_cb, wait);
    }
}

static void result_cb(void *owner, const struct http_result *result)
{
    struct flight *flight = owner;
    struct ticket_key_url *url = flight->url;
    uint32_t seconds = result->answer ? http_freshness_seconds(result->answer, UINT32_MAX) : 0;
    char problem[TICKET_KEY_URL_DETAIL];
    struct ticket_keys *keys = take_answer(flight, result, problem);
    pthread_mutex_lock(&url->lock);
    note(url, problem, !keys);
    if (keys) {
        ticket_keys_release(url->keys);
        url->keys = keys;
        ticket_refresh_end(&url->refresh, monotonic_ms(), flight->interval_ms,
                           ticket_refresh_lifetime(seconds, flight->cache_ms));
    } else {
        ticket_refresh_fail(&url->refresh, monotonic_ms(), flight->interval_ms);
    }
    wake_all(url);
    http_origin_release(flight->origin);
    free(flight);
    drop_reference(url);
}

/* ---- asking ---- */

/* Under the lock. */
static void begin(struct ticket_key_url *url, const struct ticket_key_fetch *fetch)
{
    char detail[HTTP_DETAIL] = "out of memory";
    const struct config_ticket_key *config = fetch->config;
    struct flight *flight = malloc(sizeof(*flight));
    const struct http_request request = {
        .origin = fetch->origin,
        .target = fetch->origin->url.target,
        .fields = SLICE("Accept: application/json\r\n"),
        .body_max = TICKET_KEYS_TEXT_MAX,
        .timeout_ms = config->timeout_ms,
        .callback = result_cb,
        .owner = flight,
    };
    if (!flight || !http_pool_ask(fetch->http, &request, detail)) {
        free(flight);
        detail[TICKET_KEY_URL_DETAIL - 1] = '\0';
        note(url, detail, true);
        ticket_refresh_fail(&url->refresh, monotonic_ms(), config->interval_ms);
        return;
    }
    *flight = (struct flight){url, http_origin_retain(fetch->origin), config->interval_ms,
                              config->cache_ms};
    url->references++;
    ticket_refresh_begin(&url->refresh, monotonic_ms(), config->interval_ms);
}

bool ticket_key_url_ask(struct ticket_key_url *url, const struct ticket_key_fetch *fetch,
                        bool unknown, struct ticket_key_wait *wait, struct ticket_keys **keys)
{
    *keys = NULL;
    pthread_mutex_lock(&url->lock);
    enum ticket_refresh_step step = ticket_refresh_next(&url->refresh, monotonic_ms(), unknown);
    if (step != TICKET_REFRESH_KEEP && !url->refresh.is_fetching)
        begin(url, fetch);
    bool waits = step == TICKET_REFRESH_WAIT && url->refresh.is_fetching;
    if (waits) {
        wait->mailbox = fetch->mailbox;
        wait->post = (struct mailbox_post){0};
        wait->is_listed = true;
        list_append(&url->waiters, &wait->link);
    } else if (url->keys) {
        *keys = ticket_keys_retain(url->keys);
    }
    pthread_mutex_unlock(&url->lock);
    return !waits;
}

void ticket_key_url_leave(struct ticket_key_url *url, struct ticket_key_wait *wait)
{
    pthread_mutex_lock(&url->lock);
    if (wait->is_listed)
        list_remove(&wait->link);
    else
        (void)mailbox_withdraw(wait->mailbox, &wait->post);
    wait->is_listed = false;
    pthread_mutex_unlock(&url->lock);
}

struct ticket_keys *ticket_key_url_keys(struct ticket_key_url *url)
{
    pthread_mutex_lock(&url->lock);
    struct ticket_keys *keys = url->keys ? ticket_keys_retain(url->keys) : NULL;
    pthread_mutex_unlock(&url->lock);
    return keys;
}

void ticket_key_url_explain(struct ticket_key_url *url, char detail[static TICKET_KEY_URL_DETAIL],
                            uint32_t *retry_after)
{
    pthread_mutex_lock(&url->lock);
    snprintf(detail, TICKET_KEY_URL_DETAIL, "%s", url->problem);
    *retry_after = ticket_refresh_seconds(&url->refresh, monotonic_ms());
    pthread_mutex_unlock(&url->lock);
}
