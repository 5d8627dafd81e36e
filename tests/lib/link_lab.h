/*
 * The workers of status_lab with a watch set, a main thread's mailbox, and the ends of links.
 *
 * Owns: see status_lab.h. Thread: one. Errors: the test fails. Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_LINK_LAB_H
#define WSLUICE_TESTS_LIB_LINK_LAB_H

#include <sys/socket.h>
#include <unistd.h>

#include "core/status/link_message.h"
#include "lib/status_lab.h"
#include "serve/status/control_request.h"
#include "serve/status/link_server.h"
#include "serve/status/predecessors.h"

static struct mailbox main_mailbox;
static struct list orders; /* control requests */
static unsigned emptied, ended;

static inline void order_cb(void *owner, void *argument)
{
    list_append(&orders, control_request_link(argument));
}

static const struct control control = {&main_mailbox, order_cb};

static inline void emptied_cb(void *owner)
{
    emptied++;
}

static inline void end_cb(struct session *session, enum reason reason)
{
    assert_int_equal(reason, REASON_killed);
    ended++;
    drop(session);
}

static inline int link_set_up(void **state)
{
    emptied = ended = 0;
    list_init(&orders);
    if (set_up(state) != 0 || !mailbox_open(&main_mailbox, &loop, &main_mailbox) ||
        !watch_set_open(&envs[0].watches, &loop))
        return -1;
    envs[0].predecessors =
        predecessors_create(&envs[0].watches, &main_mailbox, &process, emptied_cb, NULL);
    for (unsigned i = 0; i < WORKERS; i++) {
        envs[i].predecessors = envs[0].predecessors;
        envs[i].control = &control;
    }
    return envs[0].predecessors ? 0 : -1;
}

static inline int link_tear_down(void **state)
{
    predecessors_close(envs[0].predecessors);
    link_server_close_all(&envs[0]);
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    watch_set_close(&envs[0].watches);
    mailbox_close(&main_mailbox);
    int status = tear_down(state);
    mailbox_free(&main_mailbox);
    predecessors_free(envs[0].predecessors);
    return status;
}

static inline void open_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
                     0);
}

static inline void run_a_while(void)
{
    for (int i = 0; i < 50; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

#endif
