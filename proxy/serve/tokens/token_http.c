#include "serve/tokens/token_http.h"

#include <pthread.h>

#include "base/monotonic.h"
#include "base/text/secret.h"
#include "codec/http/answer/http_freshness.h"
#include "config/model/config.h"
#include "core/tokens/answer_cache.h"
#include "core/tokens/resolver_answer.h"
#include "core/tokens/resolver_request.h"
#include "net/http/http_pool.h"
#include "net/work.h"
#include "serve/tokens/token_answer.h"

struct token_http {
    struct token_source source;
    struct http_origin *origin;
    char where[128]; /* for details */
    uint32_t timeout_ms, cache_ms;
    pthread_mutex_t lock;
    unsigned references; /* the site's, and one of each flight */
    struct hash_map flights;
    struct answer_cache cache;
};

/* One request that is under way. */
struct flight {
    struct hash_map_link link;
    struct token_http *http;
    const struct work_lane *lane; /* of the loop that asks */
    struct http_call *call;
    struct list waiters;
    struct slice key, cache_key; /* the request; what it is cached under; in `text` */
    char *text;                  /* owned */
    size_t length;
};

struct waiter {
    struct list link;
    struct flight *flight; /* NULL: it has been answered, and the post is on its way */
    struct token_wait *wait;
    enum reason reason;
    struct mailbox_post post;
};

static struct token_http *http_of(struct token_source *source)
{
    return WSL_CONTAINER(source, struct token_http, source);
}

/* ---- references ---- */

static void destroy(struct token_http *http)
{
    answer_cache_close(&http->cache);
    hash_map_free(&http->flights);
    http_origin_release(http->origin);
    pthread_mutex_destroy(&http->lock);
    free(http);
}

/* Unlocks. */
static void drop_reference(struct token_http *http)
{
    bool last = --http->references == 0;
    pthread_mutex_unlock(&http->lock);
    if (last)
        destroy(http);
}

static void release(struct token_source *source)
{
    struct token_http *http = http_of(source);
    pthread_mutex_lock(&http->lock);
    drop_reference(http);
}

/* ---- flights ---- */

static struct slice key_of(const struct hash_map_link *link)
{
    return WSL_CONST_CONTAINER(link, struct flight, link)->key;
}

static void free_flight(struct flight *flight)
{
    secret_free(flight->text, flight->length);
    free(flight);
}

/* Under the lock, which it releases. */
static void end_flight(struct flight *flight)
{
    struct token_http *http = flight->http;
    hash_map_remove(&http->flights, &flight->link);
    free_flight(flight);
    drop_reference(http);
}

/* What an answer means. The body is that of the destination with REASON_none. */
static enum reason verdict_of(const struct http_result *result, const char *where,
                              char detail[static HTTP_DETAIL])
{
    detail[0] = '\0';
    if (!result->answer) {
        snprintf(detail, HTTP_DETAIL, "%s", result->detail);
        return REASON_token_source;
    }
    switch (result->answer->status) {
    case 200:
        return REASON_none;
    case 404:
    case 410:
        return REASON_token_unknown;
    case 403:
        return REASON_token_refused;
    default:
        snprintf(detail, HTTP_DETAIL, "%s: the answer has status %u", where,
                 result->answer->status);
        return REASON_token_source;
    }
}

/* The destination is the waiter's own. */
static enum reason give(enum reason verdict, struct slice body, const char *where,
                        const char *detail, struct token_destination *destination)
{
    if (verdict == REASON_none)
        return token_answer_take(body, where, destination);
    snprintf(destination->detail, sizeof(destination->detail), "%s", detail);
    return verdict;
}

static void answered_cb(void *owner, void *argument)
{
    struct waiter *waiter = argument;
    struct token_wait *wait = waiter->wait;
    enum reason reason = waiter->reason;
    (void)owner;
    free(waiter);
    wait->pending = NULL;
    wait->answered(wait, reason);
}

static void keep(struct flight *flight, const struct http_result *result, enum reason verdict)
{
    struct token_http *http = flight->http;
    uint32_t seconds = result->answer && verdict != REASON_token_source
                           ? http_freshness_seconds(result->answer, http->cache_ms / 1000)
                           : 0;
    if (seconds > 0)
        answer_cache_put(&http->cache, flight->cache_key, (unsigned)verdict, result->body,
                         monotonic_ms() + (uint64_t)seconds * 1000);
}

static void result_cb(void *owner, const struct http_result *result)
{
    struct flight *flight = owner;
    struct token_http *http = flight->http;
    char detail[HTTP_DETAIL];
    enum reason verdict = verdict_of(result, http->where, detail);
    pthread_mutex_lock(&http->lock);
    keep(flight, result, verdict);
    while (!list_empty(&flight->waiters)) {
        struct waiter *waiter = WSL_CONTAINER(flight->waiters.next, struct waiter, link);
        list_remove(&waiter->link);
        waiter->flight = NULL;
        waiter->reason =
            give(verdict, result->body, http->where, detail, waiter->wait->destination);
        mailbox_post(waiter->wait->loop.lane->mailbox, &waiter->post, answered_cb, waiter);
    }
    end_flight(flight);
}

static void leave(struct token_source *source, struct token_wait *wait)
{
    struct token_http *http = http_of(source);
    struct waiter *waiter = wait->pending;
    pthread_mutex_lock(&http->lock);
    struct flight *flight = waiter->flight;
    if (!flight)
        (void)mailbox_withdraw(wait->loop.lane->mailbox, &waiter->post);
    list_remove(&waiter->link);
    free(waiter);
    wait->pending = NULL;
    /* On another loop the request goes on, and is over in time. */
    if (flight && list_empty(&flight->waiters) && flight->lane == wait->loop.lane) {
        http_pool_cancel(flight->call);
        end_flight(flight);
        return;
    }
    pthread_mutex_unlock(&http->lock);
}

/* ---- asking ---- */

/* TARGET NUL USER NUL FIELDS: all of it tells requests apart, the first two tell answers apart. */
static bool write_texts(struct flight *flight, struct text *fields,
                        const struct token_question *question, enum reason *reason)
{
    const struct resolver_request request = {
        .client = {question->head, question->client, question->secure},
        .token = question->token,
        .user = question->user,
    };
    struct text text = {0};
    *reason = REASON_token_unknown;
    if (!resolver_request_write(&request, flight->http->origin->url.target, &text, fields))
        return false;
    text_add_byte(&text, '\0');
    text_add(&text, question->user);
    text_add_byte(&text, '\0');
    size_t cached = text.length;
    text_add(&text, text_slice(fields));
    text.failed = text.failed || fields->failed;
    *reason = REASON_out_of_memory;
    flight->text = text_take(&text, &flight->length);
    flight->key = (struct slice){flight->text, flight->length};
    flight->cache_key = (struct slice){flight->text, cached};
    return flight->text != NULL;
}

/* NULL: for *reason. */
static struct flight *prepare(struct token_http *http, const struct token_question *question,
                              const struct work_lane *lane, enum reason *reason)
{
    struct text fields = {0};
    struct flight *flight = calloc(1, sizeof(*flight));
    *reason = REASON_out_of_memory;
    if (!flight)
        return NULL;
    flight->http = http;
    flight->lane = lane;
    list_init(&flight->waiters);
    bool written = write_texts(flight, &fields, question, reason);
    text_free(&fields);
    if (written)
        return flight;
    free(flight);
    return NULL;
}

/* Under the lock. True: the flight's own text has an answer, so that it need not begin. */
static bool find_cached(const struct flight *flight, struct token_destination *destination,
                        enum reason *reason)
{
    struct token_http *http = flight->http;
    unsigned verdict;
    struct slice body;
    if (!answer_cache_get(&http->cache, flight->cache_key, monotonic_ms(), &verdict, &body))
        return false;
    *reason = give((enum reason)verdict, body, http->where, "", destination);
    return true;
}

static bool begin(struct flight *flight, struct http_pool *pool, char detail[static HTTP_DETAIL])
{
    struct token_http *http = flight->http;
    const struct http_request request = {
        .origin = http->origin,
        .target = flight->text,
        .fields = slice_from(flight->key, flight->cache_key.len),
        .body_max = RESOLVER_ANSWER_BODY,
        .timeout_ms = http->timeout_ms,
        .callback = result_cb,
        .owner = flight,
    };
    flight->call = http_pool_ask(pool, &request, detail);
    if (!flight->call)
        return false;
    hash_map_add(&http->flights, &flight->link);
    http->references++;
    return true;
}

/* Under the lock. The flight that answers `flight`: itself, or one that is under way. */
static struct flight *take_off(struct flight *flight, struct token_wait *wait)
{
    struct token_http *http = flight->http;
    struct hash_map_link *link = hash_map_find(&http->flights, flight->key);
    if (link) {
        free_flight(flight);
        return WSL_CONTAINER(link, struct flight, link);
    }
    if (begin(flight, wait->loop.http, wait->destination->detail))
        return flight;
    free_flight(flight);
    return NULL;
}

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    struct token_http *http = http_of(source);
    struct flight *flight = prepare(http, question, wait->loop.lane, reason);
    struct waiter *waiter = flight ? calloc(1, sizeof(*waiter)) : NULL;
    if (!waiter) {
        if (flight)
            free_flight(flight);
        return true;
    }
    pthread_mutex_lock(&http->lock);
    bool cached = find_cached(flight, wait->destination, reason);
    if (cached)
        free_flight(flight);
    flight = cached ? NULL : take_off(flight, wait);
    if (flight) {
        *waiter = (struct waiter){.flight = flight, .wait = wait};
        list_append(&flight->waiters, &waiter->link);
        wait->pending = waiter;
    }
    pthread_mutex_unlock(&http->lock);
    if (flight)
        return false;
    free(waiter);
    if (!cached)
        *reason = REASON_token_source;
    return true;
}

/* ---- the source ---- */

static bool describe(struct token_source *source, char *text, size_t size)
{
    snprintf(text, size, "asks %s", http_of(source)->where);
    return true;
}

static const struct token_source_ops ops = {release, find, leave, describe};

static bool open_tables(struct token_http *http)
{
    struct siphash_seed seed;
    if (!siphash_seed(&seed) || !answer_cache_open(&http->cache))
        return false;
    hash_map_init(&http->flights, key_of, &seed);
    if (pthread_mutex_init(&http->lock, NULL) == 0)
        return true;
    answer_cache_close(&http->cache);
    return false;
}

struct token_source *token_http_create(const struct config_tokens *tokens,
                                       struct http_origin *origin, char *error, size_t error_size)
{
    struct token_http *http = calloc(1, sizeof(*http));
    if (!http || !open_tables(http)) {
        snprintf(error, error_size, "out of memory");
        free(http);
        return NULL;
    }
    http->source.ops = &ops;
    http->references = 1;
    http->origin = http_origin_retain(origin);
    http->timeout_ms = tokens->http.timeout_ms;
    http->cache_ms = tokens->http.cache_ms;
    config_address_print(&origin->url.address, http->where, sizeof(http->where));
    return &http->source;
}
