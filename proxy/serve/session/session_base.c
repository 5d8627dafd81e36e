#include "serve/session/session_base.h"

#include <unistd.h>

#include "base/log/log.h"
#include "codec/http/forwarded.h"
#include "core/access/limiter.h"
#include "core/bridge/bridge_time.h"
#include "core/session/session_id.h"
#include "net/socket.h"
#include "serve/http/reply_flow.h"
#include "serve/tap/tap.h"

/* A delayed acknowledgement is on its way for 40 ms, the round trip apart. */
#define ACKNOWLEDGED_MS 250

#define LAST_TURN_MS 100

void session_base_step(struct session *session, enum life_event event)
{
    session->state = (uint8_t)life_next((enum life_state)session->state, event);
}

uint64_t session_base_now(const struct session *session)
{
    return uv_now(session->env->loop);
}

const struct config_limits *session_base_limits(const struct session *session)
{
    return &session->site->config->limits;
}

const struct config_listener *session_base_listener(const struct session *session)
{
    return &session->site->config->listeners[session->listener];
}

bool session_base_tls(const struct session *session)
{
    return session->client && session->client != &session->client_plain.transport;
}

bool session_base_secure(const struct session *session, const struct http_head *head)
{
    const struct session_entry *entry = session->entry;
    bool trusted =
        entry->named &&
        client_address_trusts(&session_base_listener(session)->trusted_proxies, &entry->proxy);
    enum forwarded_scheme said = trusted ? forwarded_scheme(head) : FORWARDED_UNKNOWN;
    return said == FORWARDED_UNKNOWN ? session_base_tls(session) : said == FORWARDED_TLS;
}

enum metrics_tls session_base_protocol(const struct session *session)
{
    return metrics_tls_of(session_base_tls(session) ? tls_protocol(session->client) : 0);
}

uint64_t session_base_client(const struct session *session)
{
    if (!session->client_address.known)
        return 0;
    struct limiter_key key = limiter_key_of(session->client_address.ip.address);
    return key.high ^ key.low;
}

struct tls_scratch **session_base_tls_scratch(struct session *session)
{
    return &session->env->tls_scratch;
}

/* ---- the end ---- */

/* The peer itself, or whom it named: a field may name an address without a port. */
static void name_client(const struct session *session, struct session_names *names)
{
    const struct ip_port *ip = &session->client_address.ip;
    struct addr client = addr_from_ip(ip);
    struct ip_port direct;
    addr_print(&session->peer, names->client);
    bool named = session->client_address.known &&
                 !(addr_to_ip(&session->peer, &direct) && direct.port == ip->port &&
                   memcmp(direct.address, ip->address, IP_BYTES) == 0);
    names->proxy[0] = '\0';
    if (!named)
        return;
    memcpy(names->proxy, names->client, sizeof(names->proxy));
    if (ip->port == 0)
        ip_print(ip->address, names->client);
    else
        addr_print(&client, names->client);
}

void session_base_names(const struct session *session, struct session_names *names)
{
    name_client(session, names);
    const char *given = session->site->config->listeners[session->listener].name;
    names->listener = given ? given : session->site->listeners[session->listener].name;
    names->route = names->target = NULL;
    if (!session->route)
        return;
    names->route = config_route_name(session->route);
    const struct config_target *target = session->tried ? session->tried : session->route->targets;
    if (session->filled)
        names->target = session->filled;
    else if (session->route->target_count > 0)
        names->target = addr_print_config(&target->address, names->address, sizeof(names->address));
}

void session_base_log_parties(const struct session *session, struct log_line *line)
{
    struct session_names names;
    char id[SESSION_ID_TEXT];
    session_base_names(session, &names);
    log_text(line, "id", session_id_print(session->id, id));
    log_text(line, "client", names.client);
    if (names.proxy[0] != '\0')
        log_text(line, "proxy", names.proxy);
    log_text(line, "listener", names.listener);
    if (names.route)
        log_text(line, "route", names.route);
    if (names.target)
        log_text(line, "target", names.target);
}

static void log_end_of(const struct session *session, enum reason reason)
{
    const struct reason_row *row = reason_row(reason);
    struct log_line line;
    char text[128];
    if (!session->site->config->log.access && row->level < REASON_WARN)
        return;
    log_begin(&line, row->level, session->opened ? "session" : "handshake");
    if (!line.active)
        return;
    session_base_log_parties(session, &line);
    log_text(&line, "reason", row->name);
    if (session->detail)
        log_text(&line, "detail", session->detail);
    log_number(&line, "bytes_up", session->bridge.up.bytes);
    log_number(&line, "bytes_down", session->bridge.down.bytes);
    log_number(&line, "duration_ms", session_base_now(session) - session->accepted_at);
    bool described =
        session_base_tls(session) && tls_describe(session->client, text, sizeof(text)) > 0;
    log_text(&line, "tls", described ? text : "-");
    log_end(&line);
}

static void count_end_of(struct session *session, enum reason reason)
{
    struct metrics *metrics = &session->env->metrics;
    const struct bridge *bridge = &session->bridge;
    metrics_add(&metrics->ended[reason], 1);
    metrics_add(&metrics->open, (uint64_t)-1);
    if (!session->opened)
        metrics_handshake(metrics, reason, session_base_protocol(session));
    route_stats_bytes(&session->stats, bridge->up.bytes, bridge->down.bytes);
    route_stats_end(&session->stats, reason, session_base_now(session) - bridge->opened_at);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    struct session *session = WSL_CONTAINER(handle, struct session, timer);
    struct session_env *env = session->env;
    free(session);
    env->live--;
    env->gone(env);
}

void session_base_forget_request(struct session_entry *entry)
{
    free(entry->path);
    free(entry->place);
    free(entry->host);
    entry->path = entry->host = NULL;
    entry->place = NULL;
    entry->match = (struct route_match){0};
    entry->head_timed = false;
}

void session_base_abandon(struct session_entry *entry)
{
    struct session_wait *wait = entry->wait;
    if (!wait)
        return;
    entry->wait = NULL;
    wait->session = NULL;
    if (wait->abandoned)
        wait->abandoned(wait->maker);
}

void session_base_forget_entry(struct session *session)
{
    struct session_entry *entry = session->entry;
    if (!entry)
        return;
    opening_free(&entry->opening);
    session_base_forget_request(entry);
    reply_flow_free(entry->flow);
    session_base_abandon(entry);
    free(entry->header);
    free(entry);
    session->entry = NULL;
}

/* A TLS connection that breaks after its handshake tells more than its reason. */
static void note_tls_failure(struct session *session, enum reason reason)
{
    if (reason == REASON_client_io && session_base_tls(session))
        session_base_detail(session, tls_failure(session->client));
    if (reason == REASON_target_tls && session->target)
        session_base_detail(session, tls_failure(session->target));
}

void session_base_die(struct session *session, enum reason reason)
{
    if (session->state == LIFE_DEAD)
        return;
    if (session->bridge.reason != REASON_none)
        reason = session->bridge.reason;
    note_tls_failure(session, reason);
    log_end_of(session, reason);
    count_end_of(session, reason);
    session_base_step(session, LIFE_DROPPED);

    session_env_forget(session->env, &session->link);
    list_remove(&session->link);
    target_connect_cancel(session->connecting);
    if (session->reached)
        pool_end(session->reached);
    watch_close(session->client_watch);
    watch_close(session->target_watch);
    if (session->client)
        transport_close(session->client);
    else
        close(session->fd);
    if (session->target)
        transport_close(session->target);
    limits_leave(&session->pass);
    tap_end(session->tap);
    bridge_free(&session->bridge);
    session_base_forget_entry(session);
    free(session->detail);
    free(session->filled);
    site_release(session->site);
    uv_close((uv_handle_t *)&session->timer, timer_closed_cb);
}

void session_base_detail(struct session *session, const char *detail)
{
    /* Without memory the log line lacks its detail, no more. */
    if (!session->detail && detail[0] != '\0')
        session->detail = strdup(detail);
}

/* ---- answers ---- */

enum reason session_base_settled(const struct session *session)
{
    return session->entry ? (enum reason)session->entry->settled : REASON_none;
}

/* ---- the bridge ---- */

void session_base_arm(struct session *session, uint64_t milliseconds)
{
    uv_timer_start(&session->timer, session->env->deadline, milliseconds, 0);
}

bool session_base_last_turn(struct session *session)
{
    if (session->entry->overdue)
        return false;
    session->entry->overdue = true;
    session_base_arm(session, LAST_TURN_MS);
    return true;
}

/*
 * The first tick asks what is unsent; what it says later is measured by that. By then a client that
 * reads has acknowledged its last bytes: seen at the deadline, that would pass for progress, and
 * the client that never hangs up would get twice its time.
 */
void session_base_arm_ending(struct session *session)
{
    uint32_t patience = session_base_limits(session)->close_timeout_ms;
    session_base_arm(session, patience < ACKNOWLEDGED_MS ? patience : ACKNOWLEDGED_MS);
}

static uint32_t rate(uint64_t before, uint64_t after, uint64_t milliseconds)
{
    uint64_t bytes = milliseconds > 0 ? (after - before) * 1000 / milliseconds : 0;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

void session_base_mark(struct session *session, uint64_t now)
{
    struct session_mark *mark = &session->mark;
    const struct bridge *bridge = &session->bridge;
    uint64_t up = bridge->up.bytes, down = bridge->down.bytes, elapsed = now - mark->at;
    route_stats_bytes(&session->stats, up, down);
    if (mark->at == 0) { /* what went by so far belongs to the second that begins */
        mark->at = now;
        return;
    }
    *mark = (struct session_mark){
        .at = now,
        .up = up,
        .down = down,
        .rate_up = rate(mark->up, up, elapsed),
        .rate_down = rate(mark->down, down, elapsed),
    };
}

/* After every turn: is it over, is it ending, and what is there to wait for. */
void session_base_follow(struct session *session)
{
    if (WSL_UNLIKELY(bridge_done(&session->bridge))) {
        session_base_die(session, REASON_internal);
        return;
    }
    if (WSL_UNLIKELY(session->state == LIFE_OPEN && bridge_ending(&session->bridge))) {
        session_base_step(session, LIFE_ENDING);
        session_base_arm_ending(session);
    }
    unsigned want = bridge_want(&session->bridge);
    watch_want(session->client_watch, want & (BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE));
    if (session->target_watch)
        watch_want(session->target_watch, want >> BRIDGE_TARGET_SHIFT);
}

void session_base_turn(struct session *session, unsigned ready)
{
    const struct pipe *down = &session->bridge.down;
    bool reachable = down->state != PIPE_BROKEN;
    uint64_t now = session_base_now(session);
    bridge_turn(&session->bridge, session->env->scratch, ready, now);
    if (WSL_UNLIKELY(now - session->mark.at >= SESSION_MARK_MS))
        session_base_mark(session, now);
    /* The target of a client that is gone waits less long than that of one that is slow. */
    if (WSL_UNLIKELY(reachable && down->state == PIPE_BROKEN))
        session_base_arm_ending(session);
    session_base_follow(session);
}

void session_base_tick(struct session *session)
{
    const struct config_route *route = session->route;
    struct bridge_times times = {
        .ping_interval = route ? route->ping_interval_ms : 0,
        .ping_timeout = route ? route->ping_timeout_ms : 0,
        .idle_timeout = route ? route->idle_timeout_ms : 0,
        .max_duration = route ? route->max_duration_ms : 0,
        .close_timeout = session_base_limits(session)->close_timeout_ms,
        .stall_timeout = session_base_limits(session)->stall_timeout_ms,
    };
    uint64_t now = session_base_now(session);
    struct bridge *bridge = &session->bridge;
    struct bridge_unsent unsent = {0};
    if (bridge_time_needs_unsent(bridge)) {
        unsent.client = socket_unsent(session->fd);
        unsent.target = session->target ? socket_unsent(session->target_fd) : 0;
    }
    uint64_t next = bridge_time_tick(bridge, &unsent, &times, now);
    route_stats_bytes(&session->stats, bridge->up.bytes, bridge->down.bytes);
    if (next != 0)
        session_base_arm(session, next - now);
    session_base_follow(session);
}
