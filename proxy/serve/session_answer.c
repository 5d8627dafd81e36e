#include "serve/session_answer.h"

#include "codec/ws_handshake.h"
#include "core/expand.h"
#include "net/tls_store.h"
#include "serve/ops.h"
#include "serve/reply.h"

#define LOCATION_MAX 4096

static void say_last(struct session *session, enum reason reason, const char *bytes, size_t length)
{
    uint64_t now = session_base_now(session);
    session_base_step(session, session->state == LIFE_HEAD ? LIFE_REFUSED : LIFE_TARGET_FAILED);
    session_base_forget_entry(session);
    bridge_init(&session->bridge, session->client, false, now);
    bridge_refuse(&session->bridge, reason, bytes, length, now);
    session_base_arm_ending(session);
    session_base_follow(session);
}

void session_answer_refuse(struct session *session, enum reason reason)
{
    char answer[WS_REFUSAL_MAX];
    bool head_only = session->entry && session->entry->opening.head_only;
    size_t length = ws_handshake_refusal(answer, sizeof(answer), reason, head_only);
    if (length == 0)
        session_base_die(session, reason);
    else
        say_last(session, reason, answer, length);
}

static void say(struct session *session, struct reply *reply)
{
    size_t length;
    reply->headers = session->route->headers;
    reply->header_count = session->route->header_count;
    reply->head_only = session->entry->opening.head_only;
    char *bytes = reply_build(reply, &length);
    if (!bytes) {
        session_answer_refuse(session, REASON_out_of_memory);
        return;
    }
    say_last(session, REASON_answered, bytes, length);
    free(bytes);
}

static void redirect(struct session *session, const struct http_head *head)
{
    char location[LOCATION_MAX];
    struct expand_request request = {
        .host = head->host,
        .path = slice_of(session->entry->path),
        .query = head->query,
    };
    if (!expand_location(session->route->redirect, &request, location, sizeof(location))) {
        session_answer_refuse(session, REASON_http_path);
        return;
    }
    say(session, &(struct reply){.status = session->route->redirect_status, .location = location});
}

/* The certificates as a scrape wants them; NULL: out of memory. */
static struct ops_certificate *list_certificates(const struct session *session, size_t *count)
{
    const struct tls_store_certificate *certificates =
        tls_store_certificates(session->site->gate->store, count);
    struct ops_certificate *list = calloc(*count + 1, sizeof(*list));
    for (size_t i = 0; list && i < *count; i++)
        list[i] = (struct ops_certificate){certificates[i].file, certificates[i].not_after};
    return list;
}

static void metrics(struct session *session)
{
    size_t count, length = 0;
    struct ops_certificate *certificates = list_certificates(session, &count);
    char *body = certificates ? ops_metrics(session->env->ops, certificates, count, &length) : NULL;
    free(certificates);
    if (!body) {
        session_answer_refuse(session, REASON_out_of_memory);
        return;
    }
    say(session, &(struct reply){.status = 200,
                                 .content_type = OPS_METRICS_TYPE,
                                 .body = {body, length},
                                 .fresh = true});
    free(body);
}

static void health(struct session *session)
{
    struct ops_health health = session->route->health == CONFIG_HEALTH_LIVE
                                   ? ops_live()
                                   : ops_ready(session->env->ops, OPS_TARGETS_ANY);
    say(session, &(struct reply){.status = health.status,
                                 .content_type = OPS_HEALTH_TYPE,
                                 .body = slice_of(health.body),
                                 .fresh = true});
}

void session_answer_plain(struct session *session, const struct http_head *head)
{
    switch (session->route->kind) {
    case CONFIG_KIND_REDIRECT:
        redirect(session, head);
        return;
    case CONFIG_KIND_METRICS:
        metrics(session);
        return;
    case CONFIG_KIND_HEALTH:
        health(session);
        return;
    case CONFIG_KIND_BRIDGE:
        break;
    }
    wsl_assert(!"a bridge has no plain answer");
}
