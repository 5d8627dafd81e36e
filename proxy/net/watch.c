#include "net/watch.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_CALL 256

/* epoll always reports errors and hang-ups; edge-triggered it does so only once. */
#define SILENCE EPOLLET

struct watch {
    struct watch_set *set;
    watch_cb *callback;
    void *owner;
    struct watch *next_closed;
    int fd;
    uint32_t armed; /* the events that epoll waits for, besides errors */
    uint8_t want;
    bool broken; /* an error, or FIN in both directions: epoll reports it in every call */
    bool closed;
};

static bool update_epoll(struct watch *watch, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(watch->set->epoll, operation, watch->fd, &event) != 0)
        return false;
    watch->armed = events;
    return true;
}

static uint32_t events_for(const struct watch *watch)
{
    uint32_t events = 0;
    if (watch->want & WATCH_READ)
        events |= EPOLLIN;
    if (watch->want & WATCH_WRITE)
        events |= EPOLLOUT;
    return events == 0 && watch->broken ? SILENCE : events;
}

static unsigned ready_of(uint32_t events)
{
    if (events & EPOLLERR)
        return WATCH_READ | WATCH_WRITE | WATCH_BROKEN;
    unsigned ready = 0;
    if (events & (EPOLLIN | EPOLLHUP))
        ready |= WATCH_READ;
    if (events & (EPOLLOUT | EPOLLHUP))
        ready |= WATCH_WRITE;
    return ready;
}

static void dispatch(struct watch *watch, uint32_t events)
{
    unsigned ready = ready_of(events);
    bool breaks = (ready & WATCH_BROKEN) && !watch->broken;
    watch->broken = watch->broken || (events & (EPOLLHUP | EPOLLERR));
    if (breaks || (ready & watch->want))
        watch->callback(watch->owner, ready);
    else if (events_for(watch) != watch->armed)
        (void)!update_epoll(watch, EPOLL_CTL_MOD, events_for(watch));
}

static uint32_t events_of(short revents)
{
    uint32_t events = 0;
    if (revents & POLLIN)
        events |= EPOLLIN;
    if (revents & POLLOUT)
        events |= EPOLLOUT;
    if (revents & POLLERR)
        events |= EPOLLERR;
    if (revents & POLLHUP)
        events |= EPOLLHUP;
    return events;
}

static void free_closed(struct watch_set *set)
{
    while (set->closed) {
        struct watch *watch = set->closed;
        set->closed = watch->next_closed;
        free(watch);
    }
}

static void poll_cb(uv_poll_t *poll, int status, int poll_events)
{
    struct watch_set *set = WSL_CONTAINER(poll, struct watch_set, poll);
    struct epoll_event events[EVENTS_PER_CALL];
    (void)status;
    (void)poll_events;
    int count = epoll_wait(set->epoll, events, EVENTS_PER_CALL, 0);
    set->dispatching = true;
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        if (!watch->closed)
            dispatch(watch, events[i].events);
    }
    set->dispatching = false;
    free_closed(set);
}

bool watch_set_open(struct watch_set *set, uv_loop_t *loop)
{
    *set = (struct watch_set){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    list_init(&set->holders);
    if (set->epoll < 0)
        return false;
    if (uv_poll_init(loop, &set->poll, set->epoll) == 0) {
        uv_poll_start(&set->poll, UV_READABLE, poll_cb);
        return true;
    }
    close(set->epoll);
    return false;
}

uv_loop_t *watch_set_loop(const struct watch_set *set)
{
    return set->poll.loop;
}

void watch_set_hold(struct watch_set *set, struct watch_holder *holder)
{
    list_append(&set->holders, &holder->link);
}

void watch_set_close(struct watch_set *set)
{
    while (!list_empty(&set->holders)) {
        struct watch_holder *holder = WSL_CONTAINER(set->holders.next, struct watch_holder, link);
        list_remove(&holder->link);
        holder->close(holder);
    }
    uv_close((uv_handle_t *)&set->poll, NULL);
    close(set->epoll);
}

struct watch *watch_open(struct watch_set *set, int fd, unsigned want, watch_cb *callback,
                         void *owner)
{
    struct watch *watch = malloc(sizeof(*watch));
    if (!watch)
        return NULL;
    *watch = (struct watch){
        .set = set, .callback = callback, .owner = owner, .fd = fd, .want = (uint8_t)want};
    if (update_epoll(watch, EPOLL_CTL_ADD, events_for(watch)))
        return watch;
    free(watch);
    return NULL;
}

void watch_adopt(struct watch *watch, watch_cb *callback, void *owner)
{
    watch->callback = callback;
    watch->owner = owner;
}

void watch_want(struct watch *watch, unsigned want)
{
    watch->want = (uint8_t)want;
    if (want == 0)
        return;
    uint32_t events = events_for(watch);
    if (events & ~watch->armed)
        (void)!update_epoll(watch, EPOLL_CTL_MOD, events);
}

void watch_poll(struct watch *watch)
{
    struct pollfd poll_fd = {.events = 0};
    if (!watch)
        return;
    poll_fd.fd = watch->fd;
    if (watch->want & WATCH_READ)
        poll_fd.events |= POLLIN;
    if (watch->want & WATCH_WRITE)
        poll_fd.events |= POLLOUT;
    if (poll(&poll_fd, 1, 0) > 0)
        dispatch(watch, events_of(poll_fd.revents));
}

void watch_close(struct watch *watch)
{
    if (!watch)
        return;
    /*
     * close() alone does not end the watch: epoll watches the open file, which a process that takes
     * over, or a child between fork and exec, may hold as well.
     */
    (void)epoll_ctl(watch->set->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->closed = true;
    if (watch->set->dispatching) {
        watch->next_closed = watch->set->closed;
        watch->set->closed = watch;
    } else {
        free(watch);
    }
}
