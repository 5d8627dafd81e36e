#include "net/watch.h"

struct watch {
    uv_poll_t poll;
    watch_cb *callback;
    void *owner;
    int armed;    /* what libuv waits for */
    bool hung_up; /* a hang-up was reported: listening for one again would never sleep */
};

static void ready_cb(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = WSL_CONTAINER(poll, struct watch, poll);
    unsigned ready = 0;
    if (status < 0) {
        /* libuv has stopped the handle; an I/O call will find out why. */
        watch->armed = 0;
        watch->hung_up = true;
        ready = WATCH_READ | WATCH_WRITE | WATCH_BROKEN;
    } else {
        if (events & UV_READABLE)
            ready |= WATCH_READ;
        if (events & UV_WRITABLE)
            ready |= WATCH_WRITE;
        if (events & UV_DISCONNECT)
            watch->hung_up = true;
    }
    watch->callback(watch->owner, ready);
}

struct watch *watch_open(uv_loop_t *loop, int fd, watch_cb *callback, void *owner)
{
    struct watch *watch = malloc(sizeof(*watch));
    if (!watch)
        return NULL;
    *watch = (struct watch){.callback = callback, .owner = owner};
    if (uv_poll_init(loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    return watch;
}

void watch_adopt(struct watch *watch, watch_cb *callback, void *owner)
{
    watch->callback = callback;
    watch->owner = owner;
}

void watch_want(struct watch *watch, unsigned want)
{
    int events = 0;
    if (want & WATCH_READ)
        events |= UV_READABLE;
    if (want & WATCH_WRITE)
        events |= UV_WRITABLE;
    if (events == 0 && !watch->hung_up)
        events = UV_DISCONNECT;
    if (events == watch->armed)
        return;
    watch->armed = events;
    int failed =
        events ? uv_poll_start(&watch->poll, events, ready_cb) : uv_poll_stop(&watch->poll);
    wsl_assert(failed == 0);
}

static void closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct watch, poll));
}

void watch_close(struct watch *watch)
{
    if (watch)
        uv_close((uv_handle_t *)&watch->poll, closed_cb);
}
