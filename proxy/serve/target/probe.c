#include "serve/target/probe.h"

#include <ctype.h>
#include <unistd.h>

#include "codec/proxy_proto.h"
#include "config/model/config.h"
#include "net/plain.h"
#include "net/tls/tls.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"

struct probe {
    struct probe_request request;
    struct probe_result result;
    struct dial *dial;
    uv_timer_t timer; /* the deadline; 0 ms if the verdict is there before probe_start returns */
    uint64_t began, deadline; /* loop time */
    struct dial_result connection;
    struct plain plain;
    struct transport *transport; /* NULL: not connected */
    size_t matched;              /* bytes of the banner so far */
    bool decided;
    uint8_t preface[PROXY_PROTO_V1_MAX];
    uint8_t buffer[TRANSPORT_READ_MIN];
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

static bool reject_banner(struct probe *probe, size_t length)
{
    char sent[24], detail[DIAL_DETAIL];
    snprintf(sent, sizeof(sent), "%.*s", (int)length, (const char *)probe->buffer);
    for (char *byte = sent; *byte; byte++)
        if (!isprint((unsigned char)*byte))
            *byte = '.';
    snprintf(detail, sizeof(detail), "sent \"%s\" instead of \"%s\"", sent,
             probe->request.banner + probe->matched);
    return set_verdict(probe, REASON_target_io, detail);
}

/* True: there is a verdict. */
static bool compare_banner(struct probe *probe, size_t length)
{
    const char *expected = probe->request.banner + probe->matched;
    size_t left = strlen(expected), common = length < left ? length : left;
    if (memcmp(probe->buffer, expected, common) != 0)
        return reject_banner(probe, length);
    probe->matched += common;
    return common == left && set_verdict(probe, REASON_none, "");
}

/* True: there is a verdict. */
static bool read_banner(struct probe *probe)
{
    for (;;) {
        struct io io = transport_read(probe->transport, probe->buffer, sizeof(probe->buffer));
        switch ((enum io_status)io.status) {
        case IO_OK:
            if (compare_banner(probe, io.n))
                return true;
            break;
        case IO_WANT_READ:
            watch_want(probe->connection.watch, WATCH_READ);
            return false;
        case IO_WANT_WRITE:
            watch_want(probe->connection.watch, WATCH_WRITE);
            return false;
        case IO_EOF:
            return set_verdict(probe, REASON_target_closed,
                               "closed the connection before its banner was complete");
        case IO_FAIL:
            return set_verdict(probe, io.reason,
                               "the connection failed before its banner was complete");
        }
    }
}

static void timer_cb(uv_timer_t *timer)
{
    struct probe *probe = WSL_CONTAINER(timer, struct probe, timer);
    /* A banner that arrived while the loop was blocked counts. */
    if (!probe->decided && !read_banner(probe))
        set_verdict(probe, REASON_target_timeout, "connected, but sent no complete banner in time");
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
    probe->transport =
        result->tls ? result->tls : plain_init(&probe->plain, result->fd, &transport_target);
    if (!probe->request.banner)
        return set_verdict(probe, REASON_none, "");
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
        .watches = request->watches,
        .resolver = request->resolver,
        .address = &request->target->address,
        .attempts = request->attempts,
        .timeout_ms = request->timeout_ms,
        .preface = preface_of(probe),
        .tls = request->tls,
        .scratch = request->scratch,
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
