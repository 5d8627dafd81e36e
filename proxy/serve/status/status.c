#include "serve/status/status.h"

#include <unistd.h>

#include "base/text/json_put.h"
#include "net/tls/context/tls_store.h"
#include "serve/metrics/process_facts.h"
#include "serve/site/limits.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/target/target_pool.h"

static const char *name_of_kind(enum config_kind kind)
{
    switch (kind) {
    case CONFIG_KIND_BRIDGE:
        return "bridge";
    case CONFIG_KIND_REDIRECT:
        return "redirect";
    case CONFIG_KIND_METRICS:
        return "metrics";
    case CONFIG_KIND_HEALTH:
        return "health";
    case CONFIG_KIND_FILES:
        return "files";
    case CONFIG_KIND_STATUS:
        return "status";
    }
    return "";
}

const char *status_target_state(enum balance_state state)
{
    return state == BALANCE_UP ? "up" : state == BALANCE_DUE ? "trial" : "down";
}

/* ---- JSON ---- */

static void put_number(struct json *json, const char *key, uint64_t number)
{
    json_put_key(json, key);
    json_put_number(json, number);
}

static void put_string(struct json *json, const char *key, const char *text)
{
    json_put_key(json, key);
    json_put_string(json, text);
}

static void put_bool(struct json *json, const char *key, bool truth)
{
    json_put_key(json, key);
    json_put_bool(json, truth);
}

static void put_optional(struct json *json, const char *key, bool known, uint64_t number)
{
    json_put_key(json, key);
    if (known)
        json_put_number(json, number);
    else
        json_put_null(json);
}

/*
 * The changes of one kind, for those who asked for one by a signal: the first that begins after
 * they looked at `begun` is theirs. Its findings are for those who may end sessions.
 */
static void put_verdict(struct json *json, const char *key, struct verdict *verdict, bool whole)
{
    struct verdict_facts facts = {0};
    if (verdict)
        verdict_read(verdict, &facts);
    char *line = facts.text, *end;
    json_put_key(json, key);
    json_put_open(json, '{');
    put_number(json, "begun", facts.begun);
    put_number(json, "ended", facts.ended);
    put_bool(json, "failed", facts.failed);
    json_put_key(json, "findings");
    json_put_open(json, '[');
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (whole)
            json_put_string(json, line);
    }
    json_put_close(json, ']');
    put_string(json, "message", whole && *line ? line : NULL);
    json_put_close(json, '}');
}

static void put_process(struct json *json, const struct status_view *view)
{
    const struct process_facts *process = view->process;
    uint64_t started = (uint64_t)process->started_at * 1000, now = (uint64_t)view->wall;
    json_put_key(json, "process");
    json_put_open(json, '{');
    put_string(json, "version", WSLUICE_VERSION);
    put_number(json, "pid", (uint64_t)getpid());
    put_number(json, "started_at", started);
    put_number(json, "uptime_ms", now > started ? now - started : 0);
    put_number(json, "workers", process->worker_count);
    put_bool(json, "draining", atomic_load(&process->draining));
    put_bool(json, "accepts_paused", atomic_load(&process->accepts_paused));
    put_bool(json, "reload_failed", atomic_load(&process->reload_failed));
    put_number(json, "reloaded_at", (uint64_t)atomic_load(&process->reloaded_at) * 1000);
    put_verdict(json, "reload", process->reload, !view->refusal);
    put_verdict(json, "upgrade", process->upgrade, !view->refusal);
    json_put_close(json, '}');
}

static void put_other_process(struct json *json, const struct predecessors_answer *other)
{
    json_put_open(json, '{');
    put_number(json, "pid", other->facts.pid);
    put_string(json, "version", other->facts.version);
    put_number(json, "started_at", other->facts.started_at * 1000);
    put_string(json, "state", other->facts.state);
    put_bool(json, "answering", other->answering);
    put_number(json, "sessions", other->facts.sessions);
    json_put_close(json, '}');
}

/* This one first, then those that upgrades have replaced. */
static void put_processes(struct json *json, const struct status_view *view)
{
    uint64_t others = 0;
    for (size_t i = 0; i < view->predecessor_count; i++)
        others += view->predecessors[i].answering ? view->predecessors[i].facts.sessions : 0;
    json_put_key(json, "processes");
    json_put_open(json, '[');
    struct predecessors_answer own = {
        .answering = true,
        .facts = {.pid = (uint64_t)getpid(),
                  .started_at = (uint64_t)view->process->started_at,
                  .version = WSLUICE_VERSION,
                  .sessions = view->list->sums.sessions - others},
    };
    snprintf(own.facts.state, sizeof(own.facts.state), "%s", process_facts_state(view->process));
    put_other_process(json, &own);
    for (size_t i = 0; i < view->predecessor_count; i++)
        put_other_process(json, &view->predecessors[i]);
    json_put_close(json, ']');
}

static void put_totals(struct json *json, const struct status_view *view)
{
    struct process_facts_totals totals = process_facts_totals(view->process);
    const struct session_list_sums *listed = &view->list->sums;
    struct target_pool_counts targets = target_pool_count(view->site->resources->pool, view->now);
    json_put_key(json, "totals");
    json_put_open(json, '{');
    put_number(json, "connections", totals.connections);
    put_number(json, "sessions", listed->sessions);
    put_number(json, "connections_total", totals.connections_total);
    put_number(json, "sessions_total", totals.sessions_total);
    put_number(json, "bytes_up", totals.bytes_up);
    put_number(json, "bytes_down", totals.bytes_down);
    put_number(json, "rate_up", listed->rate_up);
    put_number(json, "rate_down", listed->rate_down);
    put_number(json, "stalled_up", listed->stalled_up);
    put_number(json, "stalled_down", listed->stalled_down);
    put_number(json, "targets", targets.targets);
    put_number(json, "targets_down", targets.down);
    put_number(json, "targets_on_trial", targets.on_trial);
    json_put_close(json, '}');
}

static void put_history(struct json *json, const struct status_view *view)
{
    struct history_point points[HISTORY_POINTS];
    int64_t until = 0;
    size_t count =
        view->process->history ? history_read(view->process->history, points, &until) : 0;
    json_put_key(json, "history");
    json_put_open(json, '{');
    put_number(json, "step_ms", HISTORY_STEP_MS);
    put_number(json, "until", (uint64_t)(count > 0 ? until : view->wall));
    json_put_key(json, "up");
    json_put_open(json, '[');
    for (size_t i = 0; i < count; i++)
        json_put_number(json, points[i].up);
    json_put_close(json, ']');
    json_put_key(json, "down");
    json_put_open(json, '[');
    for (size_t i = 0; i < count; i++)
        json_put_number(json, points[i].down);
    json_put_close(json, ']');
    json_put_key(json, "sessions");
    json_put_open(json, '[');
    for (size_t i = 0; i < count; i++)
        json_put_number(json, points[i].sessions);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

static void put_stall(struct json *json, const struct session_row *row)
{
    put_string(json, "stalled", session_row_stalled(row));
    put_optional(json, "stalled_ms", row->stalled != 0, row->stalled_ms);
}

static void put_row(struct json *json, const struct session_row *row)
{
    char id[SESSION_ID_TEXT];
    json_put_open(json, '{');
    put_string(json, "id", session_id_print(row->id, id));
    put_number(json, "process", row->process ? row->process : (uint64_t)getpid());
    put_string(json, "client", row->client);
    put_string(json, "proxy", row->proxy);
    put_string(json, "user", row->user);
    put_string(json, "listener", row->listener);
    put_string(json, "route", row->route);
    put_string(json, "target", row->target);
    put_string(json, "state", session_row_state(row));
    put_string(json, "tls", row->tls);
    put_number(json, "age_ms", row->age_ms);
    put_number(json, "idle_ms", row->idle_ms);
    put_optional(json, "input_ms", row->input_ms != SESSION_ROW_NEVER, row->input_ms);
    put_optional(json, "ping_ms", row->ping_ms != SESSION_ROW_NEVER, row->ping_ms);
    put_number(json, "bytes_up", row->bytes_up);
    put_number(json, "bytes_down", row->bytes_down);
    put_number(json, "rate_up", row->rate_up);
    put_number(json, "rate_down", row->rate_down);
    put_stall(json, row);
    json_put_close(json, '}');
}

static void put_sessions(struct json *json, const struct session_list *list)
{
    const struct status_query *query = &list->query;
    json_put_key(json, "sessions");
    json_put_open(json, '{');
    put_number(json, "matched", list->sums.matched);
    put_number(json, "listed", list->count);
    put_bool(json, "truncated", list->count < list->sums.matched);
    put_string(json, "filter", query->filter);
    put_string(json, "sort", status_query_sort_name(query->sort));
    put_string(json, "order", query->falling ? "desc" : "asc");
    put_number(json, "limit", query->limit);
    json_put_key(json, "rows");
    json_put_open(json, '[');
    for (size_t i = 0; i < list->count; i++)
        put_row(json, list->rows[i]);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

static void put_target(struct json *json, const struct pool_target *target, uint64_t now)
{
    static const char *const probes[] = {NULL, "up", "down"};
    char address[256];
    struct balance_health health = target_pool_target_health(target);
    enum balance_state state = target_pool_target_state(target, now);
    json_put_open(json, '{');
    put_string(json, "address", target_pool_target_name(target, address, sizeof(address)));
    put_string(json, "state", status_target_state(state));
    put_number(json, "sessions", target_pool_target_sessions(target));
    put_number(json, "failures", target_pool_target_failures(target));
    put_optional(json, "down_ms", state == BALANCE_DOWN && health.down_until > now,
                 health.down_until - now);
    put_string(json, "probe", probes[target_pool_target_probe(target)]);
    json_put_close(json, '}');
}

static void put_route(struct json *json, const struct status_view *view, size_t index,
                      size_t *targets)
{
    const struct config_route *route = &view->site->config->routes[index];
    struct route_stats_sums sums;
    route_stats_read(view->site->routes[index].stats, &sums);
    json_put_open(json, '{');
    put_string(json, "name", config_route_name(route));
    put_string(json, "path", route->path);
    put_string(json, "host", route->host);
    put_string(json, "kind", name_of_kind(route->kind));
    put_number(json, "sessions", sums.open);
    put_number(json, "sessions_total", sums.sessions);
    put_number(json, "bytes_up", sums.bytes_up);
    put_number(json, "bytes_down", sums.bytes_down);
    json_put_key(json, "targets");
    json_put_open(json, '[');
    size_t count = target_pool_target_count(view->site->resources->pool, route);
    for (size_t i = 0; i < count && *targets < STATUS_TARGETS; i++, ++*targets)
        put_target(json, target_pool_target(view->site->resources->pool, route, i), view->now);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

static void put_routes(struct json *json, const struct status_view *view)
{
    const struct config *config = view->site->config;
    size_t count = config->route_count - config->admin_routes, targets = 0;
    put_number(json, "route_count", count);
    json_put_key(json, "routes");
    json_put_open(json, '[');
    for (size_t i = 0; i < count && i < STATUS_ROUTES; i++)
        put_route(json, view, i, &targets);
    json_put_close(json, ']');
}

static void put_listeners(struct json *json, const struct site *site)
{
    static const char *const modes[] = {"off", "optional", "required"};
    const struct config *config = site->config;
    json_put_key(json, "listeners");
    json_put_open(json, '[');
    for (size_t i = 0; i < config->listener_count - config->admin_listeners; i++) {
        json_put_open(json, '{');
        put_string(json, "address", site->listeners[i].name);
        put_string(json, "name", config->listeners[i].name);
        put_string(json, "tls", modes[config->listeners[i].tls.mode]);
        put_number(json, "connections", limits_counter_count(site->listeners[i].counter));
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}

static uint64_t in_milliseconds(int64_t seconds)
{
    return seconds > 0 ? (uint64_t)seconds * 1000 : 0;
}

static void put_certificates(struct json *json, const struct status_view *view)
{
    size_t count;
    const struct tls_store_certificate *all =
        tls_store_certificates(view->site->resources->store, &count);
    json_put_key(json, "certificates");
    json_put_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        json_put_open(json, '{');
        put_string(json, "file", all[i].file);
        put_string(json, "name", all[i].name && all[i].name[0] ? all[i].name : NULL);
        put_number(json, "not_before", in_milliseconds(all[i].not_before));
        put_number(json, "not_after", in_milliseconds(all[i].not_after));
        put_string(
            json, "state",
            tls_expiry_name(tls_expiry_of(all[i].not_before, all[i].not_after, view->wall / 1000)));
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}

char *status_json(const struct status_view *view, size_t *length)
{
    struct json json = {0};
    json_put_open(&json, '{');
    put_number(&json, "now", (uint64_t)view->wall);
    put_string(&json, "token", view->refusal ? NULL : view->process->token);
    put_string(&json, "kill_refused", view->refusal);
    put_process(&json, view);
    put_processes(&json, view);
    put_totals(&json, view);
    put_history(&json, view);
    put_sessions(&json, view->list);
    put_routes(&json, view);
    put_listeners(&json, view->site);
    put_certificates(&json, view);
    json_put_close(&json, '}');
    return json_put_take(&json, length);
}
