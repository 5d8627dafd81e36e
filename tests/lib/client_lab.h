/*
 * Clients of one worker over pairs of sockets, with real sessions on a real loop; for the tests of
 * serve/stages. The site is that of site_lab.h, with "/desk" as a redirect to "/new" and "/other"
 * as a bridge.
 *
 * Use: client_lab_config; changes to client_lab.lab and to the configuration; client_lab_open;
 * client_lab_connect for each client; client_lab_close.
 *
 * Owns: loop, worker, site, the last client. Thread: one. Errors: the test fails. Lifetime: one
 * test; one include per program.
 */
#ifndef WSLUICE_TESTS_LIB_CLIENT_LAB_H
#define WSLUICE_TESTS_LIB_CLIENT_LAB_H

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/site_lab.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_client.h"
#include "serve/session/session_entry.h"
#include "serve/stages/session.h"
#include "serve/stages/session_drain.h"

#define CLIENT_LAB_GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct {
    struct site_lab lab;
    struct work_lab work;
    struct site *site;
    uv_loop_t loop;
    struct session_env env, *workers[1];
    const struct metrics *metrics[1];
    struct process_facts process;
    struct addr address; /* of the next client; a Unix peer at first */
    int peer;            /* the last client's socket; -1: closed */
} client_lab;

/* The caller hands it to client_lab_open. */
static inline struct config *client_lab_config(void)
{
    memset(&client_lab, 0, sizeof(client_lab));
    site_lab_open(&client_lab.lab);
    client_lab.lab.routes[0] = (struct config_route){
        .path = "/desk",
        .name = "desk",
        .kind = CONFIG_KIND_REDIRECT,
        .redirect = "/new",
        .redirect_status = 302,
    };
    client_lab.lab.routes[1].connect_timeout_ms = 5000;
    struct config *config = site_lab_config(&client_lab.lab);
    config->limits.head_bytes = 4096;
    config->limits.head_fields = 32;
    config->limits.handshake_timeout_ms = config->limits.keep_alive_ms = 60000;
    config->limits.reply_timeout_ms = config->limits.close_timeout_ms = 60000;
    config->limits.stall_timeout_ms = 60000;
    client_lab.peer = -1;
    return config;
}

static inline void client_lab_open_worker(void)
{
    struct session_env *env = &client_lab.env;
    assert_int_equal(uv_loop_init(&client_lab.loop), 0);
    work_lab_open(&client_lab.work, &client_lab.loop);
    process_facts_init(&client_lab.process, client_lab.metrics, 1,
                       client_lab.lab.shared.route_stats, 0);
    memset(client_lab.process.token, 'a', PROCESS_FACTS_KILL_TOKEN - 1);
    *env = (struct session_env){
        .loop = &client_lab.loop,
        .process = &client_lab.process,
        .limits = client_lab.lab.shared.limits,
        .workers = client_lab.workers,
        .resolver = resolve_create(&client_lab.work.lane, client_lab.work.lookups),
        .lane = client_lab.work.lane,
        .attempts = 4,
    };
    client_lab.workers[0] = env;
    client_lab.metrics[0] = &env->metrics;
    assert_non_null(env->resolver);
    assert_true(watch_set_open(&env->watches, &client_lab.loop));
    watch_set_unref(&env->watches);
    timers_open(&env->timers, &client_lab.loop, session_deadline_cb);
    assert_true(session_env_open(env));
}

/* Releases the configuration. */
static inline void client_lab_open(struct config *config)
{
    struct site_lab *lab = &client_lab.lab;
    client_lab.site = site_create(config, &lab->shared, NULL, lab->error, sizeof(lab->error));
    config_release(config);
    assert_non_null(client_lab.site);
    client_lab_open_worker();
}

static inline int client_lab_close(void **unused)
{
    (void)unused;
    session_drain_clear(&client_lab.env);
    while (client_lab.env.live > 0)
        uv_run(&client_lab.loop, UV_RUN_ONCE);
    watch_set_close(&client_lab.env.watches);
    timers_close(&client_lab.env.timers);
    resolve_close(client_lab.env.resolver);
    work_lab_close(&client_lab.work);
    uv_run(&client_lab.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&client_lab.loop), 0);
    assert_int_equal(client_lab.env.live, 0);
    session_env_close(&client_lab.env);
    site_release(client_lab.site);
    site_lab_close(&client_lab.lab);
    work_lab_free(&client_lab.work);
    if (client_lab.peer >= 0)
        close(client_lab.peer);
    return 0;
}

static inline void client_lab_turn(void)
{
    watch_set_ref(&client_lab.env.watches);
    for (int i = 0; i < 4; i++)
        uv_run(&client_lab.loop, UV_RUN_NOWAIT);
    watch_set_unref(&client_lab.env.watches);
}

static inline void client_lab_send(const char *text)
{
    assert_int_equal(write(client_lab.peer, text, strlen(text)), strlen(text));
    client_lab_turn();
}

/* Connects a client that has sent `text`. A previous client is the caller's to close. */
static inline void client_lab_connect(const char *text)
{
    int pair[2];
    struct session_client client = {.site = site_retain(client_lab.site),
                                    .peer = client_lab.address};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    client_lab.peer = pair[1];
    client.fd = pair[0];
    assert_true(limits_reserve(client_lab.lab.shared.limits, &client.usage, 2, 100));
    assert_int_equal(write(client_lab.peer, text, strlen(text)), strlen(text));
    session_accept(&client_lab.env, &client, true);
    client_lab_turn();
}

/* The oldest session. */
static inline struct session *client_lab_session(void)
{
    assert_false(list_empty(&client_lab.env.sessions));
    return WSL_CONTAINER(client_lab.env.sessions.next, struct session, link);
}

static inline uint64_t client_lab_ended(enum reason reason)
{
    return metrics_read(&client_lab.env.metrics.ended[reason]);
}

/* All bytes since the last call, as text; valid until the next call. */
static inline char *client_lab_receive(void)
{
    static char text[1 << 16];
    ssize_t n = recv(client_lab.peer, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* Turns until the answer is there, which a thread of the pool may make. */
static inline char *client_lab_answer(void)
{
    struct pollfd peer = {.fd = client_lab.peer, .events = POLLIN};
    client_lab_turn();
    while (poll(&peer, 1, 1) == 0)
        client_lab_turn();
    return client_lab_receive();
}

/* Takes all places of a kind of work in the pool; then gives them back. */
static inline void client_lab_occupy(struct work_job jobs[static WORK_THREADS], enum work_kind kind)
{
    for (unsigned i = 0; i < work_share_at_once(kind); i++)
        assert_true(work_request(&client_lab.work.lane, &jobs[i], kind, 1000 + i, NULL));
}

static inline void client_lab_vacate(struct work_job jobs[static WORK_THREADS], enum work_kind kind)
{
    for (unsigned i = 0; i < work_share_at_once(kind); i++)
        work_finish(&jobs[i]);
}

static inline bool client_lab_is_closed(void)
{
    char byte;
    ssize_t n = recv(client_lab.peer, &byte, 1, 0);
    assert_true(n == 0 || (n < 0 && (errno == EAGAIN || errno == ECONNRESET)));
    return n == 0 || errno == ECONNRESET;
}

/* The statuses of all answers since the last call, "302 404"; '.' at the end: end of stream. */
static inline void client_lab_expect(const char *statuses)
{
    char received[64] = "", *at = client_lab_receive();
    while ((at = strstr(at, "HTTP/1.1 "))) {
        size_t length = strlen(received);
        at += strlen("HTTP/1.1 ");
        snprintf(received + length, sizeof(received) - length, "%s%.3s", length > 0 ? " " : "", at);
    }
    if (client_lab_is_closed())
        snprintf(received + strlen(received), sizeof(received) - strlen(received), ".");
    assert_string_equal(received, statuses);
}

#endif
