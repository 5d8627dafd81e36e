/*
 * Whole sessions without a kernel: the real code of serve/ and net/ with the site of a small
 * configuration, over fake sockets and a clock that only the test moves. Two workers share one
 * thread and exchange messages through their mailboxes, as in the process.
 *
 * Use: session_lab_load once; session_lab_open; session_lab_accept for each client;
 * session_lab_settle after each action of a peer; session_lab_kill; session_lab_close.
 *
 * session_lab_check runs after each turn, session_lab_close checks the end.
 * A program that includes this is linked with session_lab.cmake.
 *
 * Owns: workers, site, limits. Thread: one. Errors: assertions. Lifetime: static; one include per
 * program.
 */
#ifndef WSLUICE_TESTS_SESSION_LAB_H
#define WSLUICE_TESTS_SESSION_LAB_H

#include "lib/fake_memory.h"

#include "base/log/log.h"
#include "config/load.h"
#include "core/session/session_id.h"
#include "lib/fake_epoll.h"
#include "net/connect/resolve.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_client.h"
#include "serve/session/session_entry.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/stages/session.h"
#include "serve/stages/session_drain.h"
#include "serve/target/target_pool.h"

#define SESSION_LAB_WORKERS  2
#define SESSION_LAB_CLIENTS  64     /* of one worker */
#define SESSION_LAB_IDLE     64     /* turns without progress: more are a busy loop */
#define SESSION_LAB_TURNS    200000 /* until nothing is left to do */
#define SESSION_LAB_CALLS    24     /* system calls of one session in one turn */
#define SESSION_LAB_MOVED    (4 * BRIDGE_BUFFER)
#define SESSION_LAB_MEMORY   (2 * BRIDGE_BUFFER + (size_t)256 * 1024) /* per session */
#define SESSION_LAB_OVERHEAD ((size_t)4 * 1024 * 1024)

static struct {
    struct session_env workers[SESSION_LAB_WORKERS], *envs[SESSION_LAB_WORKERS];
    const struct metrics *metrics[SESSION_LAB_WORKERS];
    struct limits *limits;
    struct route_stats_set *route_stats;
    struct work_pool pool;
    struct lookup_table *lookups;
    struct mailbox mailboxes[SESSION_LAB_WORKERS];
    struct descriptors_host host;
    struct process_facts process;
    struct site *site;
    uint64_t accepted;
    size_t memory;   /* allocations before it was opened */
    size_t sessions; /* alive after the last turn */
    /* The log; `verbose`: WSLUICE_LAB_LOG is set. */
    bool verbose;
    uint64_t line_id;
    bool line_is_end, line_has_reason;
    uint64_t end_lines;
    bool ended[SESSION_LAB_WORKERS][SESSION_LAB_CLIENTS + 1];
} session_lab;

/* ---- the log ---- */

void __wrap_log_begin(struct log_line *line, enum reason_level level, const char *event);
void __wrap_log_text(struct log_line *line, const char *key, const char *value);
void __wrap_log_number(struct log_line *line, const char *key, uint64_t value);
void __wrap_log_end(struct log_line *line);
void __wrap_log_message(enum reason_level level, const char *format, ...) WSL_PRINTF(2, 3);

void __wrap_log_begin(struct log_line *line, enum reason_level level, const char *event)
{
    (void)level;
    if (session_lab.verbose)
        fprintf(stderr, "%llu %s", (unsigned long long)fake_loop.now, event);
    line->active = true;
    line->event = event;
    session_lab.line_is_end = strcmp(event, "session") == 0 || strcmp(event, "handshake") == 0;
    session_lab.line_id = 0;
    session_lab.line_has_reason = false;
}

void __wrap_log_text(struct log_line *line, const char *key, const char *value)
{
    wsl_assert(line->active && value);
    if (session_lab.verbose)
        fprintf(stderr, " %s=%s", key, value);
    if (strcmp(key, "id") == 0)
        wsl_assert(session_id_parse(slice_of(value), &session_lab.line_id));
    if (strcmp(key, "reason") == 0)
        session_lab.line_has_reason = value[0] != '\0' && strcmp(value, "none") != 0;
}

void __wrap_log_number(struct log_line *line, const char *key, uint64_t value)
{
    wsl_assert(line->active);
    if (session_lab.verbose)
        fprintf(stderr, " %s=%llu", key, (unsigned long long)value);
}

/* Each session logs one line at its end, with one reason. */
void __wrap_log_end(struct log_line *line)
{
    (void)line;
    if (session_lab.verbose)
        fputc('\n', stderr);
    if (!session_lab.line_is_end)
        return;
    uint64_t id = session_lab.line_id, number = id & SESSION_ID_NUMBER_MAX;
    wsl_assert(session_lab.line_has_reason);
    wsl_assert(session_id_worker(id) < SESSION_LAB_WORKERS && number > 0 &&
               number <= SESSION_LAB_CLIENTS);
    wsl_assert(!session_lab.ended[session_id_worker(id)][number]);
    session_lab.ended[session_id_worker(id)][number] = true;
    session_lab.end_lines++;
}

void __wrap_log_message(enum reason_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* ---- opening ---- */

/* Loads a valid configuration; warnings are ignored. */
static inline const struct config *session_lab_load(const char *path)
{
    struct load_request request = {.path = path};
    struct diag diag = {0};
    const struct config *config = load_config(&request, &diag);
    char line[1024];
    for (size_t i = 0; !config && i < diag.count; i++) {
        diag_format(&diag.findings[i], line, sizeof(line));
        fprintf(stderr, "%s\n", line);
    }
    wsl_assert(config);
    session_lab.verbose = getenv("WSLUICE_LAB_LOG") != NULL;
    diag_free(&diag);
    return config;
}

static inline void session_lab_open_worker(unsigned number)
{
    struct session_env *env = &session_lab.workers[number];
    memset(env, 0, sizeof(*env));
    env->number = number;
    env->process = &session_lab.process;
    wsl_assert(session_env_open(env));
    env->workers = session_lab.envs;
    session_lab.envs[number] = env;
    env->limits = session_lab.limits;
    env->attempts = descriptors_attempts(&session_lab.host);
    wsl_assert(mailbox_open(&session_lab.mailboxes[number], NULL, env));
    env->lane = (struct work_lane){&session_lab.pool, NULL, &session_lab.mailboxes[number]};
    env->resolver = resolve_create(&env->lane, session_lab.lookups);
    wsl_assert(env->resolver && watch_set_open(&env->watches, NULL));
    timers_open(&env->timers, NULL, session_deadline_cb);
    session_lab.metrics[number] = &env->metrics;
}

/* False: out of memory; the previous site continues to serve. */
static inline bool session_lab_serve(const struct config *config)
{
    const struct site_shared shared = {session_lab.limits, session_lab.route_stats,
                                       session_lab.host, NULL, NULL};
    char error[256];
    struct site *site = site_create(config, &shared, session_lab.site, error, sizeof(error));
    if (!site)
        return false;
    if (session_lab.site)
        site_supersede(session_lab.site);
    site_release(session_lab.site);
    session_lab.site = site;
    return true;
}

/* `descriptors`: the limit of the process. */
static inline void session_lab_open(const struct config *config, uint64_t descriptors)
{
    session_lab.host = (struct descriptors_host){
        .limit = descriptors, .workers = SESSION_LAB_WORKERS, .pool_threads = WORK_THREADS};
    fake_loop_reset();
    fake_socket_reset();
    fake_loop.is_ready = fake_socket_is_ready;
    session_lab.memory = fake_memory.count;
    session_lab.accepted = session_lab.end_lines = 0;
    session_lab.sessions = 0;
    memset(session_lab.ended, 0, sizeof(session_lab.ended));
    session_lab.limits = limits_create(64);
    session_lab.route_stats = route_stats_set_create(SESSION_LAB_WORKERS);
    session_lab.lookups = lookup_table_create();
    wsl_assert(session_lab.limits && session_lab.route_stats && session_lab.lookups &&
               work_pool_open(&session_lab.pool));
    process_facts_init(&session_lab.process, session_lab.metrics, SESSION_LAB_WORKERS,
                       session_lab.route_stats, 0);
    memset(session_lab.process.token, 'a', PROCESS_FACTS_KILL_TOKEN - 1);
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++)
        session_lab_open_worker(i);
    session_lab.site = NULL;
    wsl_assert(session_lab_serve(config));
}

/* As the listeners do. */
static inline bool session_lab_reserve(uint32_t listener, struct limits_usage *usage)
{
    const struct site *site = session_lab.site;
    const struct site_listener *own = &site->listeners[listener];
    uint64_t each = site->plan.operators_each;
    if (own->terms.operators)
        return limits_enter_operators(session_lab.limits, usage, own->counter,
                                      own->terms.connections < each ? own->terms.connections
                                                                    : each);
    return limits_reserve(session_lab.limits, usage, own->terms.connection, site->plan.clients) ||
           (own->terms.over_limit &&
            limits_enter_over_limit(session_lab.limits, usage, site->plan.over_limit));
}

/* False: the client stays in the backlog. */
static inline bool session_lab_accept(unsigned worker, uint32_t listener, struct fake_peer *peer,
                                      const struct addr *address)
{
    struct session_env *env = &session_lab.workers[worker];
    struct session_client client = {.listener = listener, .peer = *address};
    if (env->accepted == SESSION_LAB_CLIENTS || !session_lab_reserve(listener, &client.usage))
        return false;
    client.fd = fake_client(peer);
    if (client.fd < 0) {
        limits_leave(&client.usage);
        return false;
    }
    client.site = site_retain(session_lab.site);
    session_lab.accepted++;
    if (!session_lab.site->listeners[listener].terms.operators)
        client.number = session_lab.accepted;
    session_accept(env, &client, true);
    session_lab.sessions++;
    return true;
}

/* ---- invariants ---- */

/* False: the route of the session has no time limits. */
static inline bool session_lab_is_bounded(const struct session *session)
{
    const struct config_route *route = session->route;
    return route->ping_interval_ms > 0 || route->idle_timeout_ms > 0 ||
           route->input_timeout_ms > 0 || route->max_duration_ms > 0;
}

static inline void session_lab_check_deadline(const struct session *session)
{
    switch (life_deadline((enum life_state)session->state)) {
    case LIFE_HANDSHAKE_DEADLINE:
    case LIFE_TOKEN_DEADLINE:
    case LIFE_REPLY_DEADLINE:
    case LIFE_LINGER_DEADLINE:
        wsl_assert(deadline_is_set(&session->deadline));
        return;
    case LIFE_CONNECT_DEADLINE:
        wsl_assert(session->entry->connecting);
        return;
    case LIFE_BRIDGE_DEADLINE:
        if (session->state == LIFE_CLOSING || session_lab_is_bounded(session))
            wsl_assert(deadline_is_set(&session->deadline));
        return;
    case LIFE_NO_DEADLINE:
        break;
    }
    wsl_assert(!"a dead session is in the list");
}

/* Without a reserve a connection has one descriptor. */
static inline size_t session_lab_reserved(const struct session *session)
{
    return session->usage.descriptors > 0 ? session->usage.descriptors : 1;
}

static inline void session_lab_check(void)
{
    size_t live = 0, listed = 0, descriptors = 0;
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++) {
        struct session_env *env = &session_lab.workers[i];
        struct list *link = env->sessions.next;
        for (; link != &env->sessions; link = link->next, listed++) {
            const struct session *session = WSL_CONTAINER(link, struct session, link);
            session_lab_check_deadline(session);
            descriptors += session_lab_reserved(session);
        }
        live += env->live;
        uint32_t attempts = descriptors_attempts(&session_lab.host);
        wsl_assert(env->attempts <= attempts);
        /* Its epoll sets, its recordings, attempts beyond a dial's first. */
        descriptors += 2 + env->recordings + (attempts - env->attempts);
    }
    wsl_assert(fake_socket.open <= descriptors);
    wsl_assert(listed <= live);
    wsl_assert(limits_count(session_lab.limits) <= listed);
    wsl_assert(fake_memory.bytes <= SESSION_LAB_OVERHEAD + live * SESSION_LAB_MEMORY);
    session_lab.sessions = listed;
}

/* One turn of all loops. True: work may be left that needs no time to pass. */
static inline bool session_lab_turn(void)
{
    uint64_t calls = fake_socket.calls, moved = fake_socket.moved;
    size_t sessions = session_lab.sessions;
    fake_socket_turn();
    bool more = fake_loop_turn();
    wsl_assert(fake_socket.calls - calls <= (sessions + 1) * SESSION_LAB_CALLS);
    wsl_assert(fake_socket.moved - moved <= (sessions + 1) * SESSION_LAB_MOVED);
    session_lab_check();
    return more;
}

/* Turns until only waiting is left. Turns without progress are a busy loop. */
static inline void session_lab_settle(void)
{
    uint64_t progress = fake_loop.progress;
    unsigned idle = 0;
    for (unsigned turns = 0; session_lab_turn() || fake_loop.progress != progress; turns++) {
        idle = fake_loop.progress == progress ? idle + 1 : 0;
        progress = fake_loop.progress;
        wsl_assert(idle < SESSION_LAB_IDLE && turns < SESSION_LAB_TURNS);
    }
}

/* Moves the clock to the next deadline, if it is due within `most` ms. */
static inline bool session_lab_advance(uint64_t most)
{
    uint64_t next = fake_loop_next();
    if (next > fake_loop.now + most)
        return false;
    if (next > fake_loop.now)
        fake_loop.now = next;
    session_lab_settle();
    return true;
}

/* ---- closing ---- */

static inline void session_lab_kill(void)
{
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++)
        session_drain_kill(&session_lab.workers[i], REASON_drained);
    fake_loop.target_pool_paused = false;
    session_lab_settle();
}

static void session_lab_add_target(void *owner, const char *name, const char *target,
                                   const struct route_stats_sums *sums)
{
    (void)owner;
    (void)name;
    (void)target;
    wsl_assert(sums->open == 0);
}

static void session_lab_add_route(void *owner, const char *name,
                                  const struct route_stats_sums *sums)
{
    uint64_t *sessions = owner;
    (void)name;
    wsl_assert(sums->open == 0);
    *sessions += sums->sessions;
}

/* Each session that was opened has ended, once. */
static inline void session_lab_check_sums(void)
{
    uint64_t connections = 0, ended = 0, numbered = 0, sessions = 0, by_route = 0;
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++) {
        const struct session_env *env = &session_lab.workers[i];
        const struct metrics *metrics = &env->metrics;
        connections += metrics_read(&metrics->counter[METRICS_connections]);
        sessions += metrics_read(&metrics->counter[METRICS_sessions]);
        for (size_t reason = 0; reason < REASON_COUNT; reason++)
            ended += metrics_read(&metrics->ended[reason]);
        wsl_assert(metrics_read(&metrics->open) == 0 && metrics_read(&metrics->open_sessions) == 0);
        wsl_assert(env->live == 0 && env->recordings == 0);
        for (uint64_t n = 1; n <= env->accepted; n++)
            wsl_assert(session_lab.ended[i][n]);
        numbered += env->accepted;
    }
    /* Connections refused without memory have no number. */
    wsl_assert(connections == session_lab.accepted && ended == connections);
    wsl_assert(session_lab.end_lines == numbered);
    wsl_assert(limits_count(session_lab.limits) == 0);
    struct route_stats_reader reader = {session_lab_add_route, session_lab_add_target, &by_route};
    route_stats_each(session_lab.route_stats, &reader);
    /* Without memory for a slot a session counts in no route. */
    wsl_assert(by_route <= sessions);
}

/* All reserves are free again. */
static inline void session_lab_check_reserves(void)
{
    struct limits_usage all, late = {0};
    wsl_assert(limits_reserve(session_lab.limits, &all, 1, 1));
    wsl_assert(limits_enter_over_limit(session_lab.limits, &late, 1));
    limits_leave(&all);
    limits_leave(&late);
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++)
        wsl_assert(session_lab.workers[i].attempts == descriptors_attempts(&session_lab.host));
}

/* No target counts a session. */
static inline void session_lab_check_targets(void)
{
    size_t count;
    struct pool_target *targets = target_pool_targets(session_lab.site->resources->pool, &count);
    for (size_t i = 0; i < count; i++)
        wsl_assert(target_pool_target_sessions(&targets[i]) == 0);
}

static inline void session_lab_close(void)
{
    session_lab_check_sums();
    session_lab_check_reserves();
    session_lab_check_targets();
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++) {
        resolve_close(session_lab.workers[i].resolver);
        mailbox_close(&session_lab.mailboxes[i]);
        watch_set_close(&session_lab.workers[i].watches);
        timers_close(&session_lab.workers[i].timers);
        session_env_close(&session_lab.workers[i]);
    }
    fake_loop_run_closing();
    wsl_assert(fake_loop.timer_count == 0 && fake_loop.closing_count == 0);
    for (size_t i = 0; i < FAKE_LOOP_TASKS; i++)
        wsl_assert(!fake_loop.tasks[i].request);
    site_release(session_lab.site);
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++)
        mailbox_free(&session_lab.mailboxes[i]);
    lookup_table_free(session_lab.lookups);
    work_pool_close(&session_lab.pool);
    route_stats_set_free(session_lab.route_stats);
    limits_destroy(session_lab.limits);
    wsl_assert(fake_socket.open == 0);
    fake_memory_expect(session_lab.memory);
}

#endif
