/*
 * An HTTP service on the loop of a test, which plays a script: one row for each request that it
 * receives, the last one again for all later ones. With it come what a pool of connections needs.
 *
 * Owns: loop, sockets between http_lab_open and http_lab_close. Thread: one. Errors: the test
 * fails. Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_HTTP_LAB_H
#define WSLUICE_TESTS_LIB_HTTP_LAB_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/loopback.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"
#include "net/http/http_pool.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"

#define HTTP_LAB_CLIENTS 64
#define HTTP_LAB_ROWS    8

struct http_lab_row {
    const char *answer; /* NULL: none */
    bool closes;        /* behind the answer */
    bool after_next;    /* closes the connection when the next request arrives on it, unread */
};

struct http_lab_client {
    int fd; /* -1: none */
    char request[4096];
    size_t length;
    bool doomed;
};

struct http_lab {
    uv_loop_t loop;
    struct watch_set watches;
    struct work_lab work;
    struct resolver *resolver;
    struct tls_scratch *scratch;
    uint32_t attempts;
    struct http_pool *pool;

    struct loopback socket;
    uv_timer_t timer;
    struct http_lab_row rows[HTTP_LAB_ROWS];
    unsigned row_count, requests, accepted, hung_up;
    bool paused; /* neither accepts nor reads */
    struct http_lab_client clients[HTTP_LAB_CLIENTS];
    char last[4096]; /* request */
};

static inline void http_lab_drop(struct http_lab_client *client)
{
    close(client->fd);
    client->fd = -1;
    client->length = 0;
    client->doomed = false;
}

static inline void http_lab_answer(struct http_lab *lab, struct http_lab_client *client)
{
    unsigned last = lab->row_count - 1;
    const struct http_lab_row *row = &lab->rows[lab->requests < last ? lab->requests : last];
    lab->requests++;
    memcpy(lab->last, client->request, client->length + 1);
    client->length = 0;
    if (row->answer)
        assert_int_equal(send(client->fd, row->answer, strlen(row->answer), MSG_NOSIGNAL),
                         strlen(row->answer));
    client->doomed = row->after_next;
    if (row->closes)
        http_lab_drop(client);
}

static inline void http_lab_read(struct http_lab *lab, struct http_lab_client *client)
{
    char byte;
    if (client->doomed) {
        if (recv(client->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0)
            http_lab_drop(client);
        return;
    }
    ssize_t got = recv(client->fd, client->request + client->length,
                       sizeof(client->request) - 1 - client->length, MSG_DONTWAIT);
    if (got == 0) {
        lab->hung_up++;
        http_lab_drop(client);
    }
    if (got <= 0)
        return;
    client->length += (size_t)got;
    client->request[client->length] = '\0';
    if (strstr(client->request, "\r\n\r\n"))
        http_lab_answer(lab, client);
}

static inline void http_lab_serve_cb(uv_timer_t *timer)
{
    struct http_lab *lab = WSL_CONTAINER(timer, struct http_lab, timer);
    if (lab->paused)
        return;
    for (size_t i = 0; i < HTTP_LAB_CLIENTS; i++) {
        struct http_lab_client *client = &lab->clients[i];
        if (client->fd < 0) {
            client->fd = loopback_accept(&lab->socket);
            lab->accepted += client->fd >= 0;
        }
        if (client->fd >= 0)
            http_lab_read(lab, client);
    }
}

static inline void http_lab_open(struct http_lab *lab)
{
    memset(lab, 0, sizeof(*lab));
    assert_int_equal(uv_loop_init(&lab->loop), 0);
    assert_true(watch_set_open(&lab->watches, &lab->loop));
    watch_set_unref(&lab->watches);
    work_lab_open(&lab->work, &lab->loop);
    lab->resolver = resolve_create(&lab->work.lane, lab->work.lookups);
    assert_non_null(lab->resolver);
    lab->attempts = 8;
    lab->socket = loopback_open();
    loopback_listen(&lab->socket);
    for (size_t i = 0; i < HTTP_LAB_CLIENTS; i++)
        lab->clients[i].fd = -1;
    uv_timer_init(&lab->loop, &lab->timer);
    uv_timer_start(&lab->timer, http_lab_serve_cb, 1, 1);
    const struct dial_loop loop = {&lab->watches, lab->resolver, &lab->scratch, &lab->attempts};
    lab->pool = http_pool_create(&loop);
    assert_non_null(lab->pool);
}

/* The script: rows up to the first without an answer that does nothing either, or all. */
static inline void http_lab_play(struct http_lab *lab, const struct http_lab_row *rows,
                                 unsigned count)
{
    memcpy(lab->rows, rows, count * sizeof(*rows));
    lab->row_count = count;
    lab->requests = lab->accepted = lab->hung_up = 0;
}

static inline void http_lab_turn(struct http_lab *lab, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        uv_run(&lab->loop, UV_RUN_ONCE);
}

static inline struct http_origin *http_lab_origin(const struct http_lab *lab)
{
    static const struct config_place place = {0};
    char url[64], error[256];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", lab->socket.port);
    struct http_origin *origin = http_origin_create(url, NULL, &place, NULL, error, sizeof(error));
    assert_non_null(origin);
    return origin;
}

/* The loop ends by itself: the pool leaves no handle. */
static inline void http_lab_close(struct http_lab *lab)
{
    http_pool_close(lab->pool);
    uv_close((uv_handle_t *)&lab->timer, NULL);
    resolve_close(lab->resolver);
    work_lab_close(&lab->work);
    watch_set_close(&lab->watches);
    uv_run(&lab->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab->loop), 0);
    work_lab_free(&lab->work);
    tls_scratch_free(lab->scratch);
    for (size_t i = 0; i < HTTP_LAB_CLIENTS; i++)
        if (lab->clients[i].fd >= 0)
            http_lab_drop(&lab->clients[i]);
    loopback_close(&lab->socket);
}

#endif
