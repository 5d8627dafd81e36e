#include "serve/session/session_end.h"

#include <unistd.h>

#include "net/tls/tls.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/tap/tap.h"
#include "serve/target/target_connect.h"
#include "serve/target/target_pool.h"

static void count_end_of(struct session *session, enum reason reason)
{
    struct metrics *metrics = &session->env->metrics;
    const struct bridge *bridge = &session->bridge;
    metrics_add(&metrics->ended[reason], 1);
    metrics_add(&metrics->open, (uint64_t)-1);
    if (session->opened)
        metrics_observe(metrics, METRICS_HISTOGRAM_input, session_now(session) - bridge->input_at);
    else
        metrics_count_handshake(metrics, reason, session_facts_tls_version(session));
    route_stats_bytes(&session->stats, bridge->up.bytes, bridge->down.bytes);
    route_stats_end(&session->stats, reason, session_now(session) - bridge->opened_at);
}

void session_end_free(struct session *session)
{
    struct session_env *env = session->env;
    env->admins -= session->admin;
    timers_withdraw(&env->timers, &session->deadline);
    free(session);
    session_env_release(env);
}

/* What says more than the reason: OpenSSL's error when TLS breaks after its handshake, a rule. */
static void note_failure(struct session *session, enum reason reason)
{
    if (reason == REASON_target_frames)
        session_log_detail(session, reason_row(bridge_violation_of_target(&session->bridge))->text);
    if (reason == REASON_client_io && session_facts_is_tls(session))
        session_log_detail(session, tls_failure(session->client));
    if (reason == REASON_target_tls && session->target)
        session_log_detail(session, tls_failure(session->target));
}

void session_end_now(struct session *session, enum reason reason)
{
    if (session->state == LIFE_DEAD)
        return;
    if (session->bridge.reason != REASON_none)
        reason = session->bridge.reason;
    else if (session->lingering)
        reason = session->lingering->reason;
    note_failure(session, reason);
    session_log_end(session, reason);
    count_end_of(session, reason);
    session_state_step(session, LIFE_DROPPED);

    session_env_remove(session->env, &session->link);
    if (session->entry)
        target_connect_cancel(session->entry->connecting);
    if (session->pool_target)
        target_pool_end(session->pool_target);
    watch_close(session->client_watch);
    watch_close(session->target_watch);
    if (session->client)
        transport_close(session->client);
    else
        close(session->fd);
    if (session->target)
        transport_close(session->target);
    limits_leave(&session->usage);
    tap_end(session->tap);
    if (session->lingering)
        lingering_free(session->lingering);
    free(session->lingering);
    bridge_free(&session->bridge);
    duct_pool_trim(&session->env->ducts);
    session_entry_free(session);
    session_extra_free(session);
    site_release(session->site);
    session_arm(session, 0);
}
