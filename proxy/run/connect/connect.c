#include "run/connect/connect.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "core/bridge/bridge.h"
#include "core/bridge/bridge_time.h"
#include "net/plain.h"
#include "net/random.h"
#include "net/socket.h"
#include "net/tls/tls.h"
#include "run/connect/connect_net.h"
#include "run/connect/connect_result.h"
#include "run/connect/connect_stdio.h"
#include "run/memory/resident.h"
#include "serve/target/target_connect.h"
#include "serve/target/target_pool.h"
#include "serve/target/target_upgrade.h"

/* After standard input has ended, for a server that is still at work. */
#define REPLY_MS (24U * 3600 * 1000)

/* After so long without a byte, memory is given back. */
#define REST_MS 1000

/*
 * A program that ends closes its ends of our output and of our input, one after the other: so long
 * the end of the input, which is in good order, may come after its reader has left.
 */
#define LEAVE_MS 250

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

struct connect {
    const struct config *config;
    const struct config_route *route;
    struct connect_net net;
    struct connect_stdio stdio;
    struct target_connect *connecting;
    struct pool_target *target; /* NULL: not connected */
    int fd;
    struct watch *watch;
    struct transport *transport;
    struct plain plain;
    struct ws_keys keys;
    struct bridge bridge;
    uv_timer_t timer, rest_timer, leave_timer;
    uv_signal_t handlers[WSL_COUNT(signals)];
    struct connect_result result;
    char detail[DIAL_DETAIL];
    bool over;
};

static uint64_t now_of(const struct connect *connect)
{
    return uv_now(&connect->net.loop);
}

/* ---- the end ---- */

static void close_target(struct connect *connect)
{
    if (!connect->target)
        return;
    watch_close(connect->watch);
    transport_close(connect->transport);
    target_pool_end(connect->target);
}

static void note_result(struct connect *connect)
{
    const struct bridge *bridge = &connect->bridge;
    struct connect_result *result = &connect->result;
    result->reason = bridge->reason;
    /* After our FIN, only a Close tells an end from a cut. */
    if (bridge->reason == REASON_client_eof && bridge->target.eof == BRIDGE_EOF_FIN &&
        !bridge->target.said_close) {
        result->reason = REASON_target_eof;
        snprintf(connect->detail, sizeof(connect->detail), "%s, after the end of the input",
                 reason_row(REASON_target_eof)->text);
    }
    result->error = connect->stdio.stdio.error;
    if (bridge->reason == REASON_client_reset && result->error == 0)
        result->error = EPIPE; /* nothing was written since the reader has left */
    if (bridge->reason == REASON_target_tls)
        result->detail = tls_failure(connect->transport);
    if (bridge->reason == REASON_target_frames)
        snprintf(connect->detail, sizeof(connect->detail), "%s: %s",
                 reason_row(REASON_target_frames)->text,
                 reason_row(bridge_violation_of_target(bridge))->text);
    /* A Close without a code is an end in good order, too. */
    if (!bridge->target.said_close)
        return;
    struct slice received = bridge_frames_received(bridge->far);
    result->closed = bridge->target.closed || bridge->reason == REASON_client_eof;
    result->code = bridge->far->decoder.close_code;
    if (result->code != 0)
        result->text = slice_from(received, 2);
}

static void finish(struct connect *connect)
{
    if (connect->over)
        return;
    connect->over = true;
    uv_close((uv_handle_t *)&connect->timer, NULL);
    uv_close((uv_handle_t *)&connect->rest_timer, NULL);
    uv_close((uv_handle_t *)&connect->leave_timer, NULL);
    for (size_t i = 0; i < WSL_COUNT(signals); i++)
        uv_close((uv_handle_t *)&connect->handlers[i], NULL);
    target_connect_cancel(connect->connecting);
    connect_stdio_close(&connect->stdio);
    close_target(connect);
    uv_stop(&connect->net.loop);
}

/* ---- the session ---- */

static void update(struct connect *connect)
{
    if (bridge_is_done(&connect->bridge)) {
        note_result(connect);
        finish(connect);
        return;
    }
    unsigned want = bridge_want(&connect->bridge);
    connect_stdio_want(&connect->stdio, want);
    watch_want(connect->watch, want >> BRIDGE_TARGET_SHIFT);
}

static void tick(struct connect *connect);

static void rest_cb(uv_timer_t *timer)
{
    struct connect *connect = WSL_CONTAINER(timer, struct connect, rest_timer);
    uint64_t due = connect->bridge.moved_at + REST_MS, now = now_of(connect);
    if (now < due)
        uv_timer_start(timer, rest_cb, due - now, 0);
    else
        resident_release_code();
}

static void turn(struct connect *connect, unsigned ready)
{
    bool ending = bridge_is_ending(&connect->bridge);
    bridge_turn(&connect->bridge, connect->net.buffer, ready, now_of(connect));
    if (!uv_is_active((const uv_handle_t *)&connect->rest_timer))
        uv_timer_start(&connect->rest_timer, rest_cb, REST_MS, 0);
    if (bridge_is_ending(&connect->bridge) != ending)
        tick(connect);
    else
        update(connect);
}

static void leave_cb(uv_timer_t *timer)
{
    turn(WSL_CONTAINER(timer, struct connect, leave_timer), BRIDGE_CLIENT_BROKEN);
}

static void stdio_cb(void *owner, unsigned ready)
{
    struct connect *connect = owner;
    bool left = ready & BRIDGE_CLIENT_BROKEN;
    if (left && !connect->target) { /* nobody waits for the dial */
        connect->result.error = EPIPE;
        finish(connect);
        return;
    }
    if (left)
        uv_timer_start(&connect->leave_timer, leave_cb, LEAVE_MS, 0);
    ready &= ~(unsigned)BRIDGE_CLIENT_BROKEN;
    if (connect->target && ready != 0)
        turn(connect, ready);
}

static void target_cb(void *owner, unsigned ready)
{
    turn(owner, ready << BRIDGE_TARGET_SHIFT);
}

static void tick_cb(uv_timer_t *timer)
{
    tick(WSL_CONTAINER(timer, struct connect, timer));
}

/* Once the server has been told that nothing more comes, its answer may take its time. */
static bool awaits_reply(const struct bridge *bridge)
{
    return bridge->reason == REASON_client_eof && bridge->target.eof == BRIDGE_EOF_FIN &&
           bridge->down.state == PIPE_FLOWING;
}

static void tick(struct connect *connect)
{
    const struct config_route *route = connect->route;
    const struct config_limits *limits = &connect->config->limits;
    struct bridge *bridge = &connect->bridge;
    const struct bridge_times times = {
        .ping_interval = route->ping_interval_ms,
        .ping_timeout = route->ping_timeout_ms,
        .idle_timeout = route->idle_timeout_ms,
        .max_duration = route->max_duration_ms,
        .close_timeout = awaits_reply(bridge) ? REPLY_MS : limits->close_timeout_ms,
        .stall_timeout = limits->stall_timeout_ms,
    };
    struct bridge_unsent unsent = {0};
    uint64_t now = now_of(connect);
    if (bridge_time_needs_unsent(bridge))
        unsent.target = socket_unsent(connect->fd);
    uint64_t next = bridge_time_tick(bridge, &unsent, &times, now);
    if (next != 0)
        uv_timer_start(&connect->timer, tick_cb, next > now ? next - now : 0, 0);
    update(connect);
}

static void open_up(struct connect *connect, const struct target_connect_result *result,
                    struct bridge_frames *frames)
{
    const struct dial_result *dial = &result->dial;
    const struct config_target *target = result->target->config;
    uint64_t now = now_of(connect);
    connect->target = result->target;
    connect->fd = dial->fd;
    connect->watch = dial->watch;
    connect->transport = dial_result_transport(dial, &connect->plain);
    watch_adopt(dial->watch, target_cb, connect);
    bridge_init_raw(&connect->bridge, connect->stdio.transport, now);
    connect->bridge.client.lingers = false;
    bridge_frames_init(frames, &connect->keys, false);
    bridge_attach_framed(&connect->bridge, connect->transport, frames, target_upgrade_eof(target),
                         now);
    if (result->first_length > 0)
        bridge_take_first(&connect->bridge, connect->net.buffer->buffer, result->first_length, now);
    /* TLS may hold bytes that it has read already. */
    bridge_turn(&connect->bridge, connect->net.buffer, BRIDGE_TARGET_READ, now);
    uv_timer_start(&connect->rest_timer, rest_cb, REST_MS, 0);
    tick(connect);
}

static void fail(struct connect *connect, enum reason reason, const char *detail)
{
    snprintf(connect->detail, sizeof(connect->detail), "%s", detail);
    connect->result.reason = reason;
    finish(connect);
}

static void connected_cb(void *owner, const struct target_connect_result *result)
{
    struct connect *connect = owner;
    connect->connecting = NULL;
    if (result->dial.reason != REASON_none) {
        fail(connect, result->dial.reason, result->dial.detail);
        return;
    }
    struct bridge_frames *frames = malloc(sizeof(*frames));
    if (frames) {
        open_up(connect, result, frames);
        return;
    }
    struct dial_result dial = result->dial;
    dial_result_discard(&dial);
    target_pool_end(result->target);
    fail(connect, REASON_out_of_memory, "");
}

/* The first signal ends in good order, the next one at once; so does one that finds an end begun.
 */
static void signal_cb(uv_signal_t *handler, int number)
{
    struct connect *connect = handler->data;
    bool again = connect->result.signalled;
    (void)number;
    connect->result.signalled = true;
    if (!connect->target || again || bridge_is_ending(&connect->bridge)) {
        connect->result.reason = REASON_shutdown;
        finish(connect);
        return;
    }
    bridge_end(&connect->bridge, REASON_shutdown, now_of(connect));
    turn(connect, 0);
    if (!connect->over)
        tick(connect);
}

/* ---- the beginning ---- */

static void begin(struct connect *connect)
{
    struct connect_net *net = &connect->net;
    struct target_connect_result result;
    const struct target_connect_request request = {
        .watches = &net->watches,
        .resolver = net->resolver,
        .scratch = &net->tls_scratch,
        .buffer = net->buffer,
        .pool = net->pool,
        .route = connect->route,
        .callback = connected_cb,
        .owner = connect,
    };
    connect->connecting = target_connect_start(&request, &result);
    if (!connect->connecting)
        connected_cb(connect, &result);
}

static void open_handles(struct connect *connect)
{
    uv_loop_t *loop = &connect->net.loop;
    uv_timer_init(loop, &connect->timer);
    uv_timer_init(loop, &connect->rest_timer);
    uv_timer_init(loop, &connect->leave_timer);
    for (size_t i = 0; i < WSL_COUNT(signals); i++) {
        uv_signal_init(loop, &connect->handlers[i]);
        connect->handlers[i].data = connect;
        uv_signal_start(&connect->handlers[i], signal_cb, signals[i]);
    }
    connect_stdio_open(&connect->stdio, &connect->net.watches, stdio_cb, connect);
}

static int report(struct connect *connect)
{
    char line[CONNECT_RESULT_LINE];
    int status = connect_result_judge(&connect->result, line);
    if (line[0] != '\0')
        fprintf(stderr, "wsluice: %s\n", line);
    return status;
}

int connect_run(const struct config *config, bool has_output)
{
    if (!has_output) { /* what the server sends would be lost without an error */
        fputs("wsluice: standard output is closed\n", stderr);
        return EXIT_FAILURE;
    }
    struct connect connect = {
        .config = config,
        .route = &config->routes[0],
        .fd = -1,
        .keys = {.fill = random_fill},
    };
    connect.result.detail = connect.detail;
    signal(SIGPIPE, SIG_IGN);
    char error[512];
    if (!connect_net_open(&connect.net, config, error, sizeof(error))) {
        fprintf(stderr, "wsluice: %s\n", error);
        if (!connect_net_close(&connect.net))
            _exit(EXIT_FAILURE);
        return EXIT_FAILURE;
    }
    open_handles(&connect);
    begin(&connect);
    if (!connect.over)
        uv_run(&connect.net.loop, UV_RUN_DEFAULT);
    int status = report(&connect);
    bool at_rest = connect_net_close(&connect.net);
    if (!at_rest)
        _exit(status);
    bridge_free(&connect.bridge);
    ws_keys_wipe(&connect.keys);
    return status;
}
