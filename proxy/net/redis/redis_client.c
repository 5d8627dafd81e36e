#include "net/redis/redis_client.h"

#include "base/siphash.h"
#include "net/watch.h"

#define PAUSE_FIRST_MS 50
#define PAUSE_MOST_MS  2000
#define NEVER          UINT64_MAX

struct redis_lookup {
    struct list link; /* in `queued` or `sent`, oldest first */
    uint64_t deadline;
    redis_client_cb *callback; /* NULL: cancelled after it was sent; its reply is to be skipped */
    void *owner;
    bool is_ping, is_sent;
    size_t length; /* of the key */
    char key[];
};

struct redis_client {
    struct redis_link link;
    uv_timer_t timer; /* the next deadline, attempt to connect, or end of idleness */
    struct list queued, sent;
    size_t pending; /* in both */
    void (*idle)(void *owner);
    void *owner;
    bool closed;
    bool useful;          /* this connection has answered a look-up */
    bool down;            /* look-ups fail at once until the pause is over */
    uint64_t failing_for; /* loop time of the first of the failures in a row; NEVER: none */
    uint64_t retry_at;    /* loop time; no attempt before this */
    uint64_t opened_at;   /* loop time of the last attempt to connect */
    uint64_t used_at;     /* loop time of the last look-up */
    uint32_t pause_ms;
    char problem[REDIS_LINK_PROBLEM];
};

static uint64_t now_of(const struct redis_client *client)
{
    return uv_now(watch_set_loop(client->link.loop.watches));
}

static struct redis_lookup *first_of(struct list *list)
{
    return list_empty(list) ? NULL : WSL_CONTAINER(list->next, struct redis_lookup, link);
}

/* ---- the end of a look-up ---- */

static void forget(struct redis_client *client, struct redis_lookup *lookup)
{
    list_remove(&lookup->link);
    client->pending--;
    explicit_bzero(lookup->key, lookup->length);
    free(lookup);
}

static void answer(struct redis_client *client, struct redis_lookup *lookup,
                   const struct redis_answer *result)
{
    redis_client_cb *callback = lookup->callback;
    void *owner = lookup->owner;
    forget(client, lookup);
    if (callback)
        callback(owner, result);
}

static void fail(struct redis_client *client, struct redis_lookup *lookup, const char *problem)
{
    const struct redis_answer result = {.kind = REDIS_ERROR, .problem = problem};
    answer(client, lookup, &result);
}

static void fail_all(struct redis_client *client)
{
    char problem[REDIS_LINK_PROBLEM];
    memcpy(problem, client->problem, sizeof(problem));
    /* Only those that are here now: a callback may ask again. */
    for (size_t left = client->pending; left > 0 && !list_empty(&client->queued); left--)
        fail(client, first_of(&client->queued), problem);
}

/* ---- time ---- */

static void timer_cb(uv_timer_t *timer);

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool is_opening(const struct redis_client *client)
{
    return client->link.state == REDIS_LINK_DIALLING || client->link.state == REDIS_LINK_GREETING;
}

/* Look-ups are in the order of their deadlines, those that were sent first. */
static uint64_t next_event(struct redis_client *client)
{
    struct redis_lookup *sent = first_of(&client->sent), *queued = first_of(&client->queued);
    uint64_t at = NEVER;
    if (sent)
        at = sent->deadline;
    if (queued)
        at = earlier(at, queued->deadline);
    if (queued && client->link.state == REDIS_LINK_CLOSED)
        at = earlier(at, client->retry_at);
    if (is_opening(client))
        at = earlier(at, client->opened_at + client->link.settings->timeout_ms);
    return client->pending == 0 ? client->used_at + client->link.settings->idle_ms : at;
}

static void arm(struct redis_client *client)
{
    if (client->closed)
        return;
    uint64_t now = now_of(client), at = next_event(client);
    uv_timer_start(&client->timer, timer_cb, at > now ? at - now : 0, 0);
}

/* ---- the connection ---- */

static struct redis_client *client_of(struct redis_link *link)
{
    return WSL_CONTAINER(link, struct redis_client, link);
}

/*
 * Half to one and a half times a pause that doubles, so that workers and gateways do not come as
 * one wave. Shorter than a look-up may take, so that each one sees an attempt.
 */
static uint64_t pause_of(struct redis_client *client)
{
    uint32_t most = client->link.settings->timeout_ms / 2;
    struct siphash_seed noise = {0, 0};
    client->pause_ms = client->pause_ms ? client->pause_ms * 2 : PAUSE_FIRST_MS;
    if (client->pause_ms > PAUSE_MOST_MS)
        client->pause_ms = PAUSE_MOST_MS;
    if (client->pause_ms > most)
        client->pause_ms = most;
    if (!siphash_seed(&noise))
        noise.low = uv_hrtime();
    return client->pause_ms / 2 + noise.low % (client->pause_ms + 1);
}

/* The link has ended, or could not begin. True: look-ups are to fail. */
static bool note_failure(struct redis_client *client)
{
    uint64_t now = now_of(client);
    memcpy(client->problem, client->link.problem, sizeof(client->problem));
    if (client->useful) {
        client->useful = false;
        client->retry_at = now;
        return false;
    }
    if (client->failing_for == NEVER)
        client->failing_for = now;
    client->retry_at = now + pause_of(client);
    client->down =
        client->link.refused || now - client->failing_for >= client->link.settings->timeout_ms;
    return client->down;
}

/* Look-ups that were sent wait for the next connection, in front of the others. */
static void take_back_sent(struct redis_client *client)
{
    while (!list_empty(&client->sent)) {
        struct redis_lookup *last = WSL_CONTAINER(client->sent.prev, struct redis_lookup, link);
        if (!last->callback) {
            forget(client, last);
            continue;
        }
        list_remove(&last->link);
        last->is_sent = false;
        list_append(client->queued.next, &last->link);
    }
}

/* False: no room for it yet. */
static bool send_lookup(struct redis_client *client, const struct redis_lookup *lookup)
{
    const struct slice get[] = {SLICE("GET"), {lookup->key, lookup->length}};
    const struct slice ping[] = {SLICE("PING")};
    return lookup->is_ping ? redis_link_send(&client->link, ping, 1)
                           : redis_link_send(&client->link, get, 2);
}

static void send_queued(struct redis_client *client)
{
    struct redis_lookup *lookup;
    while (client->link.state == REDIS_LINK_READY && (lookup = first_of(&client->queued)) &&
           send_lookup(client, lookup)) {
        list_remove(&lookup->link);
        lookup->is_sent = true;
        list_append(&client->sent, &lookup->link);
    }
}

/* Connects if it is time, and sends what waits. False: look-ups are to fail. */
static bool proceed(struct redis_client *client)
{
    bool works = true;
    if (client->link.state == REDIS_LINK_CLOSED && !list_empty(&client->queued) &&
        now_of(client) >= client->retry_at) {
        client->useful = false;
        client->opened_at = now_of(client);
        works = redis_link_open(&client->link) || !note_failure(client);
    }
    send_queued(client);
    return works;
}

static void ready(struct redis_link *link)
{
    struct redis_client *client = client_of(link);
    send_queued(client);
    arm(client);
}

static void ended(struct redis_link *link)
{
    struct redis_client *client = client_of(link);
    take_back_sent(client);
    if (note_failure(client) || !proceed(client))
        fail_all(client);
    arm(client);
}

/* The server has answered a command, and not with an error. */
static void note_success(struct redis_client *client)
{
    client->useful = true;
    client->down = false;
    client->problem[0] = '\0';
    client->failing_for = NEVER;
    client->pause_ms = 0;
}

static bool reply(struct redis_link *link, const struct redis_reply *got)
{
    struct redis_client *client = client_of(link);
    struct redis_lookup *lookup = first_of(&client->sent);
    char problem[REDIS_LINK_PROBLEM];
    struct redis_answer result = {.kind = got->kind, .value = got->text};
    if (!lookup || (got->kind == REDIS_ERROR && redis_reply_will_pass(got->text)))
        return false;
    if (got->kind == REDIS_ERROR) {
        char where[128];
        snprintf(problem, sizeof(problem), "redis %s: %s",
                 config_address_print(link->settings->address, where, sizeof(where)),
                 redis_reply_explain(got->text));
        result = (struct redis_answer){.kind = REDIS_ERROR, .problem = problem};
    } else {
        note_success(client);
    }
    answer(client, lookup, &result);
    if (client->closed)
        return true;
    send_queued(client);
    arm(client);
    return true;
}

/* ---- the timer ---- */

/* A reply, or a login, that is too late ends the connection. */
static void expire_link(struct redis_client *client)
{
    uint64_t now = now_of(client);
    const struct redis_lookup *sent = first_of(&client->sent);
    bool is_late = is_opening(client) ? now >= client->opened_at + client->link.settings->timeout_ms
                                      : sent && now >= sent->deadline;
    if (!is_late)
        return;
    redis_link_fail(&client->link, "the server did not answer in time");
    client->useful = false;
    take_back_sent(client);
    (void)note_failure(client);
}

static void expire(struct redis_client *client)
{
    uint64_t now = now_of(client);
    char problem[REDIS_LINK_PROBLEM];
    struct redis_lookup *lookup;
    expire_link(client);
    snprintf(problem, sizeof(problem), "%s",
             *client->problem ? client->problem : "redis: no connection in time");
    while (!client->closed && (lookup = first_of(&client->queued)) && now >= lookup->deadline)
        fail(client, lookup, problem);
}

static void close_idle(struct redis_client *client)
{
    void (*idle)(void *owner) = client->idle;
    void *owner = client->owner;
    redis_client_close(client);
    idle(owner);
}

/* After SIGSTOP or a suspend, timers run before sockets are polled. */
static void timer_cb(uv_timer_t *timer)
{
    struct redis_client *client = WSL_CONTAINER(timer, struct redis_client, timer);
    if (client->pending == 0 &&
        now_of(client) >= client->used_at + client->link.settings->idle_ms) {
        close_idle(client);
        return;
    }
    redis_link_poll(&client->link);
    if (!client->closed)
        expire(client);
    if (!client->closed && !proceed(client))
        fail_all(client);
    arm(client);
}

/* ---- look-ups ---- */

static struct redis_lookup *refuse(struct redis_answer *answer, const char *problem)
{
    *answer = (struct redis_answer){.kind = REDIS_ERROR, .problem = problem};
    return NULL;
}

static struct redis_lookup *ask(struct redis_client *client, struct redis_lookup *lookup,
                                redis_client_cb *callback, void *owner, struct redis_answer *answer)
{
    uint64_t now = now_of(client);
    client->used_at = now;
    lookup->is_sent = false;
    lookup->callback = callback;
    lookup->owner = owner;
    lookup->deadline = now + client->link.settings->timeout_ms;
    list_append(&client->queued, &lookup->link);
    client->pending++;
    if (!proceed(client)) {
        /* Those in front of it wait for the next attempt, or for their deadlines. */
        forget(client, lookup);
        lookup = refuse(answer, client->problem);
    }
    arm(client);
    return lookup;
}

/* False: it cannot be asked now. */
static bool accepts(const struct redis_client *client, struct redis_answer *answer)
{
    if (client->pending >= REDIS_CLIENT_PENDING)
        (void)refuse(answer, "redis: too many look-ups wait for the server");
    else if (client->down && client->link.state == REDIS_LINK_CLOSED &&
             now_of(client) < client->retry_at)
        (void)refuse(answer, client->problem);
    else
        return true;
    return false;
}

struct redis_lookup *redis_client_get(struct redis_client *client, struct slice prefix,
                                      struct slice token, redis_client_cb *callback, void *owner,
                                      struct redis_answer *answer)
{
    if (!accepts(client, answer))
        return NULL;
    struct redis_lookup *lookup = malloc(sizeof(*lookup) + prefix.len + token.len);
    if (!lookup)
        return refuse(answer, "out of memory");
    lookup->is_ping = false;
    lookup->length = prefix.len + token.len;
    if (prefix.len > 0)
        memcpy(lookup->key, prefix.ptr, prefix.len);
    if (token.len > 0)
        memcpy(lookup->key + prefix.len, token.ptr, token.len);
    return ask(client, lookup, callback, owner, answer);
}

struct redis_lookup *redis_client_ping(struct redis_client *client, redis_client_cb *callback,
                                       void *owner, struct redis_answer *answer)
{
    if (!accepts(client, answer))
        return NULL;
    struct redis_lookup *lookup = malloc(sizeof(*lookup));
    if (!lookup)
        return refuse(answer, "out of memory");
    lookup->is_ping = true;
    lookup->length = 0;
    return ask(client, lookup, callback, owner, answer);
}

void redis_client_cancel(struct redis_client *client, struct redis_lookup *lookup)
{
    if (lookup->is_sent) {
        lookup->callback = NULL;
        explicit_bzero(lookup->key, lookup->length);
        return;
    }
    forget(client, lookup);
    arm(client);
}

/* ---- creation ---- */

struct redis_client *redis_client_create(const struct redis_settings *settings,
                                         const struct dial_loop *loop, void (*idle)(void *owner),
                                         void *owner)
{
    static const struct redis_link_events events = {ready, reply, ended};
    struct redis_client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    client->link.settings = settings;
    client->link.events = &events;
    client->link.loop = *loop;
    client->idle = idle;
    client->owner = owner;
    client->failing_for = NEVER;
    client->used_at = now_of(client);
    list_init(&client->queued);
    list_init(&client->sent);
    uv_timer_init(watch_set_loop(loop->watches), &client->timer);
    arm(client);
    return client;
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct redis_client, timer));
}

void redis_client_close(struct redis_client *client)
{
    client->closed = true;
    redis_link_close(&client->link);
    while (!list_empty(&client->sent))
        forget(client, first_of(&client->sent));
    while (!list_empty(&client->queued))
        forget(client, first_of(&client->queued));
    uv_close((uv_handle_t *)&client->timer, timer_closed_cb);
}
