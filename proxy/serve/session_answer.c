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

/* Behind the status line; without memory the refusal goes without them. */
static char *add_route_fields(const struct session *session, const char *answer, size_t *length)
{
    if (!session->route)
        return NULL;
    size_t route = (size_t)(session->route - session->site->config->routes);
    const struct site_route *own = &session->site->routes[route];
    struct slice fields = {own->field_lines, own->field_length};
    char *whole = fields.len > 0 ? malloc(*length + fields.len) : NULL;
    if (!whole)
        return NULL;
    size_t line = (size_t)((const char *)memchr(answer, '\n', *length) + 1 - answer);
    memcpy(whole, answer, line);
    memcpy(whole + line, fields.ptr, fields.len);
    memcpy(whole + line + fields.len, answer + line, *length - line);
    *length += fields.len;
    return whole;
}

void session_answer_refuse(struct session *session, enum reason reason)
{
    char answer[WS_REFUSAL_MAX];
    bool head_only = session->entry && session->entry->opening.head_only;
    size_t length = ws_handshake_refusal(answer, sizeof(answer), reason, head_only);
    if (length == 0) {
        session_base_die(session, reason);
        return;
    }
    char *whole = add_route_fields(session, answer, &length);
    say_last(session, reason, whole ? whole : answer, length);
    free(whole);
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

/* NULL: out of memory. */
static struct ops_certificate *list_certificates(const struct session *session,
                                                 struct ops_facts *facts)
{
    const struct tls_store_certificate *certificates =
        tls_store_certificates(session->site->gate->store, &facts->certificate_count);
    struct ops_certificate *list = calloc(facts->certificate_count + 1, sizeof(*list));
    for (size_t i = 0; list && i < facts->certificate_count; i++)
        list[i] = (struct ops_certificate){certificates[i].file, certificates[i].not_after};
    facts->certificates = list;
    return list;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ops_target *)a)->name, ((const struct ops_target *)b)->name);
}

/* A sample must not come twice, and targets may differ in nothing but how they are spoken to. */
static size_t merge_targets(struct ops_target *list, size_t count)
{
    size_t kept = 0;
    qsort(list, count, sizeof(*list), by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(list[kept - 1].name, list[i].name) != 0) {
            list[kept++] = list[i];
            continue;
        }
        list[kept - 1].up = list[kept - 1].up && list[i].up;
        list[kept - 1].sessions += list[i].sessions;
    }
    return kept;
}

static struct ops_target *list_targets(const struct session *session, struct ops_facts *facts)
{
    uint64_t now = session_base_now(session);
    size_t count;
    struct pool_target *targets = pool_targets(session->site->gate->pool, &count);
    struct ops_target *list = calloc(count + 1, sizeof(*list));
    for (size_t i = 0; list && i < count; i++) {
        (void)pool_target_name(&targets[i], list[i].name, sizeof(list[i].name));
        list[i].up = pool_target_state(&targets[i], now) != BALANCE_DOWN;
        list[i].sessions = pool_target_sessions(&targets[i]);
    }
    facts->target_count = list ? merge_targets(list, count) : 0;
    facts->targets = list;
    return list;
}

static void metrics(struct session *session)
{
    struct ops_facts facts = {0};
    size_t length = 0;
    struct ops_certificate *certificates = list_certificates(session, &facts);
    struct ops_target *targets = list_targets(session, &facts);
    char *body = certificates && targets ? ops_metrics(session->env->ops, &facts, &length) : NULL;
    free(certificates);
    free(targets);
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

/* Has every route of that name a target that may be usable? */
static bool has_target(const struct session *session, const char *name)
{
    const struct config *config = session->site->config;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        bool meant = strcmp(config_route_name(route), name) == 0;
        if (meant && route->kind == CONFIG_KIND_BRIDGE &&
            !pool_usable(session->site->gate->pool, route, session_base_now(session)))
            return false;
    }
    return true;
}

static enum ops_targets targets_of(const struct session *session)
{
    const struct config_texts *needs = &session->route->needs;
    for (size_t i = 0; i < needs->count; i++)
        if (!has_target(session, needs->items[i]))
            return OPS_TARGETS_DOWN;
    return needs->count > 0 ? OPS_TARGETS_UP : OPS_TARGETS_ANY;
}

static void health(struct session *session)
{
    struct ops_health health = session->route->health == CONFIG_HEALTH_LIVE
                                   ? ops_live()
                                   : ops_ready(session->env->ops, targets_of(session));
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
    case CONFIG_KIND_FILES:
    case CONFIG_KIND_STATUS:
        session_answer_refuse(session, REASON_http_no_route);
        return;
    case CONFIG_KIND_BRIDGE:
        break;
    }
    wsl_assert(!"a bridge has no plain answer");
}
