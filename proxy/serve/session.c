#include "serve/session.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "codec/ws_handshake.h"
#include "core/life.h"
#include "core/opening.h"
#include "net/dial.h"
#include "net/plain.h"
#include "net/socket.h"

_Static_assert((int)BRIDGE_CLIENT_READ == (int)WATCH_READ &&
                   (int)BRIDGE_CLIENT_WRITE == (int)WATCH_WRITE &&
                   (int)BRIDGE_CLIENT_BROKEN == (int)WATCH_BROKEN,
               "what a watch reports is what a bridge understands");

/* A delayed acknowledgement is on its way for 40 ms, the round trip apart. */
#define ACKNOWLEDGED_MS 250

struct session {
    struct list link;
    struct session_env *env;
    struct gate *gate;
    const struct config_route *route;
    uint32_t listener;
    uint8_t state; /* enum life_state */
    bool opened;   /* it has been OPEN: bytes could flow */
    int fd;
    struct addr peer;
    struct plain client_plain, target_plain;
    struct transport *client, *target;
    struct watch *client_watch, *target_watch;
    struct opening *opening; /* from HEAD until OPEN */
    struct dial *dial;
    char *detail; /* why, in the system's words, for the log */
    uint64_t accepted_at;
    uv_timer_t timer;
    struct bridge bridge;
};

static void step(struct session *session, enum life_event event)
{
    session->state = (uint8_t)life_next((enum life_state)session->state, event);
}

static uint64_t now_of(const struct session *session)
{
    return uv_now(session->env->loop);
}

static const struct config_limits *limits_of(const struct session *session)
{
    return &session->gate->config->limits;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void log_end_of(const struct session *session, enum reason reason)
{
    const struct reason_row *row = reason_row(reason);
    const struct config *config = session->gate->config;
    struct log_line line;
    char text[256];
    log_begin(&line, row->level, session->opened ? "session" : "handshake");
    if (!line.active)
        return;
    log_text(&line, "client", addr_print(&session->peer, text));
    log_text(&line, "listener",
             addr_print_config(&config->listeners[session->listener].address, text, sizeof(text)));
    if (session->route)
        log_text(&line, "target",
                 addr_print_config(&session->route->targets[0].address, text, sizeof(text)));
    log_text(&line, "reason", row->name);
    if (session->detail)
        log_text(&line, "detail", session->detail);
    log_number(&line, "bytes_up", session->bridge.up.bytes);
    log_number(&line, "bytes_down", session->bridge.down.bytes);
    log_number(&line, "duration_ms", now_of(session) - session->accepted_at);
    bool tls = session->client && session->client != &session->client_plain.transport;
    if (tls && tls_describe(session->client, text, sizeof(text)) > 0)
        log_text(&line, "tls", text);
    else
        log_text(&line, "tls", "-");
    log_end(&line);
}

static void count_end_of(struct session *session, enum reason reason)
{
    struct metrics *metrics = &session->env->metrics;
    metrics_add(&metrics->ended[reason], 1);
    metrics_add(&metrics->counter[METRICS_bytes_up], session->bridge.up.bytes);
    metrics_add(&metrics->counter[METRICS_bytes_down], session->bridge.down.bytes);
    metrics_add(&metrics->open, (uint64_t)-1);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    struct session *session = WSL_CONTAINER(handle, struct session, timer);
    struct session_env *env = session->env;
    free(session);
    env->live--;
    env->gone(env);
}

static void drop_opening(struct session *session)
{
    if (!session->opening)
        return;
    opening_free(session->opening);
    free(session->opening);
    session->opening = NULL;
}

static void die(struct session *session, enum reason reason)
{
    if (session->state == LIFE_DEAD)
        return;
    if (session->bridge.reason != REASON_none)
        reason = session->bridge.reason;
    log_end_of(session, reason);
    count_end_of(session, reason);
    step(session, LIFE_DROPPED);

    list_remove(&session->link);
    dial_cancel(session->dial);
    watch_close(session->client_watch);
    watch_close(session->target_watch);
    if (session->client)
        transport_close(session->client);
    else
        close(session->fd);
    if (session->target)
        transport_close(session->target);
    bridge_free(&session->bridge);
    drop_opening(session);
    free(session->detail);
    gate_release(session->gate);
    uv_close((uv_handle_t *)&session->timer, timer_closed_cb);
}

static void set_detail(struct session *session, const char *detail)
{
    /* Without memory the log line lacks its detail, no more. */
    if (!session->detail && detail[0] != '\0')
        session->detail = strdup(detail);
}

/* ---- the bridge ------------------------------------------------------------------------------ */

static void timer_cb(uv_timer_t *timer);

static void arm(struct session *session, uint64_t milliseconds)
{
    uv_timer_start(&session->timer, timer_cb, milliseconds, 0);
}

/*
 * The first tick asks what is unsent; what it says later is measured by that. By then a client that
 * reads has acknowledged its last bytes: seen at the deadline, that would pass for progress, and
 * the client that never hangs up would get twice its time.
 */
static void arm_ending(struct session *session)
{
    uint32_t patience = limits_of(session)->close_timeout_ms;
    arm(session, patience < ACKNOWLEDGED_MS ? patience : ACKNOWLEDGED_MS);
}

/* After every turn: is it over, is it ending, and what is there to wait for. */
static void follow(struct session *session)
{
    if (WSL_UNLIKELY(bridge_done(&session->bridge))) {
        die(session, REASON_internal);
        return;
    }
    if (WSL_UNLIKELY(session->state == LIFE_OPEN && bridge_ending(&session->bridge))) {
        step(session, LIFE_ENDING);
        arm_ending(session);
    }
    unsigned want = bridge_want(&session->bridge);
    watch_want(session->client_watch, want & (BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE));
    if (session->target_watch)
        watch_want(session->target_watch, want >> BRIDGE_TARGET_SHIFT);
}

static void turn(struct session *session, unsigned ready)
{
    const struct pipe *down = &session->bridge.down;
    bool reachable = down->state != PIPE_BROKEN;
    bridge_turn(&session->bridge, session->env->scratch, ready, now_of(session));
    /* The target of a client that is gone waits less long than that of one that is slow. */
    if (WSL_UNLIKELY(reachable && down->state == PIPE_BROKEN))
        arm_ending(session);
    follow(session);
}

static void target_cb(void *owner, unsigned ready)
{
    turn(owner, ready << BRIDGE_TARGET_SHIFT);
}

static void tick(struct session *session)
{
    const struct config_route *route = session->route;
    struct bridge_times times = {
        .ping_interval = route ? route->ping_interval_ms : 0,
        .ping_timeout = route ? route->ping_timeout_ms : 0,
        .idle_timeout = route ? route->idle_timeout_ms : 0,
        .max_duration = route ? route->max_duration_ms : 0,
        .close_timeout = limits_of(session)->close_timeout_ms,
    };
    uint64_t now = now_of(session);
    uint64_t unsent = bridge_ending(&session->bridge) ? socket_unsent(session->fd) : 0;
    uint64_t next = bridge_tick(&session->bridge, unsent, &times, now);
    if (next != 0)
        arm(session, next - now);
    follow(session);
}

/* ---- refusals -------------------------------------------------------------------------------- */

/* Instead of 101: the status that the table gives the reason, or nothing. */
static void refuse(struct session *session, enum reason reason)
{
    char answer[WS_REFUSAL_MAX];
    bool head_only = session->opening && session->opening->head_only;
    size_t length = ws_handshake_refusal(answer, sizeof(answer), reason, head_only);
    if (length == 0) {
        die(session, reason);
        return;
    }
    step(session, session->state == LIFE_HEAD ? LIFE_REFUSED : LIFE_TARGET_FAILED);
    drop_opening(session);
    bridge_init(&session->bridge, session->client, false, now_of(session));
    bridge_refuse(&session->bridge, reason, answer, length, now_of(session));
    arm_ending(session);
    follow(session);
}

/* ---- the target ------------------------------------------------------------------------------ */

static void start_bridge(struct session *session)
{
    struct opening *opening = session->opening;
    uint64_t now = now_of(session);
    bridge_init(&session->bridge, session->client, session->route->text == CONFIG_TEXT_REFUSE, now);
    bridge_answer(&session->bridge, opening->answer, opening->answer_length, now);
}

static void open_up(struct session *session, const struct dial_result *result)
{
    struct opening *opening = session->opening;
    uint64_t now = now_of(session);
    session->target_watch = result->watch;
    watch_adopt(result->watch, target_cb, session);
    session->target = result->tls
                          ? result->tls
                          : plain_init(&session->target_plain, result->fd, &transport_target);
    if (session->state == LIFE_DIALLING)
        start_bridge(session);
    step(session, LIFE_TARGET_READY);
    session->opened = true;
    metrics_add(&session->env->metrics.counter[METRICS_sessions], 1);
    bridge_attach(&session->bridge, session->target, now);
    if (opening->early)
        bridge_early(&session->bridge, opening->early, opening->early_length, now);
    drop_opening(session);
    /* TLS may have received the target's first bytes together with the end of its handshake. */
    if (result->tls)
        bridge_turn(&session->bridge, session->env->scratch, BRIDGE_TARGET_READ, now);
    tick(session);
}

static void dialled(struct session *session, const struct dial_result *result)
{
    session->dial = NULL;
    if (result->reason == REASON_none) {
        open_up(session, result);
        return;
    }
    set_detail(session, result->detail);
    if (session->state == LIFE_DIALLING) {
        refuse(session, result->reason);
        return;
    }
    step(session, LIFE_TARGET_FAILED);
    bridge_end(&session->bridge, result->reason, now_of(session));
    struct opening *opening = session->opening;
    if (opening->early)
        bridge_early(&session->bridge, opening->early, opening->early_length, now_of(session));
    drop_opening(session);
    arm_ending(session);
    turn(session, 0);
}

static void dialled_cb(void *owner, const struct dial_result *result)
{
    dialled(owner, result);
}

static struct tls_scratch *tls_scratch_of(struct session_env *env)
{
    if (!env->tls_scratch)
        env->tls_scratch = tls_scratch_create();
    return env->tls_scratch;
}

static void dial_target(struct session *session)
{
    struct dial_result result;
    struct dial_request request = {
        .watches = &session->env->watches,
        .names = session->env->names,
        .address = &session->route->targets[0].address,
        .timeout_ms = session->route->connect_timeout_ms,
        .tls = pool_target(session->gate->pool, session->route, 0)->tls,
        .callback = dialled_cb,
        .owner = session,
    };
    if (request.tls)
        request.scratch = tls_scratch_of(session->env);
    session->dial = dial_start(&request, &result);
    if (!session->dial)
        dialled(session, &result);
    else
        follow(session);
}

static void upgrade(struct session *session)
{
    uv_timer_stop(&session->timer);
    session->route = &session->gate->config->routes[0];
    if (session->route->connect == CONFIG_CONNECT_FIRST) {
        step(session, LIFE_UPGRADE_FIRST);
    } else {
        step(session, LIFE_UPGRADE_AFTER);
        start_bridge(session);
    }
    dial_target(session);
}

/* ---- the head -------------------------------------------------------------------------------- */

static void read_head(struct session *session)
{
    const struct config_limits *limits = limits_of(session);
    struct http_limits http = {limits->head_bytes, limits->head_bytes / 2, limits->head_fields};
    struct bridge_scratch *scratch = session->env->scratch;
    struct opening *opening = session->opening;
    struct opening_request request;
    for (;;) {
        struct io io = transport_read(session->client, scratch->buffer, BRIDGE_BUFFER);
        switch ((enum io_status)io.status) {
        case IO_OK:
            break;
        case IO_WANT_READ:
            watch_want(session->client_watch, WATCH_READ);
            return;
        case IO_WANT_WRITE:
            watch_want(session->client_watch, WATCH_WRITE);
            return;
        case IO_EOF:
            die(session, REASON_handshake_eof);
            return;
        case IO_FAIL:
            die(session, io.reason);
            return;
        }
        enum opening_verdict verdict =
            opening_feed(opening, (const char *)scratch->buffer, io.n, &http, &request);
        if (verdict == OPENING_REQUEST)
            verdict = opening_upgrade(opening, &request, &(struct opening_terms){0});
        switch (verdict) {
        case OPENING_REQUEST:
        case OPENING_MORE:
            if (!io.drained)
                continue;
            watch_want(session->client_watch, WATCH_READ);
            return;
        case OPENING_UPGRADE:
            upgrade(session);
            return;
        case OPENING_REFUSED:
            refuse(session, opening->refusal);
            return;
        }
    }
}

/* Whoever has not begun a request is not answered either. */
static bool has_spoken(const struct session *session)
{
    return session->opening->held_length > 0;
}

static void begin_head(struct session *session)
{
    session->opening = calloc(1, sizeof(*session->opening));
    if (!session->opening) {
        die(session, REASON_out_of_memory);
        return;
    }
    read_head(session);
}

/* ---- the first byte and TLS ------------------------------------------------------------------ */

static void shake_hands(struct session *session)
{
    struct io io = transport_handshake(session->client);
    switch ((enum io_status)io.status) {
    case IO_OK:
        metrics_add(&session->env->metrics.counter[METRICS_tls_handshakes], 1);
        step(session, LIFE_TLS_DONE);
        begin_head(session);
        return;
    case IO_WANT_READ:
        watch_want(session->client_watch, WATCH_READ);
        return;
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_WRITE);
        return;
    case IO_EOF:
        die(session, REASON_handshake_eof);
        return;
    case IO_FAIL:
        set_detail(session, tls_failure(session->client));
        die(session, io.reason);
        return;
    }
}

static void begin_plain(struct session *session)
{
    session->client = plain_init(&session->client_plain, session->fd, &transport_client);
    step(session, LIFE_SAW_PLAIN);
    begin_head(session);
}

static void begin_tls(struct session *session)
{
    struct tls_ctx *ctx = session->gate->listener_tls[session->listener];
    struct tls_scratch *scratch = tls_scratch_of(session->env);
    session->client = scratch ? tls_create(ctx, scratch, session->fd) : NULL;
    if (!session->client) {
        die(session, REASON_out_of_memory);
        return;
    }
    step(session, LIFE_SAW_TLS);
    shake_hands(session);
}

/* TLS and plain clients share a port: a ClientHello begins with 0x16, SSLv2's with 0x80. */
static void look_at_first_byte(struct session *session)
{
    const struct config_tls *tls = &session->gate->config->listeners[session->listener].tls;
    uint8_t first;
    ssize_t n;
    do
        n = recv(session->fd, &first, 1, MSG_PEEK);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        watch_want(session->client_watch, WATCH_READ);
    else if (n < 0)
        die(session, transport_errno(&transport_client, errno));
    else if (n == 0)
        die(session, REASON_silent);
    else if (first == 0x16 || first == 0x80)
        begin_tls(session);
    else if (tls->mode == CONFIG_TLS_REQUIRED)
        die(session, REASON_tls_required);
    else
        begin_plain(session);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void client_cb(void *owner, unsigned ready)
{
    struct session *session = owner;
    switch ((enum life_state)session->state) {
    case LIFE_OPEN:
    case LIFE_CLOSING:
        turn(session, ready);
        return;
    case LIFE_PREFACE:
        look_at_first_byte(session);
        return;
    case LIFE_TLS:
        shake_hands(session);
        return;
    case LIFE_HEAD:
        read_head(session);
        return;
    case LIFE_DIALLING:
    case LIFE_ANSWERED:
        if (ready & WATCH_BROKEN)
            die(session, REASON_client_reset);
        else
            turn(session, ready);
        return;
    case LIFE_DEAD:
    case LIFE_STATES:
        break;
    }
    wsl_assert(!"no callback comes after death");
}

static void timer_cb(uv_timer_t *timer)
{
    struct session *session = WSL_CONTAINER(timer, struct session, timer);
    switch (life_deadline((enum life_state)session->state)) {
    case LIFE_BRIDGE_DEADLINE:
        tick(session);
        return;
    case LIFE_HANDSHAKE_DEADLINE:
        if (session->state == LIFE_HEAD && has_spoken(session))
            refuse(session, REASON_handshake_timeout);
        else
            die(session, session->state == LIFE_PREFACE || session->state == LIFE_HEAD
                             ? REASON_silent
                             : REASON_handshake_timeout);
        return;
    case LIFE_CONNECT_DEADLINE: /* the dial keeps its own */
    case LIFE_NO_DEADLINE:
        break;
    }
}

/* ---- the outside ----------------------------------------------------------------------------- */

void session_accept(struct session_env *env, const struct session_client *client)
{
    struct session *session = calloc(1, sizeof(*session));
    struct watch *watch =
        session ? watch_open(&env->watches, client->fd, WATCH_READ, client_cb, session) : NULL;
    metrics_add(&env->metrics.counter[METRICS_connections], 1);
    if (!watch) {
        log_message(REASON_ERROR, "%s: a connection was closed",
                    reason_row(REASON_out_of_memory)->text);
        metrics_add(&env->metrics.ended[REASON_out_of_memory], 1);
        free(session);
        close(client->fd);
        gate_release(client->gate);
        return;
    }
    session->env = env;
    session->gate = client->gate;
    session->listener = client->listener;
    session->fd = client->fd;
    session->peer = client->peer;
    session->client_watch = watch;
    session->accepted_at = now_of(session);
    uv_timer_init(env->loop, &session->timer);
    list_append(&env->sessions, &session->link);
    env->live++;
    metrics_add(&env->metrics.open, 1);
    arm(session, limits_of(session)->handshake_timeout_ms);
    if (!client->gate->listener_tls[client->listener])
        begin_plain(session);
}

static void drain(struct session *session)
{
    switch ((enum life_state)session->state) {
    case LIFE_PREFACE:
    case LIFE_TLS:
        die(session, REASON_shutdown);
        return;
    case LIFE_DIALLING:
    case LIFE_ANSWERED:
        dial_cancel(session->dial);
        dialled(session, &(struct dial_result){.reason = REASON_shutdown, .fd = -1});
        return;
    case LIFE_HEAD:
        if (has_spoken(session))
            refuse(session, REASON_shutdown);
        else
            die(session, REASON_shutdown);
        return;
    case LIFE_OPEN:
        bridge_end(&session->bridge, REASON_shutdown, now_of(session));
        turn(session, 0);
        return;
    case LIFE_CLOSING:
    case LIFE_DEAD:
    case LIFE_STATES:
        return;
    }
}

void session_drain_all(struct session_env *env)
{
    for (struct list *link = env->sessions.next, *next; link != &env->sessions; link = next) {
        next = link->next;
        drain(WSL_CONTAINER(link, struct session, link));
    }
}

void session_kill_all(struct session_env *env, enum reason reason)
{
    while (!list_empty(&env->sessions))
        die(WSL_CONTAINER(env->sessions.next, struct session, link), reason);
}
