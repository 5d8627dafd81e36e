#include "serve/stages/session_http.h"

#include "codec/http/http_etag.h"
#include "codec/web/html.h"
#include "core/route/expand.h"
#include "net/tls/context/tls_store.h"
#include "serve/http/pages.h"
#include "serve/http/reply.h"
#include "serve/metrics/health.h"
#include "serve/metrics/prometheus.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/stages/session_files.h"
#include "serve/stages/session_reply.h"
#include "serve/stages/session_status.h"
#include "serve/target/target_pool.h"

#define LOCATION_MAX     4096
#define CERTIFICATES_MAX 1000 /* in the metrics */

static void redirect(struct session *session, const struct http_head *head)
{
    char location[LOCATION_MAX];
    struct expand_request request = {
        .host = head->host,
        .path = slice_of(session->entry->path),
        .query = head->query,
    };
    if (!expand_location(session->route->redirect, &request, location, sizeof(location))) {
        session_reply_refuse(session, REASON_http_path);
        return;
    }
    session_reply_send(
        session, &(struct reply){.status = session->route->redirect_status, .location = location});
}

static int by_end(const void *a, const void *b)
{
    int64_t one = ((const struct prometheus_certificate *)a)->not_after;
    int64_t other = ((const struct prometheus_certificate *)b)->not_after;
    return (one > other) - (one < other);
}

/* NULL: out of memory. Of very many, those that expire first. */
static struct prometheus_certificate *list_certificates(const struct site_resources *resources,
                                                        struct prometheus_site *site)
{
    const struct tls_store_certificate *certificates =
        tls_store_certificates(resources->store, &site->certificate_count);
    struct prometheus_certificate *list = calloc(site->certificate_count + 1, sizeof(*list));
    for (size_t i = 0; list && i < site->certificate_count; i++)
        list[i] = (struct prometheus_certificate){certificates[i].file, certificates[i].not_after};
    if (list && site->certificate_count > CERTIFICATES_MAX) {
        qsort(list, site->certificate_count, sizeof(*list), by_end);
        site->certificate_count = CERTIFICATES_MAX;
    }
    site->certificates = list;
    return list;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct prometheus_target *)a)->name,
                  ((const struct prometheus_target *)b)->name);
}

/* A sample must not come twice, and two targets may differ in protocol only: adds them up. */
static size_t merge_targets(struct prometheus_target *list, size_t count)
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

static struct prometheus_target *list_targets(const struct site_resources *resources, uint64_t now,
                                              struct prometheus_site *site)
{
    size_t count;
    struct pool_target *targets = target_pool_targets(resources->pool, &count);
    struct prometheus_target *list = calloc(count + 1, sizeof(*list));
    for (size_t i = 0; list && i < count; i++) {
        (void)target_pool_target_name(&targets[i], list[i].name, sizeof(list[i].name));
        list[i].up = target_pool_target_state(&targets[i], now) != BALANCE_DOWN;
        list[i].sessions = target_pool_target_sessions(&targets[i]);
    }
    site->target_count = list ? merge_targets(list, count) : 0;
    site->targets = list;
    return list;
}

/* Samples of thousands of routes take milliseconds: the thread pool prints them. */
struct scrape {
    struct work_task task;
    struct session_env *env;
    struct session_wait *wait;
    struct site *site; /* a reference */
    uint64_t now;
    char *body; /* NULL: out of memory */
    size_t length;
};

static void print_cb(struct work_task *task)
{
    struct scrape *scrape = WSL_CONTAINER(task, struct scrape, task);
    const struct site_resources *resources = scrape->site->resources;
    struct prometheus_site site = {0};
    struct prometheus_certificate *certificates = list_certificates(resources, &site);
    struct prometheus_target *targets = list_targets(resources, scrape->now, &site);
    if (certificates && targets)
        scrape->body = prometheus_print(scrape->env->process, &site, &scrape->length);
    free(certificates);
    free(targets);
}

static void finish(struct scrape *scrape)
{
    struct session_env *env = scrape->env;
    struct reply reply = scrape->body
                             ? (struct reply){.status = 200,
                                              .content_type = PROMETHEUS_TYPE,
                                              .cache_control = "no-store",
                                              .body = reply_owned(scrape->body, scrape->length)}
                             : reply_refusal(REASON_out_of_memory);
    session_reply_resume(scrape->wait, &reply);
    site_release(scrape->site);
    free(scrape);
    session_env_release(env);
}

static void printed_cb(struct work_task *task)
{
    finish(WSL_CONTAINER(task, struct scrape, task));
}

/* The client has gone; what is printed already is completed. */
static void cancel(void *producer)
{
    struct scrape *scrape = producer;
    if (work_cancel(&scrape->task.job))
        finish(scrape);
}

static void metrics(struct session *session)
{
    struct scrape *scrape = calloc(1, sizeof(*scrape));
    if (!scrape) {
        session_reply_fail(session, REASON_out_of_memory);
        return;
    }
    struct session_wait *wait = session_reply_wait(session);
    if (!wait) {
        free(scrape);
        return;
    }
    *scrape = (struct scrape){
        .task = {.work = print_cb, .done = printed_cb},
        .env = session->env,
        .wait = wait,
        .site = site_retain(session->site),
        .now = session_now(session),
    };
    wait->abandoned = cancel;
    wait->producer = scrape;
    session_env_hold(scrape->env);
    work_queue(&scrape->env->lane, &scrape->task, WORK_reports, session_facts_client_key(session));
}

/* Whether each bridge route of that name has a target that may be usable. */
static bool has_target(const struct session *session, const char *name)
{
    const struct config *config = session->site->config;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        bool meant = strcmp(config_route_name(route), name) == 0;
        if (meant && route->kind == CONFIG_KIND_BRIDGE &&
            !target_pool_has_usable(session->site->resources->pool, route, session_now(session)))
            return false;
    }
    return true;
}

static enum health_targets targets_of(const struct session *session)
{
    const struct config_texts *needs = &session->route->needs;
    for (size_t i = 0; i < needs->count; i++)
        if (!has_target(session, needs->items[i]))
            return HEALTH_TARGETS_DOWN;
    return needs->count > 0 ? HEALTH_TARGETS_UP : HEALTH_TARGETS_NOT_NEEDED;
}

static void health(struct session *session, const struct http_head *head)
{
    const struct config_header allow = {
        "Allow", admission_methods(session_facts_listener(session), session->route)};
    bool options = slice_equal(head->method, SLICE("OPTIONS"));
    struct health_reply answer = session->route->health == CONFIG_HEALTH_LIVE
                                     ? health_live()
                                     : health_ready(session->env->process, targets_of(session));
    session_reply_send(session, &(struct reply){.status = answer.status,
                                                .content_type = HEALTH_TYPE,
                                                .cache_control = "no-store",
                                                .fields = &allow,
                                                .field_count = options ? 1 : 0,
                                                .body = reply_static(slice_of(answer.body))});
}

/* The demo page, with a link to SSH in a tab or how to build it. NULL: out of memory. */
static char *demo_page(const struct session *session, size_t *length)
{
    const struct page *page = pages_demo();
    const char *sshd = session->route->demo_shell;
    const struct html_value values[] = {
        {"sshd", slice_of(sshd ? sshd : "")},
        {"built", slice_of(sshd ? "" : "hidden")},
        {"to_build", slice_of(sshd ? "hidden" : "")},
    };
    struct text text = {0};
    html_fill(&text, (struct slice){(const char *)page->bytes, page->length}, values,
              WSL_COUNT(values));
    return text_take(&text, length);
}

/*
 * Answers with the page, or with 304 (RFC 9110 section 13.1.2): page and ETag change with the
 * binary and the link only.
 */
static void show_demo(struct session *session, const struct http_head *head)
{
    const struct page *page = pages_demo();
    char etag[32];
    snprintf(etag, sizeof(etag), "%.17s%s\"", page->etag, session->route->demo_shell ? "-ssh" : "");
    const struct config_header fields[] = {
        {"ETag", etag},
        {"Content-Security-Policy", page->csp},
        {"X-Content-Type-Options", "nosniff"},
    };
    const bool known =
        http_etag_listed(head, SLICE("If-None-Match"), slice_of(etag), HTTP_ETAG_WEAK);
    size_t length = 0;
    char *body = demo_page(session, &length);
    if (!body) {
        session_reply_refuse(session, REASON_out_of_memory);
        return;
    }
    session_reply_send(session, &(struct reply){
                                    .status = known ? 304 : 200,
                                    .content_type = "text/html; charset=utf-8",
                                    .cache_control = "no-cache",
                                    .fields = fields,
                                    .field_count = WSL_COUNT(fields),
                                    .body = reply_owned(body, length),
                                });
}

void session_http_reply(struct session *session, const struct http_head *head)
{
    switch (session->route->kind) {
    case CONFIG_KIND_REDIRECT:
        redirect(session, head);
        return;
    case CONFIG_KIND_METRICS:
        metrics(session);
        return;
    case CONFIG_KIND_HEALTH:
        health(session, head);
        return;
    case CONFIG_KIND_FILES:
        session_files_reply(session, head);
        return;
    case CONFIG_KIND_BRIDGE: /* its files, or the demo page */
        if (session->route->files.root) {
            session_files_reply(session, head);
            return;
        }
        if (session->route->demo) {
            show_demo(session, head);
            return;
        }
        session_reply_refuse(session, REASON_http_not_upgrade);
        return;
    case CONFIG_KIND_STATUS:
        session_status_answer(session, head);
        return;
    }
    session_reply_refuse(session, REASON_http_no_route);
}
