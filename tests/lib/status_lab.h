/*
 * The workers of a process without threads: their mailboxes on one loop, and sessions without
 * sockets in their lists; for the tests of serve/status.
 *
 * Owns: loop, mailboxes, sessions between set_up and tear_down. Thread: one. Errors: the test
 * fails. Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_STATUS_LAB_H
#define WSLUICE_TESTS_LIB_STATUS_LAB_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/session/session_id.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_priv.h"
#include "serve/site/site.h"

#define WORKERS 3
#define MOST    2000

static struct session_env envs[WORKERS], *const workers[WORKERS] = {&envs[0], &envs[1], &envs[2]};
static struct mailbox mailboxes[WORKERS];
static struct session *sessions[WORKERS * MOST];
static size_t session_count;
static struct process_facts process;
static uv_loop_t loop;
static struct site_listener listener = {.name = "endpoint"};
static struct config_listener config_listener;
static struct config config = {.listeners = &config_listener, .listener_count = 1};
static struct site site = {.config = &config, .listeners = &listener};
static struct config_route routes[] = {{.name = "desk"}, {.name = "other"}};
static unsigned released;

static unsigned waiting(void)
{
    unsigned posts = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        posts += mailboxes[i].first != NULL;
    return posts;
}

/* One turn of the loops; false: no request is under way. */
static inline bool turn(void)
{
    assert_true(waiting() <= 1);
    bool busy = waiting() > 0;
    if (busy)
        uv_run(&loop, UV_RUN_NOWAIT);
    return busy;
}

static void release_cb(struct session_env *env)
{
    released++;
}

static inline int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    process = (struct process_facts){.worker_count = WORKERS};
    for (unsigned i = 0; i < WORKERS; i++) {
        envs[i] = (struct session_env){.loop = &loop,
                                       .lane = {.mailbox = &mailboxes[i]},
                                       .workers = workers,
                                       .process = &process,
                                       .number = i,
                                       .on_release = release_cb};
        assert_true(mailbox_open(&mailboxes[i], &loop, NULL));
        assert_true(session_env_open(&envs[i]));
    }
    session_count = released = 0;
    return 0;
}

static inline int tear_down(void **unused)
{
    assert_int_equal(waiting(), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_true(envs[i].live == 0);
        assert_true(list_empty(&envs[i].cursors) && list_empty(&envs[i].list_requests));
        mailbox_close(&mailboxes[i]);
        session_env_close(&envs[i]);
    }
    for (size_t i = 0; i < session_count; i++)
        free(sessions[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < WORKERS; i++)
        mailbox_free(&mailboxes[i]);
    return uv_loop_close(&loop);
}

static inline struct session *add(unsigned worker, uint64_t bytes_up)
{
    struct session *session = calloc(1, sizeof(*session));
    assert_non_null(session);
    struct session_env *env = &envs[worker];
    session->env = env;
    session->id = session_id(0, worker, ++env->accepted);
    session->site = &site;
    session->route = &routes[env->accepted % 2];
    session->state = LIFE_OPEN;
    session->opened = true;
    session->rates.at = uv_now(&loop);
    session->bridge.up.bytes = bytes_up;
    list_append(&env->sessions, &session->link);
    sessions[session_count++] = session;
    return session;
}

static inline void drop(struct session *session)
{
    session_env_remove(session->env, &session->link);
}

#endif
