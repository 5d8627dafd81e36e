#include "serve/stages/session_connect.h"

#include <sys/socket.h>

#include "codec/proxy_proto.h"
#include "core/route/captured_path.h"
#include "core/tokens/resolver_answer.h"
#include "core/tokens/token_destination.h"
#include "net/socket.h"
#include "net/tls/tls.h"
#include "serve/destination/session_token.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/stages/session_reply.h"
#include "serve/stages/session_tap.h"
#include "serve/target/target_connect.h"
#include "serve/target/target_pool.h"
#include "serve/target/target_upgrade.h"
#include "serve/tokens/token_source.h"

/* ---- the address, and the PROXY header ---- */

/*
 * Replaces the captures in a text of the target by their part of the path; the result is in `out`
 * if there are any. False: the result is not allowed as a host name.
 */
static bool fill_in(struct session *session, const char *key, const char *form,
                    char out[static CAPTURED_HOST_MAX + 1], const char **text)
{
    char detail[256];
    *text = form;
    if (!form || !strchr(form, '{'))
        return true;
    const char *wrong = captured_host_make(form, &session->entry->match, out);
    *text = out;
    if (!wrong)
        return true;
    snprintf(detail, sizeof(detail), "%s %.60s: '%.100s' %s", key, form, out, wrong);
    session_log_detail(session, detail);
    return false;
}

/* Likewise in the path of a target that speaks WebSocket. */
static bool fill_in_path(struct session *session, const struct config_target *target,
                         struct target_connect_candidate *candidate)
{
    const char *form = target->ws.path;
    char detail[256];
    if (!form || !strchr(form, '{'))
        return true;
    candidate->path = candidate->ws_path;
    if (captured_path_make(form, &session->entry->match, candidate->ws_path,
                           sizeof(candidate->ws_path)))
        return true;
    snprintf(detail, sizeof(detail), "path %.100s: is too long with its captures", form);
    session_log_detail(session, detail);
    return false;
}

/* The socket's own address; for a Unix socket the unspecified address of the client's family. */
static struct ip_port local_address(int fd, const struct ip_port *client)
{
    static const uint8_t unspecified[4];
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    struct ip_port local = {0};
    if (getsockname(fd, (struct sockaddr *)&bound, &length) == 0) {
        struct addr addr = addr_from((const struct sockaddr *)&bound);
        if (addr_to_ip(&addr, &local))
            return local;
    }
    local = (struct ip_port){0};
    if (ip_is_v4(client->address))
        ip_from_v4(unspecified, local.address);
    return local;
}

/* The PROXY header that tells the target its client. */
static size_t encode_proxy_header(const struct session *session, enum config_target_proxy version,
                                  uint8_t *out, size_t capacity)
{
    struct proxy_proto header = {.kind = PROXY_PROTO_UNKNOWN};
    struct tls_facts facts;
    if (session->client_address.known) {
        header.kind = PROXY_PROTO_ADDRESS;
        header.source = session->client_address.ip;
        header.destination = local_address(session->fd, &header.source);
    }
    if (version == CONFIG_TARGET_PROXY_V1)
        return proxy_proto_encode_v1(out, capacity, &header);
    header.authority = slice_of(session->entry->host ? session->entry->host : "");
    if (session_extra_of(session)->user)
        header.user = slice_of(session_extra_of(session)->user);
    if (session_facts_is_tls(session)) {
        tls_facts(session->client, &facts);
        header.tls = (struct proxy_proto_tls){
            .used = true,
            .certificate = facts.certificate,
            .verified = facts.verified,
            .version = slice_of(facts.version),
            .cipher = slice_of(facts.cipher),
            .common_name = slice_of(facts.common_name),
        };
    }
    return proxy_proto_encode_v2(out, capacity, &header);
}

/* For the log, however the attempt ends. */
static void note_attempt(struct session *session, const struct config_target *target,
                         const struct target_connect_candidate *candidate)
{
    const struct config_address *address = &candidate->address;
    bool as_configured =
        address->host == target->address.host && address->path == target->address.path;
    session->last_target = target;
    if (session->extra) {
        free(session->extra->target_address);
        session->extra->target_address = NULL;
    }
    if (as_configured)
        return;
    char text[CAPTURED_HOST_MAX + 16];
    const char *name = dial_result_where(candidate->shown, address, text, sizeof(text));
    /* Out of memory: the log line has the address as configured. */
    struct session_extra *extra = session_extra_make(session);
    if (extra)
        extra->target_address = strdup(name);
    const struct session_entry *entry = session->entry;
    if (entry->destination)
        route_stats_enter_target(&session->stats, session->site->routes[entry->match.route].stats,
                                 name);
}

/* TLS and the first bytes, as the service says that has named the target. False: there is no TLS.
 */
static bool take_answer(const struct resolver_answer *answer, const struct config_target *target,
                        struct target_connect_candidate *candidate)
{
    candidate->greeting = (struct slice){(const char *)answer->preamble, answer->preamble_length};
    if (answer->tls == RESOLVER_TLS_ON)
        candidate->plain = false;
    else if (answer->tls == RESOLVER_TLS_OFF || !target->tls)
        candidate->plain = true;
    if (answer->server_name[0] != '\0')
        candidate->tls_name = answer->server_name;
    return candidate->plain || target->tls || target->tls_on_demand;
}

/* The destination of the request's token, or the address that is configured. */
static bool find_address(struct session *session, const struct config_target *target,
                         struct target_connect_candidate *candidate)
{
    const struct token_destination *destination = session->entry->destination;
    if (destination) {
        candidate->address = destination->address;
        candidate->shown = destination->shown;
        candidate->permit = session->site->routes[session->entry->match.route].tokens->permit;
        candidate->no_link = destination->no_link || candidate->permit;
    } else if (!fill_in(session, "host", target->address.host, candidate->host,
                        &candidate->address.host)) {
        return false;
    }
    /* No TLS: a Unix socket has no host name to verify. */
    candidate->plain =
        destination && candidate->address.kind == CONFIG_ADDRESS_UNIX && !target->server_name;
    if (!fill_in(session, "server_name", target->server_name, candidate->server_name,
                 &candidate->tls_name))
        return false;
    if (!fill_in_path(session, target, candidate))
        return false;
    return !destination || !destination->answer ||
           take_answer(destination->answer, target, candidate);
}

static bool is_raw(const struct session *session)
{
    return session_facts_listener(session)->raw;
}

/*
 * A client that has left must not hold the session through a retry window. A raw one may have sent
 * all that it has to say, and wait for the answer: its bytes are delivered. TLS may hold some.
 */
static bool has_left(const struct session *session)
{
    if (!is_raw(session))
        return socket_hung_up(session->fd);
    if (session_facts_is_tls(session))
        return socket_is_gone(session->fd);
    return socket_hung_up(session->fd) && socket_unread(session->fd) == 0;
}

static enum reason prepare_cb(void *owner, const struct config_target *target,
                              struct target_connect_candidate *candidate)
{
    struct session *session = owner;
    if (candidate->again && has_left(session))
        return REASON_handshake_eof;
    if (!find_address(session, target, candidate))
        return REASON_target_name_refused;
    note_attempt(session, target, candidate);
    candidate->origin.requested =
        !session->entry->destination && candidate->address.host != target->address.host;
    candidate->origin.client = session_facts_client_key(session);
    /* The certificate must name the host that is dialled, unless server_name is configured. */
    if (!candidate->tls_name && candidate->address.host != target->address.host)
        candidate->tls_name = candidate->address.host;
    if (target->proxy_protocol == CONFIG_TARGET_PROXY_OFF)
        return REASON_none;
    candidate->preface_length = encode_proxy_header(session, target->proxy_protocol,
                                                    candidate->preface, sizeof(candidate->preface));
    /* Too long only for a host name that is longer than any valid one. */
    return candidate->preface_length > 0 ? REASON_none : REASON_http_no_route;
}

/* ---- connecting ---- */

static void start_bridge(struct session *session)
{
    const struct opening *opening = &session->entry->opening;
    struct bridge *bridge = &session->bridge;
    uint64_t now = session_now(session);
    if (is_raw(session))
        bridge_init_raw(bridge, session->client, now);
    else
        bridge_init(bridge, session->client, session->route->text == CONFIG_TEXT_REFUSE, now);
    bridge->metrics = &session->env->metrics;
    limits_note_session(&session->usage);
    if (!is_raw(session))
        bridge_send_upgrade(bridge, opening->answer, opening->answer_length, now);
}

static void target_cb(void *owner, unsigned ready)
{
    session_bridge_turn(owner, ready << BRIDGE_TARGET_SHIFT);
}

/* The kernel must not time out before stall_timeout. */
static void allow_stalls(const struct session *session)
{
    uint32_t stall = session_facts_limits(session)->stall_timeout_ms;
    if (stall <= SOCKET_STALL_MS)
        return;
    socket_allow_stall(session->fd, stall);
    socket_allow_stall(session->target_fd, stall);
}

static void count_opened(struct session *session, uint64_t now)
{
    struct metrics *metrics = &session->env->metrics;
    session->opened = true;
    metrics_count_handshake(metrics, REASON_none, session_facts_tls_version(session));
    route_stats_open(&session->stats, now - session->entry->asked_at);
}

/* Frames that came with the head, in the scratch, where there is room in front of them. */
static void take_early(struct session *session, uint64_t now)
{
    const struct opening *opening = &session->entry->opening;
    struct bridge_scratch *scratch = session->env->scratch;
    if (!opening->early)
        return;
    wsl_assert(opening->early_length <= sizeof(scratch->buffer));
    memcpy(scratch->buffer, opening->early, opening->early_length);
    bridge_take_early(&session->bridge, scratch->buffer, opening->early_length, now);
}

/* `frames`: of a target that speaks WebSocket; taken over. */
static void attach(struct session *session, const struct config_target *target,
                   struct bridge_frames *frames, uint64_t now)
{
    if (frames)
        bridge_attach_framed(&session->bridge, session->target, frames, target_upgrade_eof(target),
                             now);
    else
        bridge_attach(&session->bridge, session->target, now);
}

/* With the end of a handshake, TLS may have read first bytes of the target, or of a raw client. */
static void read_what_tls_holds(struct session *session, bool of_target, uint64_t now)
{
    unsigned held = of_target ? BRIDGE_TARGET_READ : 0U;
    if (is_raw(session) && session_facts_is_tls(session))
        held |= BRIDGE_CLIENT_READ;
    if (held != 0)
        bridge_turn(&session->bridge, session->env->scratch, held, now);
}

static void open_up(struct session *session, const struct target_connect_result *result,
                    struct bridge_frames *frames)
{
    const struct dial_result *dial = &result->dial;
    uint64_t now = session_now(session);
    session->pool_target = result->target;
    session->target_watch = dial->watch;
    session->target_fd = dial->fd;
    watch_adopt(dial->watch, target_cb, session);
    session->target = dial_result_transport(dial, &session->target_plain);
    if (session->state == LIFE_DIALLING)
        start_bridge(session);
    allow_stalls(session);
    count_opened(session, now);
    attach(session, result->target->config, frames, now);
    session_tap_begin(session);
    session_log_opened(session, session_token_public_path(session));
    if (result->first_length > 0)
        bridge_take_first(&session->bridge, session->env->scratch->buffer, result->first_length,
                          now);
    take_early(session, now);
    session_entry_free(session);
    session_state_step(session, LIFE_TARGET_READY);
    read_what_tls_holds(session, dial->tls != NULL, now);
    session_bridge_tick(session);
}

static void fail(struct session *session, enum reason reason)
{
    uint64_t now = session_now(session);
    limits_leave_route(&session->usage);
    if (session->state == LIFE_DIALLING) {
        session_reply_refuse(session, reason);
        return;
    }
    bridge_end(&session->bridge, reason, now);
    take_early(session, now);
    session_entry_free(session);
    session_state_step(session, LIFE_TARGET_FAILED);
    session_bridge_arm_ending(session);
    session_bridge_turn(session, 0);
}

/* False: out of memory. NULL: the target speaks raw bytes. */
static bool make_frames(struct session *session, const struct config_target *target,
                        struct bridge_frames **frames)
{
    *frames = NULL;
    if (!target->ws.path)
        return true;
    *frames = malloc(sizeof(**frames));
    if (*frames)
        bridge_frames_init(*frames, &session->env->keys, false);
    return *frames != NULL;
}

/* Of the client's offers: for a 101 that is still to be sent. False: out of memory. */
static bool pass_choice(struct session *session, const struct target_connect_result *result)
{
    struct opening *opening = &session->entry->opening;
    return session->state != LIFE_DIALLING || !result->subprotocol || opening->offers.count == 0 ||
           opening_choose(opening, result->subprotocol);
}

static void connected(struct session *session, const struct target_connect_result *result)
{
    struct bridge_frames *frames;
    session->entry->connecting = NULL;
    if (result->dial.reason != REASON_none) {
        session_log_detail(session, result->dial.detail);
        fail(session, result->dial.reason);
    } else if (pass_choice(session, result) &&
               make_frames(session, result->target->config, &frames)) {
        open_up(session, result, frames);
    } else {
        struct dial_result dial = result->dial;
        dial_result_discard(&dial);
        target_pool_end(result->target);
        fail(session, REASON_out_of_memory);
    }
}

static void target_connect_cb(void *owner, const struct target_connect_result *result)
{
    connected(owner, result);
}

void session_connect_begin(struct session *session)
{
    struct target_connect_result result;
    struct target_connect_request request = {
        .watches = &session->env->watches,
        .resolver = session->env->resolver,
        .scratch = &session->env->tls_scratch,
        .attempts = &session->env->attempts,
        .buffer = session->env->scratch,
        .pool = session->site->resources->pool,
        .route = session->route,
        .offered = &session->entry->opening.offers,
        .command_ended = &session->env->process->command_ended,
        .prepare = prepare_cb,
        .callback = target_connect_cb,
        .owner = session,
    };
    timers_stop(&session->env->timers, &session->deadline);
    if (session->route->connect == CONFIG_CONNECT_FIRST || is_raw(session)) {
        session_state_step(session, LIFE_UPGRADE_FIRST);
    } else {
        start_bridge(session);
        session_state_step(session, LIFE_UPGRADE_AFTER);
    }
    session->entry->connecting = target_connect_start(&request, &result);
    if (session->entry->connecting)
        session_bridge_update(session);
    else
        connected(session, &result);
}

void session_connect_give_up(struct session *session, enum reason reason)
{
    target_connect_cancel(session->entry->connecting);
    session->entry->connecting = NULL;
    fail(session, reason);
}
