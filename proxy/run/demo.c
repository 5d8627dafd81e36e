#include "run/demo.h"

#include <errno.h>
#include <unistd.h>
#include <uv.h>

#include "core/bridge/pipe.h"
#include "net/listen.h"
#include "net/mailbox.h"
#include "net/plain.h"
#include "net/watch.h"
#include "run/process/signals.h"

#define BUFFER ((size_t)64 * 1024)

/* Out of descriptors: the next attempt to accept comes after this time. */
#define ACCEPT_PAUSE_MS 50

struct demo {
    uv_thread_t thread;
    uv_loop_t loop;
    struct watch_set watches;
    struct mailbox mailbox;
    struct mailbox_post stop_post;
    uv_timer_t resume_timer;
    struct listen_socket socket;
    struct watch *watch;
    struct list echoes;
    uint8_t buffer[BUFFER];
};

/* One connection: a pipe whose source is also its sink. */
struct echo {
    struct list link;
    struct demo *demo;
    struct plain plain;
    struct watch *watch;
    struct pipe pipe;
};

static void drop(struct echo *echo)
{
    list_remove(&echo->link);
    watch_close(echo->watch);
    transport_close(&echo->plain.transport);
    pipe_free(&echo->pipe);
    free(echo);
}

/* False: the connection has ended. */
static bool turn(struct echo *echo)
{
    struct pipe *pipe = &echo->pipe;
    if (pipe->blocked && pipe_resume(pipe).status == IO_FAIL)
        return false;
    if (pipe->blocked)
        return true;
    struct io io = transport_read(pipe->sink, echo->demo->buffer, BUFFER);
    if (io.status == IO_OK)
        return pipe_send(pipe, echo->demo->buffer, io.n).status != IO_FAIL;
    return io.status == IO_WANT_READ;
}

static void echo_cb(void *owner, unsigned ready)
{
    struct echo *echo = owner;
    (void)ready;
    if (turn(echo))
        watch_want(echo->watch, echo->pipe.blocked ? WATCH_WRITE : WATCH_READ);
    else
        drop(echo);
}

static void resume_cb(uv_timer_t *timer)
{
    watch_want(WSL_CONTAINER(timer, struct demo, resume_timer)->watch, WATCH_READ);
}

static void accept_cb(void *owner, unsigned ready)
{
    struct demo *demo = owner;
    struct addr peer;
    (void)ready;
    int fd = listen_accept(&demo->socket, &peer);
    if (fd < 0) {
        if (errno != EAGAIN) {
            watch_want(demo->watch, 0);
            uv_timer_start(&demo->resume_timer, resume_cb, ACCEPT_PAUSE_MS, 0);
        }
        return;
    }
    struct echo *echo = calloc(1, sizeof(*echo));
    if (!echo) {
        close(fd);
        return;
    }
    echo->demo = demo;
    echo->pipe.sink = plain_init(&echo->plain, fd, &transport_target);
    echo->pipe.state = PIPE_FLOWING;
    echo->watch = watch_open(&demo->watches, fd, WATCH_READ, echo_cb, echo);
    list_append(&demo->echoes, &echo->link);
    if (!echo->watch)
        drop(echo);
}

static void stop(void *owner, void *argument)
{
    struct demo *demo = owner;
    (void)argument;
    while (!list_empty(&demo->echoes))
        drop(WSL_CONTAINER(demo->echoes.next, struct echo, link));
    watch_close(demo->watch);
    listen_close(&demo->socket);
    uv_close((uv_handle_t *)&demo->resume_timer, NULL);
    watch_set_close(&demo->watches);
    mailbox_close(&demo->mailbox);
}

static void run(void *argument)
{
    struct demo *demo = argument;
    signals_hold();
    uv_run(&demo->loop, UV_RUN_DEFAULT);
}

static bool open_all(struct demo *demo, const struct config_address *address, char *error,
                     size_t error_size)
{
    struct config_listener listener = {.address = *address, .unix_mode = 0600, .backlog = 128};
    if (!listen_open(&demo->socket, &listener, error, error_size))
        return false;
    demo->watch = watch_open(&demo->watches, demo->socket.fd, WATCH_READ, accept_cb, demo);
    if (demo->watch && uv_thread_create(&demo->thread, run, demo) == 0)
        return true;
    snprintf(error, error_size, "cannot start the echo service: out of memory or descriptors");
    return false;
}

static void release(struct demo *demo)
{
    mailbox_free(&demo->mailbox);
    wsl_assert(uv_loop_close(&demo->loop) == 0);
    free(demo);
}

static bool open_loop(struct demo *demo)
{
    list_init(&demo->echoes);
    demo->socket.fd = -1;
    return uv_loop_init(&demo->loop) == 0 && uv_timer_init(&demo->loop, &demo->resume_timer) == 0 &&
           watch_set_open(&demo->watches, &demo->loop) &&
           mailbox_open(&demo->mailbox, &demo->loop, demo);
}

struct demo *demo_start(const struct config_address *address, char *error, size_t error_size)
{
    struct demo *demo = calloc(1, sizeof(*demo));
    if (!demo || !open_loop(demo)) {
        /* The process ends next, and closes what is open. */
        snprintf(error, error_size, "cannot start the echo service: out of memory or descriptors");
        free(demo);
        return NULL;
    }
    if (open_all(demo, address, error, error_size))
        return demo;
    stop(demo, NULL);
    uv_run(&demo->loop, UV_RUN_DEFAULT);
    release(demo);
    return NULL;
}

void demo_stop(struct demo *demo)
{
    if (!demo)
        return;
    mailbox_post(&demo->mailbox, &demo->stop_post, stop, NULL);
    uv_thread_join(&demo->thread);
    release(demo);
}
