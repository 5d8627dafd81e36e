#include "serve/target/probe.h"

#include "codec/proxy_proto.h"
#include "config/model/config.h"
#include "net/plain.h"
#include "net/tls/tls.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "serve/target/target_banner.h"

struct probe {
    struct probe_request request;
    struct probe_result result;
    struct dial *dial;
    uv_timer_t timer; /* the deadline; 0 ms if the verdict is there before probe_start returns */
    uint64_t began, deadline; /* loop time */
    struct dial_result connection;
    struct plain plain;
    struct transport *transport; /* NULL: not connected */
    struct target_banner banner; /* if one is expected */
    bool decided;
    uint8_t preface[PROXY_PROTO_V1_MAX];
    uint8_t buffer[TARGET_BANNER_ROOM];
};

static uint64_t now_of(const struct probe *probe)
{
    return uv_now(watch_set_loop(probe->request.watches));
}

/* ---- the end ---- */

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct probe, timer));
}

void probe_cancel(struct probe *probe)
{
    if (!probe)
        return;
    dial_cancel(probe->dial);
    watch_close(probe->connection.watch);
    if (probe->transport)
        transport_close(probe->transport);
    uv_close((uv_handle_t *)&probe->timer, timer_closed_cb);
}

static void finish(struct probe *probe)
{
    probe->result.took_ms = now_of(probe) - probe->began;
    probe->request.callback(probe->request.owner, &probe->result);
    probe_cancel(probe);
}

/* Always true, for `return set_verdict(...)`. */
static bool set_verdict(struct probe *probe, enum reason reason, const char *detail)
{
    probe->decided = true;
    probe->result.reason = reason;
    snprintf(probe->result.detail, sizeof(probe->result.detail), "%s", detail);
    if (reason == REASON_none && probe->connection.tls)
        tls_facts(probe->connection.tls, &probe->result.tls);
    return true;
}

/* ---- the banner ---- */

/* True: there is a verdict. */
static bool read_banner(struct probe *probe)
{
    size_t length;
    switch (target_banner_read(&probe->banner, probe->buffer, sizeof(probe->buffer), &length)) {
    case BANNER_PARTIAL:
        return false;
    case BANNER_MATCHES:
        return set_verdict(probe, REASON_none, "");
    case BANNER_DIFFERS:
        break;
    }
    return set_verdict(probe, probe->banner.reason, probe->banner.detail);
}

static void timer_cb(uv_timer_t *timer)
{
    struct probe *probe = WSL_CONTAINER(timer, struct probe, timer);
    /* A banner that arrived while the loop was blocked counts. */
    if (!probe->decided && !read_banner(probe)) {
        target_banner_late(&probe->banner);
        set_verdict(probe, probe->banner.reason, probe->banner.detail);
    }
    finish(probe);
}

static void ready_cb(void *owner, unsigned ready)
{
    struct probe *probe = owner;
    (void)ready;
    if (read_banner(probe))
        finish(probe);
}

/* ---- the connection ---- */

/* True: there is a verdict. */
static bool connected(struct probe *probe, const struct dial_result *result)
{
    probe->dial = NULL;
    if (result->reason != REASON_none)
        return set_verdict(probe, result->reason, result->detail);
    probe->connection = *result;
    probe->transport = dial_result_transport(result, &probe->plain);
    if (!probe->request.banner)
        return set_verdict(probe, REASON_none, "");
    target_banner_begin(&probe->banner, probe->request.banner, probe->transport, result->watch);
    watch_adopt(result->watch, ready_cb, probe);
    return read_banner(probe);
}

static void start_timer(struct probe *probe)
{
    uint64_t now = now_of(probe);
    uint64_t left = probe->deadline > now ? probe->deadline - now : 0;
    uv_timer_start(&probe->timer, timer_cb, probe->decided ? 0 : left, 0);
}

static void dialled_cb(void *owner, const struct dial_result *result)
{
    struct probe *probe = owner;
    if (connected(probe, result))
        finish(probe);
    else
        start_timer(probe);
}

/* LOCAL: the target must not take a probe for a client. */
static struct slice preface_of(struct probe *probe)
{
    static const struct proxy_proto local = {.kind = PROXY_PROTO_LOCAL};
    size_t length = 0;
    switch (probe->request.target->proxy_protocol) {
    case CONFIG_TARGET_PROXY_OFF:
        break;
    case CONFIG_TARGET_PROXY_V1:
        length = proxy_proto_encode_v1(probe->preface, sizeof(probe->preface), &local);
        break;
    case CONFIG_TARGET_PROXY_V2:
        length = proxy_proto_encode_v2(probe->preface, sizeof(probe->preface), &local);
        break;
    }
    return (struct slice){(const char *)probe->preface, length};
}

struct probe *probe_start(const struct probe_request *request)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    if (!probe)
        return NULL;
    probe->request = *request;
    probe->began = now_of(probe);
    probe->deadline = probe->began + request->timeout_ms;
    struct dial_request to = {
        .loop = {request->watches, request->resolver, request->scratch, request->attempts},
        .address = config_target_place(request->target, &request->target->address),
        .family = request->target->family,
        .timeout_ms = request->timeout_ms,
        .preface = preface_of(probe),
        .tls = request->tls,
        .proxy = request->proxy,
        .callback = dialled_cb,
        .owner = probe,
    };
    uv_timer_init(watch_set_loop(request->watches), &probe->timer);
    struct dial_result result;
    probe->dial = dial_start(&to, &result);
    if (!probe->dial) {
        connected(probe, &result);
        start_timer(probe);
    }
    return probe;
}
