#include "net/http/http_pool.h"

#include "base/hash_map.h"
#include "base/text/secret.h"
#include "base/text/text.h"
#include "net/http/http_link.h"
#include "net/watch.h"

/* The connections of one origin, and the calls that wait for one. */
struct service {
    struct hash_map_link by_id;
    struct siphash_seed id;
    struct http_pool *pool;
    struct list busy, idle; /* of links; idle: the one that was used last comes last */
    struct list queue;      /* of calls */
    uint32_t connections, queued, resting; /* resting: in `idle` */
};

struct http_pool {
    struct dial_loop loop;
    struct hash_map services;
    struct list calls;
    uv_timer_t sweep; /* runs while there are idle connections */
    bool closing;
    uint8_t buffer[HTTP_LINK_BUFFER];
};

struct http_call {
    struct list list;  /* in the queue, or alone */
    struct list calls; /* in the pool */
    struct http_pool *pool;
    struct service *service; /* NULL: settled */
    struct http_link *link;  /* NULL: in the queue, or settled */
    struct http_request request;
    char *text; /* of the request */
    size_t length;
    uv_timer_t timer; /* the deadline; or 0 ms, to report a failure from the loop */
    uint64_t deadline;
    bool again; /* it was sent twice */
    char detail[HTTP_DETAIL];
};

static uint64_t now_of(const struct http_pool *pool)
{
    return uv_now(watch_set_loop(pool->loop.watches));
}

/* ---- services ---- */

static struct slice id_of(const struct hash_map_link *link)
{
    const struct service *service = WSL_CONST_CONTAINER(link, struct service, by_id);
    return (struct slice){(const char *)&service->id, sizeof(service->id)};
}

/* NULL: out of memory. */
static struct service *find_service(struct http_pool *pool, const struct http_origin *origin)
{
    struct slice id = {(const char *)&origin->id, sizeof(origin->id)};
    struct hash_map_link *link = hash_map_find(&pool->services, id);
    if (link)
        return WSL_CONTAINER(link, struct service, by_id);
    struct service *service = calloc(1, sizeof(*service));
    if (!service)
        return NULL;
    service->id = origin->id;
    service->pool = pool;
    list_init(&service->busy);
    list_init(&service->idle);
    list_init(&service->queue);
    hash_map_add(&pool->services, &service->by_id);
    return service;
}

static void release_service(struct service *service)
{
    if (service->connections > 0 || service->queued > 0)
        return;
    hash_map_remove(&service->pool->services, &service->by_id);
    free(service);
}

static void drop_link(struct service *service, struct http_link *link)
{
    http_link_close(link);
    list_remove(&link->list);
    service->connections--;
    service->resting -= link->idle_since != 0;
    free(link);
}

/* ---- the end of a call ---- */

static void timer_closed_cb(uv_handle_t *handle)
{
    struct http_call *call = WSL_CONTAINER(handle, struct http_call, timer);
    secret_free(call->text, call->length);
    free(call);
}

static void forget(struct http_call *call)
{
    list_remove(&call->calls);
    uv_close((uv_handle_t *)&call->timer, timer_closed_cb);
}

static void timer_cb(uv_timer_t *timer);

/* It has failed; the callback follows from the loop. */
static void settle(struct http_call *call, const char *detail)
{
    snprintf(call->detail, sizeof(call->detail), "%s", detail);
    call->link = NULL;
    call->service = NULL;
    uv_timer_start(&call->timer, timer_cb, 0, 0);
}

/* Takes it off its connection or the queue. */
static struct service *detach(struct http_call *call)
{
    struct service *service = call->service;
    if (call->link) {
        drop_link(service, call->link);
    } else if (service) {
        list_remove(&call->list);
        service->queued--;
    }
    call->link = NULL;
    call->service = NULL;
    return service;
}

static void serve_queue(struct service *service);

static void time_out(struct http_call *call)
{
    char where[128];
    struct service *service = detach(call);
    snprintf(call->detail, sizeof(call->detail), "%s: no answer in time",
             config_address_print(&call->request.origin->url.address, where, sizeof(where)));
    serve_queue(service);
}

static void timer_cb(uv_timer_t *timer)
{
    struct http_call *call = WSL_CONTAINER(timer, struct http_call, timer);
    /* After SIGSTOP or a suspend, the answer may be there already. */
    if (call->link) {
        http_link_poll(call->link);
        if (uv_is_closing((uv_handle_t *)timer) || !call->service)
            return;
    }
    if (call->service)
        time_out(call);
    struct http_result result = {.detail = call->detail};
    forget(call);
    call->request.callback(call->request.owner, &result);
}

/* ---- connections ---- */

static void sweep_cb(uv_timer_t *timer);

static void rest(struct http_pool *pool, struct service *service, struct http_link *link)
{
    http_link_rest(link);
    link->idle_since = now_of(pool);
    list_remove(&link->list);
    list_append(&service->idle, &link->list);
    service->resting++;
    if (!uv_is_active((uv_handle_t *)&pool->sweep))
        uv_timer_start(&pool->sweep, sweep_cb, HTTP_POOL_IDLE_MS / 2, HTTP_POOL_IDLE_MS / 2);
}

static void answered_cb(struct http_link *link)
{
    struct http_call *call = link->call;
    struct service *service = link->state;
    struct http_pool *pool = service->pool;
    struct http_result result = {
        .answer = &link->collect.answer,
        .body = text_slice(&link->collect.body),
        .detail = "",
    };
    link->call = NULL;
    call->link = NULL;
    call->service = NULL;
    forget(call);
    call->request.callback(call->request.owner, &result);
    bool wanted = !list_empty(&service->queue) || service->resting < HTTP_ORIGIN_IDLE;
    if (wanted && http_link_persists(link))
        rest(pool, service, link);
    else
        drop_link(service, link);
    serve_queue(service);
}

static void open_link(struct service *service, struct http_call *call);

/* On a connection that was free, the peer may have closed it before it read the request. */
static void failed_cb(struct http_link *link, const char *detail)
{
    struct http_call *call = link->call;
    struct service *service = link->state;
    bool stale = link->reused && !link->collect.begun && !call->again;
    drop_link(service, link);
    call->link = NULL;
    if (stale) {
        call->again = true;
        open_link(service, call);
    } else {
        settle(call, detail);
    }
    serve_queue(service);
}

static void idle_ended_cb(struct http_link *link)
{
    struct service *service = link->state;
    drop_link(service, link);
    release_service(service);
}

static void open_link(struct service *service, struct http_call *call)
{
    static const struct http_link_owner owner = {answered_cb, failed_cb, idle_ended_cb};
    struct http_pool *pool = service->pool;
    char detail[HTTP_DETAIL];
    uint64_t now = now_of(pool);
    struct http_link *link = calloc(1, sizeof(*link));
    if (!link) {
        settle(call, "out of memory");
        return;
    }
    link->loop = &pool->loop;
    link->owner = &owner;
    link->buffer = pool->buffer;
    link->state = service;
    link->call = call;
    list_init(&link->list);
    list_append(&service->busy, &link->list);
    service->connections++;
    call->link = link;
    if (http_link_open(link, call->request.origin, (struct slice){call->text, call->length},
                       call->request.body_max,
                       (uint32_t)(call->deadline > now ? call->deadline - now : 0), detail))
        return;
    drop_link(service, link);
    settle(call, detail);
}

static void reuse(struct service *service, struct http_call *call)
{
    struct http_link *link = WSL_CONTAINER(service->idle.prev, struct http_link, list);
    list_remove(&link->list);
    list_append(&service->busy, &link->list);
    link->idle_since = 0;
    service->resting--;
    link->call = call;
    call->link = link;
    http_link_send(link, call->request.origin, (struct slice){call->text, call->length},
                   call->request.body_max);
}

/* False: all connections are busy. */
static bool begin(struct service *service, struct http_call *call)
{
    if (!list_empty(&service->idle))
        reuse(service, call);
    else if (service->connections < call->request.origin->connections)
        open_link(service, call);
    else
        return false;
    return true;
}

/* Releases the service if nothing is left of it. */
static void serve_queue(struct service *service)
{
    while (!list_empty(&service->queue)) {
        struct http_call *call = WSL_CONTAINER(service->queue.next, struct http_call, list);
        if (!begin(service, call))
            return;
        list_remove(&call->list);
        service->queued--;
    }
    release_service(service);
}

/* ---- asking ---- */

static bool write_request(struct http_call *call)
{
    const struct http_request *request = &call->request;
    struct text text = {0};
    text_add_format(&text, "GET %s HTTP/1.1\r\nHost: %s\r\n", request->target,
                    request->origin->host);
    text_add(&text, request->fields);
    text_add_string(&text, "\r\n");
    call->text = text_take(&text, &call->length);
    return call->text != NULL;
}

static bool queue(struct service *service, struct http_call *call)
{
    if (service->queued >= call->request.origin->queue)
        return false;
    list_append(&service->queue, &call->list);
    service->queued++;
    return true;
}

static struct http_call *refuse(struct http_call *call, const char *why,
                                char detail[static HTTP_DETAIL])
{
    char where[128];
    snprintf(detail, HTTP_DETAIL, "%s: %s",
             config_address_print(&call->request.origin->url.address, where, sizeof(where)), why);
    forget(call);
    return NULL;
}

struct http_call *http_pool_ask(struct http_pool *pool, const struct http_request *request,
                                char detail[static HTTP_DETAIL])
{
    struct service *service = pool->closing ? NULL : find_service(pool, request->origin);
    struct http_call *call = service ? calloc(1, sizeof(*call)) : NULL;
    if (!call) {
        snprintf(detail, HTTP_DETAIL, "%s", pool->closing ? "the process ends" : "out of memory");
        if (service)
            release_service(service);
        return NULL;
    }
    call->pool = pool;
    call->request = *request;
    call->service = service;
    call->deadline = now_of(pool) + request->timeout_ms;
    list_init(&call->list);
    list_append(&pool->calls, &call->calls);
    uv_timer_init(watch_set_loop(pool->loop.watches), &call->timer);
    uv_timer_start(&call->timer, timer_cb, request->timeout_ms, 0);
    bool written = write_request(call);
    if (written && (begin(service, call) || queue(service, call))) {
        release_service(service);
        return call;
    }
    release_service(service);
    return refuse(call, written ? "too many requests wait for it" : "out of memory", detail);
}

void http_pool_cancel(struct http_call *call)
{
    if (!call)
        return;
    struct service *service = detach(call);
    bool closing = call->pool->closing;
    forget(call);
    if (service && !closing)
        serve_queue(service);
}

/* ---- the pool ---- */

static void close_idle(struct service *service, uint64_t since)
{
    while (!list_empty(&service->idle)) {
        struct http_link *link = WSL_CONTAINER(service->idle.next, struct http_link, list);
        if (link->idle_since > since)
            return;
        drop_link(service, link);
    }
}

static void sweep(struct http_pool *pool, uint64_t since)
{
    struct hash_map_link *next = hash_map_next(&pool->services, NULL), *link;
    while ((link = next) != NULL) {
        struct service *service = WSL_CONTAINER(link, struct service, by_id);
        next = hash_map_next(&pool->services, link);
        close_idle(service, since);
        release_service(service);
    }
}

static void sweep_cb(uv_timer_t *timer)
{
    struct http_pool *pool = WSL_CONTAINER(timer, struct http_pool, sweep);
    uint64_t now = now_of(pool);
    size_t idle;
    if (now >= HTTP_POOL_IDLE_MS)
        sweep(pool, now - HTTP_POOL_IDLE_MS);
    (void)http_pool_connections(pool, &idle);
    if (idle == 0)
        uv_timer_stop(timer);
}

struct http_pool *http_pool_create(const struct dial_loop *loop)
{
    struct http_pool *pool = malloc(sizeof(*pool));
    if (!pool)
        return NULL;
    /* All but the buffer, which is written before it is read. */
    memset(pool, 0, offsetof(struct http_pool, buffer));
    pool->loop = *loop;
    list_init(&pool->calls);
    hash_map_init(&pool->services, id_of, NULL);
    uv_timer_init(watch_set_loop(loop->watches), &pool->sweep);
    return pool;
}

static void sweep_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct http_pool, sweep));
}

void http_pool_close(struct http_pool *pool)
{
    if (!pool)
        return;
    pool->closing = true;
    while (!list_empty(&pool->calls)) {
        static const struct http_result result = {.detail = "the process ends"};
        struct http_call *call = WSL_CONTAINER(pool->calls.next, struct http_call, calls);
        const struct http_request request = call->request;
        http_pool_cancel(call);
        request.callback(request.owner, &result);
    }
    sweep(pool, UINT64_MAX);
    hash_map_free(&pool->services);
    uv_close((uv_handle_t *)&pool->sweep, sweep_closed_cb);
}

size_t http_pool_connections(const struct http_pool *pool, size_t *idle)
{
    size_t count = 0;
    *idle = 0;
    for (const struct hash_map_link *link = hash_map_next(&pool->services, NULL); link;
         link = hash_map_next(&pool->services, link)) {
        const struct service *service = WSL_CONST_CONTAINER(link, struct service, by_id);
        count += service->connections;
        *idle += service->resting;
    }
    return count;
}
