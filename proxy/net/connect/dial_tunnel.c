#include "net/connect/dial_tunnel.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/text/secret.h"
#include "codec/tunnel/tunnel.h"
#include "config/model/config.h"
#include "config/model/section/config_proxy.h"
#include "net/watch.h"

struct dial_tunnel {
    const struct dial_request *request;
    struct dial_result *result;
    struct tunnel tunnel;
    size_t sent; /* of tunnel.out */
    size_t held; /* a part of a message of the proxy */
    char bytes[TUNNEL_ANSWER_MAX];
};

/* ---- the first connection ---- */

struct config_address dial_tunnel_hop(const struct dial_request *request)
{
    if (!request->proxy)
        return *request->address;
    const struct authority *at = &request->proxy->at;
    return (struct config_address){.kind = CONFIG_ADDRESS_TCP, .host = at->host, .port = at->port};
}

const char *dial_tunnel_hop_name(const struct dial_request *request, char *text, size_t size)
{
    char address[128];
    if (!request->proxy)
        return dial_result_where(request->shown, request->address, text, size);
    const struct config_address hop = dial_tunnel_hop(request);
    snprintf(text, size, "proxy %s", config_address_print(&hop, address, sizeof(address)));
    return text;
}

enum reason dial_tunnel_hop_reason(const struct dial_request *request, enum reason reason)
{
    switch ((int)reason) {
    case REASON_target_io:
    case REASON_target_refused:
    case REASON_target_reset:
    case REASON_target_unreachable:
    case REASON_target_unresolved:
        return request->proxy ? REASON_target_proxy_unreachable : reason;
    default:
        return reason;
    }
}

/* ---- creation ---- */

struct dial_tunnel *dial_tunnel_create(const struct dial_request *request,
                                       struct dial_result *result)
{
    const struct config_proxy *proxy = request->proxy;
    struct dial_tunnel *tunnel = malloc(sizeof(*tunnel));
    if (!tunnel)
        return NULL;
    tunnel->request = request;
    tunnel->result = result;
    tunnel->sent = tunnel->held = 0;
    const struct tunnel_request to = {
        .kind = proxy->kind == CONFIG_PROXY_KIND_HTTP ? TUNNEL_HTTP : TUNNEL_SOCKS5,
        .host = slice_of(request->address->host),
        .port = request->address->port,
        .user = slice_of(proxy->at.user),
        .password = slice_of(proxy->at.password),
    };
    /* What cannot be asked for has an empty request, and a fault. */
    if (tunnel_begin(&tunnel->tunnel, &to) == TUNNEL_FAILED)
        tunnel->tunnel.out_length = 0;
    return tunnel;
}

void dial_tunnel_free(struct dial_tunnel *tunnel)
{
    secret_free(tunnel, sizeof(*tunnel));
}

/* ---- the talk with the proxy ---- */

/* Always true: the dial is over. */
static bool fail(struct dial_tunnel *tunnel, enum reason reason, const char *what)
{
    char text[128];
    dial_result_fail(tunnel->result, reason,
                     dial_tunnel_hop_name(tunnel->request, text, sizeof(text)), what);
    return true;
}

static bool fail_errno(struct dial_tunnel *tunnel, int error)
{
    char text[128];
    struct dial_result *result = tunnel->result;
    dial_result_errno(result, dial_tunnel_hop_name(tunnel->request, text, sizeof(text)), error);
    result->reason = dial_tunnel_hop_reason(tunnel->request, result->reason);
    return true;
}

/* True: an error, which is noted. False: wait. */
static bool wait_or_fail(struct dial_tunnel *tunnel, unsigned want)
{
    if (errno != EAGAIN)
        return fail_errno(tunnel, errno);
    watch_want(tunnel->result->watch, want);
    return false;
}

static ssize_t receive(struct dial_tunnel *tunnel, size_t room, int flags)
{
    char *to = tunnel->bytes + tunnel->held;
    ssize_t got;
    do
        got = recv(tunnel->result->fd, to, room, flags);
    while (got < 0 && errno == EINTR);
    return got;
}

enum step { STEP_NEXT, STEP_WAIT, STEP_OVER };

static enum step send_request(struct dial_tunnel *tunnel)
{
    const struct tunnel *codec = &tunnel->tunnel;
    while (tunnel->sent < codec->out_length) {
        ssize_t sent = send(tunnel->result->fd, codec->out + tunnel->sent,
                            codec->out_length - tunnel->sent, MSG_NOSIGNAL);
        if (sent >= 0)
            tunnel->sent += (size_t)sent;
        else if (errno != EINTR)
            return wait_or_fail(tunnel, WATCH_WRITE) ? STEP_OVER : STEP_WAIT;
    }
    return STEP_NEXT;
}

/* Takes the bytes of the message out of the socket, and leaves those behind it there. */
static enum step read_answer(struct dial_tunnel *tunnel)
{
    size_t used;
    ssize_t seen = receive(tunnel, sizeof(tunnel->bytes) - tunnel->held, MSG_PEEK);
    if (seen < 0)
        return wait_or_fail(tunnel, WATCH_READ) ? STEP_OVER : STEP_WAIT;
    if (seen == 0) {
        fail(tunnel, REASON_target_proxy_failed, "closed the connection without an answer");
        return STEP_OVER;
    }
    size_t length = tunnel->held + (size_t)seen;
    enum tunnel_verdict verdict =
        tunnel_read(&tunnel->tunnel, (struct slice){tunnel->bytes, length}, &used);
    if (verdict == TUNNEL_FAILED) {
        fail(tunnel, tunnel->tunnel.fault.reason, tunnel->tunnel.fault.text);
        return STEP_OVER;
    }
    size_t taken = (verdict == TUNNEL_MORE ? length : used) - tunnel->held;
    if (receive(tunnel, taken, 0) != (ssize_t)taken) {
        fail_errno(tunnel, EIO);
        return STEP_OVER;
    }
    tunnel->held = verdict == TUNNEL_MORE ? length : 0;
    tunnel->sent = verdict == TUNNEL_SEND ? 0 : tunnel->sent;
    return verdict == TUNNEL_OPEN ? STEP_OVER : STEP_NEXT;
}

bool dial_tunnel_proceed(struct dial_tunnel *tunnel)
{
    enum step step = STEP_NEXT;
    if (tunnel->tunnel.fault.reason != REASON_none)
        return fail(tunnel, tunnel->tunnel.fault.reason, tunnel->tunnel.fault.text);
    while (step == STEP_NEXT) {
        step = send_request(tunnel);
        if (step == STEP_NEXT)
            step = read_answer(tunnel);
    }
    return step == STEP_OVER;
}
