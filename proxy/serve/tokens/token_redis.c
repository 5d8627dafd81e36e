#include "serve/tokens/token_redis.h"

#include <stdatomic.h>

#include "base/text/secret.h"
#include "config/model/redis_url.h"
#include "net/redis/redis_client.h"
#include "net/tls/context/tls_ctx.h"
#include "net/watch.h"
#include "net/work.h"
#include "serve/tokens/token_answer.h"

#define IDLE_MS     60000
#define WORKERS_MAX 1024 /* the limit of the option workers */

/* The connection of one worker. */
struct token_redis_client {
    struct watch_holder holder;
    struct token_redis_shared *shared; /* a reference */
    unsigned worker;
    struct redis_client *client;
};

/* Of a source and its clients, which may outlive it. */
struct token_redis_shared {
    atomic_uint references;
    char where[128]; /* the server, for details */
    char *prefix;    /* NULL: none */
    char *user, *password;
    struct redis_url url;
    struct redis_settings settings;
    struct token_redis_client *clients[WORKERS_MAX]; /* each touched by its worker only */
};

struct token_redis {
    struct token_source source;
    struct token_redis_shared *shared;
};

/* A look-up that waits. */
struct token_redis_query {
    struct token_wait *wait;
    struct token_redis_client *client;
    struct redis_lookup *lookup;
};

static struct token_redis_shared *shared_of(struct token_source *source)
{
    return WSL_CONTAINER(source, struct token_redis, source)->shared;
}

/* ---- what is shared ---- */

static void release_shared(struct token_redis_shared *shared)
{
    if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
        return;
    tls_ctx_free(shared->settings.tls);
    free(shared->prefix);
    free(shared->user);
    secret_free_text(shared->password);
    redis_url_wipe(&shared->url);
    free(shared);
}

/* True: copied, or there is nothing to copy. */
static bool copy_text(char **copy, const char *text)
{
    *copy = text ? strdup(text) : NULL;
    return *copy || !text;
}

static bool open_tls(struct token_redis_shared *shared, const struct config_token_redis *config,
                     struct tls_store *store, char *error, size_t error_size)
{
    struct config_target server = config->server;
    char problem[256] = "";
    const struct tls_error tls_error = {.text = problem, .size = sizeof(problem)};
    server.tls = true;
    server.address = shared->url.address;
    shared->settings.tls = tls_ctx_client(&server, store, &tls_error);
    if (!shared->settings.tls)
        snprintf(error, error_size, "tokens: redis %s: %s", shared->where, problem);
    return shared->settings.tls != NULL;
}

static bool fill(struct token_redis_shared *shared, const struct config_token_redis *config,
                 struct tls_store *store, char *error, size_t error_size)
{
    const char *fault = redis_url_parse(config->url, &shared->url);
    if (fault) {
        snprintf(error, error_size, "tokens: the url of redis %s", fault);
        return false;
    }
    config_address_print(&shared->url.address, shared->where, sizeof(shared->where));
    if (!copy_text(&shared->prefix, config->prefix) ||
        !copy_text(&shared->user, config->user ? config->user : shared->url.user) ||
        !copy_text(&shared->password, config->password ? config->password : shared->url.password)) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    shared->settings = (struct redis_settings){
        .address = &shared->url.address,
        .user = shared->user,
        .password = shared->password,
        .database = shared->url.database,
        .timeout_ms = config->timeout_ms,
        .idle_ms = IDLE_MS,
    };
    return !shared->url.tls || !store || open_tls(shared, config, store, error, error_size);
}

/* ---- clients ---- */

/* The client has closed itself, or is closed with its loop. */
static void forget_client(struct token_redis_client *client)
{
    struct token_redis_shared *shared = client->shared;
    shared->clients[client->worker] = NULL;
    list_remove(&client->holder.link);
    free(client);
    release_shared(shared);
}

static void idle_cb(void *owner)
{
    forget_client(owner);
}

static void close_cb(struct watch_holder *holder)
{
    struct token_redis_client *client = WSL_CONTAINER(holder, struct token_redis_client, holder);
    redis_client_close(client->client);
    forget_client(client);
}

/* NULL: out of memory. */
static struct token_redis_client *create_client(struct token_redis_shared *shared,
                                                const struct token_loop *loop)
{
    struct token_redis_client *client = malloc(sizeof(*client));
    if (!client)
        return NULL;
    *client = (struct token_redis_client){
        .holder.close = close_cb, .shared = shared, .worker = loop->worker};
    client->client = redis_client_create(&shared->settings, &loop->dial, idle_cb, client);
    if (!client->client) {
        free(client);
        return NULL;
    }
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    watch_set_hold(loop->dial.watches, &client->holder);
    shared->clients[loop->worker] = client;
    return client;
}

static struct token_redis_client *client_for(struct token_redis_shared *shared,
                                             const struct token_loop *loop)
{
    if (loop->worker >= WORKERS_MAX)
        return NULL;
    struct token_redis_client *client = shared->clients[loop->worker];
    return client ? client : create_client(shared, loop);
}

/* ---- look-ups ---- */

static enum reason take_answer(const struct token_redis_shared *shared,
                               const struct redis_answer *answer,
                               struct token_destination *destination)
{
    char where[sizeof(shared->where) + 8];
    switch (answer->kind) {
    case REDIS_VALUE:
        snprintf(where, sizeof(where), "redis %s", shared->where);
        return token_answer_take(answer->value, where, destination);
    case REDIS_NOTHING:
        return REASON_token_unknown;
    case REDIS_ERROR:
    case REDIS_BROKEN:
    case REDIS_INCOMPLETE:
        break;
    }
    snprintf(destination->detail, sizeof(destination->detail), "%s", answer->problem);
    return REASON_token_source;
}

static void answered_cb(void *owner, const struct redis_answer *answer)
{
    struct token_redis_query *query = owner;
    struct token_wait *wait = query->wait;
    enum reason reason = take_answer(query->client->shared, answer, wait->destination);
    free(query);
    wait->pending = NULL;
    wait->answered(wait, reason);
}

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    struct token_redis_shared *shared = shared_of(source);
    struct token_redis_client *client = client_for(shared, &wait->loop);
    struct token_redis_query *query = client ? malloc(sizeof(*query)) : NULL;
    struct redis_answer refusal;
    *reason = REASON_out_of_memory;
    if (!query)
        return true;
    *query = (struct token_redis_query){.wait = wait, .client = client};
    query->lookup = redis_client_get(client->client, slice_of(shared->prefix), question->token,
                                     answered_cb, query, &refusal);
    if (query->lookup) {
        wait->pending = query;
        return false;
    }
    free(query);
    *reason = take_answer(shared, &refusal, wait->destination);
    return true;
}

static void leave(struct token_source *source, struct token_wait *wait)
{
    struct token_redis_query *query = wait->pending;
    (void)source;
    redis_client_cancel(query->client->client, query->lookup);
    free(query);
    wait->pending = NULL;
}

/* ---- asking whether it answers ---- */

struct token_redis_pong {
    struct token_redis_client *client;
    token_redis_ping_cb *callback;
    void *owner;
};

/* A user that may not PING has logged in. */
static const char *problem_of(const struct redis_answer *answer)
{
    bool answers = answer->kind != REDIS_ERROR || strstr(answer->problem, "NOPERM");
    return answers ? NULL : answer->problem;
}

static void pong_cb(void *owner, const struct redis_answer *answer)
{
    struct token_redis_pong *pong = owner;
    pong->callback(pong->owner, problem_of(answer));
    close_cb(&pong->client->holder);
    free(pong);
}

bool token_redis_ping(struct token_source *source, const struct token_loop *loop,
                      token_redis_ping_cb *callback, void *owner)
{
    struct token_redis_client *client = client_for(shared_of(source), loop);
    struct token_redis_pong *pong = client ? malloc(sizeof(*pong)) : NULL;
    struct redis_answer refusal;
    if (!pong)
        return false;
    *pong = (struct token_redis_pong){client, callback, owner};
    if (redis_client_ping(client->client, pong_cb, pong, &refusal))
        return true;
    pong_cb(pong, &refusal);
    return true;
}

/* ---- the source ---- */

const char *token_redis_where(struct token_source *source)
{
    return shared_of(source)->where;
}

static bool describe(struct token_source *source, char *text, size_t size)
{
    snprintf(text, size, "tokens redis %s: a key for each token", shared_of(source)->where);
    return true;
}

static void release(struct token_source *source)
{
    release_shared(shared_of(source));
    free(WSL_CONTAINER(source, struct token_redis, source));
}

static const struct token_source_ops ops = {release, find, leave, describe};

struct token_source *token_redis_create(const struct config_tokens *tokens, struct tls_store *store,
                                        char *error, size_t error_size)
{
    if (!WSLUICE_HIREDIS) {
        snprintf(error, error_size,
                 "tokens: redis: this wsluice was built without hiredis; see wsluice --version");
        return NULL;
    }
    struct token_redis *redis = malloc(sizeof(*redis));
    struct token_redis_shared *shared = calloc(1, sizeof(*shared));
    if (!redis || !shared) {
        snprintf(error, error_size, "out of memory");
        free(redis);
        free(shared);
        return NULL;
    }
    atomic_init(&shared->references, 1);
    *redis = (struct token_redis){{&ops, NULL}, shared};
    if (fill(shared, &tokens->redis, store, error, error_size))
        return &redis->source;
    release(&redis->source);
    return NULL;
}
