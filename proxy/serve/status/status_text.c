/* The status for a terminal: a head, and tables that fit the width of the query. */
#include <unistd.h>

#include "base/text/table.h"
#include "net/tls/context/tls_store.h"
#include "serve/metrics/process_facts.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/status/status.h"
#include "serve/target/target_pool.h"

#define CERTIFICATES_SHOWN 5

/* ---- the sessions ---- */

enum {
    ID,
    PROCESS,
    CLIENT,
    USER,
    ROUTE,
    TARGET,
    STATE,
    AGE,
    IDLE,
    INPUT,
    PING,
    UP,
    DOWN,
    RATE_UP,
    RATE_DOWN,
    STALL
};

static const struct table_column session_columns[] = {
    [ID] = {"ID", false, 0},           [PROCESS] = {"PROCESS", true, 10},
    [CLIENT] = {"CLIENT", false, 0},   [USER] = {"USER", false, 3},
    [ROUTE] = {"ROUTE", false, 6},     [TARGET] = {"TARGET", false, 1},
    [STATE] = {"STATE", false, 8},     [AGE] = {"AGE", true, 2},
    [IDLE] = {"IDLE", true, 7},        [INPUT] = {"INPUT", true, 8},
    [PING] = {"PING", true, 5},        [UP] = {"UP", true, 9},
    [DOWN] = {"DOWN", true, 9},        [RATE_UP] = {"UP/S", true, 4},
    [RATE_DOWN] = {"DOWN/S", true, 4}, [STALL] = {"STALLED", false, 1},
};

static const char *print_stall(const struct session_row *row, char text[TABLE_CELL])
{
    const char *side = session_row_stalled(row);
    if (side) {
        char time[TABLE_CELL];
        snprintf(text, TABLE_CELL, "%s %.20s", side, table_print_time(row->stalled_ms, time));
    }
    return text;
}

static const char *print_ping(const struct session_row *row, char text[TABLE_CELL])
{
    if (row->ping_ms != SESSION_ROW_NEVER)
        snprintf(text, TABLE_CELL, "%llums", (unsigned long long)row->ping_ms);
    return text;
}

static const char *session_cell(const void *owner, size_t index, size_t column,
                                char text[TABLE_CELL])
{
    const struct status_view *view = owner;
    const struct session_row *row = view->list->rows[index];
    text[0] = '\0';
    switch (column) {
    case ID:
        return session_id_print(row->id, text);
    case PROCESS:
        if (view->predecessor_count > 0)
            snprintf(text, TABLE_CELL, "%llu",
                     (unsigned long long)(row->process ? row->process : (uint64_t)getpid()));
        return text;
    case CLIENT:
        return table_print_safely(row->client, text);
    case USER:
        return table_print_safely(row->user ? row->user : "", text);
    case ROUTE:
        return table_print_safely(row->route, text);
    case TARGET:
        return table_print_safely(row->target ? row->target : "", text);
    case STATE:
        return session_row_state(row);
    case AGE:
        return table_print_time(row->age_ms, text);
    case IDLE:
        return table_print_time(row->idle_ms, text);
    case INPUT:
        return row->input_ms != SESSION_ROW_NEVER ? table_print_time(row->input_ms, text) : text;
    case PING:
        return print_ping(row, text);
    case UP:
        return table_print_size(row->bytes_up, text);
    case DOWN:
        return table_print_size(row->bytes_down, text);
    case RATE_UP:
        return table_print_size(row->rate_up, text);
    case RATE_DOWN:
        return table_print_size(row->rate_down, text);
    default:
        return print_stall(row, text);
    }
}

static void put_sessions(FILE *out, const struct status_view *view)
{
    const struct session_list *list = view->list;
    struct table table = {session_columns, WSL_COUNT(session_columns), list->count, session_cell,
                          view};
    unsigned long long matched = list->sums.matched;
    if (list->count > 0)
        table_print(out, &table, list->query.width);
    if (list->count < matched)
        fprintf(out, "\n%zu of %llu sessions; --limit shows more, --filter TEXT finds some\n",
                list->count, matched);
    else if (list->query.filter[0] != '\0' && matched == 0)
        fprintf(out, "\nno session matches the filter in its id, client, user, route or target\n");
}

/* ---- the targets ---- */

enum { T_TARGET, T_STATE, T_SESSIONS, T_FAILURES, T_RETRY, T_ROUTE };

static const struct table_column target_columns[] = {
    [T_TARGET] = {"TARGET", false, 0},    [T_STATE] = {"STATE", false, 0},
    [T_SESSIONS] = {"SESSIONS", true, 1}, [T_FAILURES] = {"FAILURES", true, 2},
    [T_RETRY] = {"RETRY IN", true, 3},    [T_ROUTE] = {"ROUTE", false, 4},
};

static const char *target_cell(const void *owner, size_t index, size_t column,
                               char text[TABLE_CELL])
{
    const struct status_view *view = owner;
    char address[TABLE_CELL];
    size_t count;
    const struct pool_target *target =
        &target_pool_targets(view->site->resources->pool, &count)[index];
    struct balance_health health = target_pool_target_health(target);
    enum balance_state state = target_pool_target_state(target, view->now);
    text[0] = '\0';
    switch (column) {
    case T_TARGET:
        return table_print_safely(target_pool_target_name(target, address, TABLE_CELL), text);
    case T_STATE:
        return status_target_state(state);
    case T_SESSIONS:
        snprintf(text, TABLE_CELL, "%u", target_pool_target_sessions(target));
        return text;
    case T_FAILURES:
        snprintf(text, TABLE_CELL, "%u", (unsigned)target_pool_target_failures(target));
        return text;
    case T_RETRY:
        return state == BALANCE_DOWN && health.down_until > view->now
                   ? table_print_time(health.down_until - view->now, text)
                   : text;
    default:
        return table_print_safely(config_route_name(target->route), text);
    }
}

static void put_targets(FILE *out, const struct status_view *view)
{
    struct table table = {target_columns, WSL_COUNT(target_columns), 0, target_cell, view};
    size_t count;
    (void)target_pool_targets(view->site->resources->pool, &count);
    table.row_count = count < STATUS_TARGETS ? count : STATUS_TARGETS;
    if (count > 0)
        table_print(out, &table, view->list->query.width);
}

/* ---- the head ---- */

#define NAMED_MAX 3

/* Of many targets, the first ones are named; the table below has the others. */
static void put_down(FILE *out, const struct status_view *view)
{
    struct target_pool *pool = view->site->resources->pool;
    struct target_pool_counts counts = target_pool_count(pool, view->now);
    char address[TABLE_CELL], text[TABLE_CELL];
    size_t count, named = 0;
    const struct pool_target *targets = target_pool_targets(pool, &count);
    if (counts.down > 0)
        fprintf(out, "%zu of %zu targets %s down:", counts.down, counts.targets,
                counts.down == 1 ? "is" : "are");
    for (size_t i = 0; i < count && named < NAMED_MAX; i++) {
        if (target_pool_target_state(&targets[i], view->now) != BALANCE_DOWN)
            continue;
        const char *name = target_pool_target_name(&targets[i], address, TABLE_CELL);
        fprintf(out, "%s %s", named++ > 0 ? "," : "", table_print_safely(name, text));
    }
    if (counts.down > named)
        fprintf(out, " and %zu more", counts.down - named);
    if (counts.down > 0)
        fputc('\n', out);
    if (counts.on_trial > 0)
        fprintf(out, "%zu of %zu targets failed, and will be tried again by the next session\n",
                counts.on_trial, counts.targets);
}

static const char *print_count(uint64_t count, const char *one, const char *many,
                               char text[TABLE_CELL])
{
    snprintf(text, TABLE_CELL, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
    return text;
}

/* Those that need attention. */
static void put_certificates(FILE *out, const struct status_view *view)
{
    size_t count, shown = 0, more = 0;
    const struct tls_store_certificate *all =
        tls_store_certificates(view->site->resources->store, &count);
    char text[TABLE_CELL], safe[TABLE_CELL];
    for (size_t i = 0; i < count; i++) {
        if (tls_expiry_print(all[i].not_before, all[i].not_after, view->wall / 1000, text,
                             TABLE_CELL) == 0)
            continue;
        if (shown++ < CERTIFICATES_SHOWN)
            fprintf(out, "certificate %s %s\n", table_print_safely(all[i].file, safe), text);
        else
            more++;
    }
    if (more > 0)
        fprintf(out, "%s to renew; --json lists all\n",
                print_count(more, "more certificate", "more certificates", text));
}

/* A line for each process that an upgrade has replaced. */
static void put_predecessors(FILE *out, const struct status_view *view)
{
    char a[TABLE_CELL], b[TABLE_CELL], version[TABLE_CELL], state[TABLE_CELL];
    for (size_t i = 0; i < view->predecessor_count; i++) {
        const struct predecessors_answer *other = &view->predecessors[i];
        int64_t up = view->wall - (int64_t)other->facts.started_at * 1000;
        fprintf(out, "process %llu (wsluice %s), replaced by an upgrade, ",
                (unsigned long long)other->facts.pid,
                table_print_safely(other->facts.version, version));
        if (other->answering)
            fprintf(out, "up %s, %s: %s\n", table_print_time(up > 0 ? (uint64_t)up : 0, a),
                    table_print_safely(other->facts.state, state),
                    print_count(other->facts.sessions, "session", "sessions", b));
        else
            fprintf(out, "does not answer; it had %s\n",
                    print_count(other->facts.sessions, "session", "sessions", b));
    }
}

/* The sentence at the end of a verdict on a change that failed. */
static void put_failure(FILE *out, struct verdict *verdict)
{
    struct verdict_facts facts;
    verdict_read(verdict, &facts);
    if (!facts.failed)
        return;
    char line[TABLE_CELL];
    const char *last = strrchr(facts.text, '\n');
    fprintf(out, "%s\n", table_print_safely(last ? last + 1 : facts.text, line));
}

static void put_head(FILE *out, const struct status_view *view)
{
    struct process_facts_totals totals = process_facts_totals(view->process);
    const struct session_list_sums *listed = &view->list->sums;
    char a[TABLE_CELL], b[TABLE_CELL];
    int64_t up = view->wall - view->process->started_at * 1000;
    fprintf(out, "wsluice %s, pid %ld, up %s, %s%s\n", WSLUICE_VERSION, (long)getpid(),
            table_print_time(up > 0 ? (uint64_t)up : 0, a),
            print_count(view->process->worker_count, "worker", "workers", b),
            atomic_load(&view->process->draining) ? ", draining" : "");
    fprintf(out, "%s, %s;", print_count(listed->sessions, "session", "sessions", a),
            print_count(totals.connections, "connection", "connections", b));
    fprintf(out, " up %s/s, down %s/s;", table_print_size(listed->rate_up, a),
            table_print_size(listed->rate_down, b));
    fprintf(out, " %s, ", print_count(listed->stalled_down, "slow client", "slow clients", a));
    fprintf(out, "%s\n", print_count(listed->stalled_up, "slow target", "slow targets", b));
    put_predecessors(out, view);
    put_down(out, view);
    if (atomic_load(&view->process->accepts_paused))
        fputs("accepting no new clients: out of file descriptors\n", out);
    if (atomic_load(&view->process->reload_failed))
        fputs("the last reload failed: the old configuration is in use\n", out);
    put_certificates(out, view);
    if (view->process->reload && !view->refusal)
        put_failure(out, view->process->reload);
}

char *status_text_print(const struct status_view *view, size_t *length)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, length);
    if (!out)
        return NULL;
    put_head(out, view);
    put_targets(out, view);
    put_sessions(out, view);
    bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed)
        return bytes;
    free(bytes);
    return NULL;
}
