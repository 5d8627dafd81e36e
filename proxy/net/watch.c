#include "net/watch.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/loop/pieces.h"

/* In one look, while nothing patient waits; and while something does. */
#define EVENTS_MAX  256
#define EVENTS_SOME 32
/* Turns of patient ones until libuv has its turn: timers, mail of other threads. */
#define PATIENT_TURNS 4
/* After something interactive had to wait for bulk. */
#define PRESSED_MS 100

/* epoll always reports errors and hang-ups; edge-triggered it does so only once. */
#define SILENCE EPOLLET

struct watch {
    struct watch_set *set;
    watch_cb *callback;
    void *owner;
    struct schedule_entry entry; /* its `next` also links closed ones */
    int fd;
    uint32_t armed; /* the events that epoll waits for, besides errors */
    uint8_t want;
    uint8_t ready; /* while it is queued */
    bool patient;  /* its lane */
    bool broken;   /* an error, or FIN in both directions: epoll reports it in every call */
    bool closed;
};

static int epoll_of(const struct watch *watch)
{
    return (watch->patient ? &watch->set->patient : &watch->set->interactive)->epoll;
}

static bool update_epoll(struct watch *watch, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(epoll_of(watch), operation, watch->fd, &event) != 0)
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
        return WATCH_READ | WATCH_WRITE | WATCH_BROKEN | WATCH_HUNG_UP;
    unsigned ready = 0;
    if (events & (EPOLLIN | EPOLLHUP))
        ready |= WATCH_READ;
    if (events & (EPOLLOUT | EPOLLHUP))
        ready |= WATCH_WRITE;
    return (events & EPOLLHUP) ? ready | WATCH_HUNG_UP : ready;
}

/* Calls back for what is wanted, and once for an end. */
static struct watch_turn call(struct watch *watch, unsigned ready)
{
    struct watch_set *set = watch->set;
    unsigned want = watch->want, ends = ready & (WATCH_BROKEN | (want & WATCH_HUNG_UP));
    bool news = ends != 0 && !watch->broken;
    watch->broken = watch->broken || (ready & WATCH_HUNG_UP);
    ready &= ~WATCH_HUNG_UP | want;
    set->turn = (struct watch_turn){0};
    if (news || (ready & want & (WATCH_READ | WATCH_WRITE)))
        PIECES_RUN("watch", watch->callback, watch->callback(watch->owner, ready));
    else if (events_for(watch) != watch->armed)
        (void)!update_epoll(watch, EPOLL_CTL_MOD, events_for(watch));
    return set->turn;
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

/* ---- who is served when ---- */

/* Its memory stays until no event that was collected can refer to it. */
static void release(struct watch *watch)
{
    struct watch_set *set = watch->set;
    if (!set->serving) {
        free(watch);
        return;
    }
    watch->entry.next = set->closed ? &set->closed->entry : NULL;
    set->closed = watch;
}

static void free_closed(struct watch_set *set)
{
    while (set->closed) {
        struct watch *watch = set->closed;
        set->closed =
            watch->entry.next ? WSL_CONTAINER(watch->entry.next, struct watch, entry) : NULL;
        free(watch);
    }
}

/* Into the lane of its class. Where the kernel has no memory for that, it stays in its own. */
static void choose_lane(struct watch *watch)
{
    bool patient = schedule_class(&watch->entry) != SCHEDULE_CLASS_INTERACTIVE;
    if (WSL_LIKELY(patient == watch->patient))
        return;
    int before = epoll_of(watch);
    watch->patient = patient;
    if (update_epoll(watch, EPOLL_CTL_ADD, events_for(watch)))
        (void)epoll_ctl(before, EPOLL_CTL_DEL, watch->fd, NULL);
    else
        watch->patient = !patient;
}

static void wait_for_turn(struct watch *watch, unsigned ready)
{
    watch->ready |= (uint8_t)ready;
    schedule_add(&watch->set->schedule, &watch->entry);
}

static void serve(struct watch *watch, unsigned ready)
{
    struct watch_set *set = watch->set;
    struct watch_turn turn = call(watch, ready);
    if (WSL_UNLIKELY(watch->closed || watch->entry.queued))
        return;
    schedule_note(&watch->entry, turn.moved, turn.more);
    if (WSL_UNLIKELY(turn.more))
        wait_for_turn(watch, WATCH_READ);
    else if (WSL_UNLIKELY(schedule_has_bulk(&set->schedule)) && !watch->patient)
        set->pressed_until = uv_now(watch_set_loop(set)) + PRESSED_MS;
    choose_lane(watch);
}

/* False: nobody waits. */
static bool serve_patient(struct watch_set *set)
{
    struct schedule_entry *entry = schedule_next(&set->schedule);
    if (!entry)
        return false;
    struct watch *watch = WSL_CONTAINER(entry, struct watch, entry);
    struct watch_turn turn = {0};
    unsigned ready = watch->ready;
    watch->ready = 0;
    if (!watch->closed)
        turn = call(watch, ready);
    bool more = turn.more && !watch->closed;
    schedule_done(&set->schedule, entry, turn.moved, more);
    if (watch->closed) {
        release(watch);
        return true;
    }
    watch->ready |= more ? WATCH_READ : 0;
    choose_lane(watch);
    return true;
}

/* Serves what is interactive and ready; what is patient and ready gets in line. */
static void look(struct watch_set *set, const struct watch_lane *lane, int most)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(lane->epoll, events, most, 0);
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        if (watch->closed)
            continue;
        if (watch->patient || watch->entry.queued)
            wait_for_turn(watch, ready_of(events[i].events));
        else
            serve(watch, ready_of(events[i].events));
    }
}

static void serve_all(struct watch_set *set)
{
    set->serving = true;
    look(set, &set->interactive, schedule_has_bulk(&set->schedule) ? EVENTS_SOME : EVENTS_MAX);
    for (int turns = 0; turns < PATIENT_TURNS && serve_patient(set); turns++)
        look(set, &set->interactive, EVENTS_SOME);
    set->serving = false;
    free_closed(set);
}

static void interactive_cb(uv_poll_t *poll, int status, int poll_events)
{
    (void)status;
    (void)poll_events;
    serve_all(WSL_CONTAINER(poll, struct watch_set, interactive.poll));
}

static void patient_cb(uv_poll_t *poll, int status, int poll_events)
{
    struct watch_set *set = WSL_CONTAINER(poll, struct watch_set, patient.poll);
    (void)status;
    (void)poll_events;
    look(set, &set->patient, EVENTS_MAX);
    serve_all(set);
}

/* ---- sets ---- */

static bool open_lane(struct watch_lane *lane, uv_loop_t *loop, uv_poll_cb callback)
{
    lane->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (lane->epoll < 0)
        return false;
    if (uv_poll_init(loop, &lane->poll, lane->epoll) == 0) {
        uv_poll_start(&lane->poll, UV_READABLE, callback);
        return true;
    }
    close(lane->epoll);
    return false;
}

static void close_lane(struct watch_lane *lane)
{
    uv_close((uv_handle_t *)&lane->poll, NULL);
    close(lane->epoll);
}

bool watch_set_open(struct watch_set *set, uv_loop_t *loop)
{
    *set = (struct watch_set){0};
    list_init(&set->holders);
    if (!open_lane(&set->interactive, loop, interactive_cb))
        return false;
    if (open_lane(&set->patient, loop, patient_cb))
        return true;
    close_lane(&set->interactive);
    return false;
}

uv_loop_t *watch_set_loop(const struct watch_set *set)
{
    return set->interactive.poll.loop;
}

void watch_set_ref(struct watch_set *set)
{
    uv_ref((uv_handle_t *)&set->interactive.poll);
    uv_ref((uv_handle_t *)&set->patient.poll);
}

void watch_set_unref(struct watch_set *set)
{
    uv_unref((uv_handle_t *)&set->interactive.poll);
    uv_unref((uv_handle_t *)&set->patient.poll);
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
    for (struct schedule_entry *entry; (entry = schedule_next(&set->schedule)) != NULL;) {
        schedule_done(&set->schedule, entry, 0, false);
        release(WSL_CONTAINER(entry, struct watch, entry));
    }
    close_lane(&set->interactive);
    close_lane(&set->patient);
}

static struct watch *add(const struct watch *with)
{
    struct watch *watch = malloc(sizeof(*watch));
    if (!watch)
        return NULL;
    *watch = *with;
    if (update_epoll(watch, EPOLL_CTL_ADD, events_for(watch)))
        return watch;
    free(watch);
    return NULL;
}

struct watch *watch_open(struct watch_set *set, int fd, unsigned want, watch_cb *callback,
                         void *owner)
{
    return add(&(struct watch){
        .set = set, .callback = callback, .owner = owner, .fd = fd, .want = (uint8_t)want});
}

struct watch *watch_open_opening(struct watch_set *set, int fd, unsigned want, watch_cb *callback,
                                 void *owner)
{
    struct watch watch = {
        .set = set, .callback = callback, .owner = owner, .fd = fd, .want = (uint8_t)want};
    schedule_begin_opening(&watch.entry);
    watch.patient = true;
    return add(&watch);
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
    if (poll(&poll_fd, 1, 0) <= 0)
        return;
    struct watch_set *set = watch->set;
    bool serving = set->serving;
    set->serving = true;
    serve(watch, ready_of(events_of(poll_fd.revents)));
    set->serving = serving;
    if (!serving)
        free_closed(set);
}

void watch_moved(struct watch *watch, size_t bytes, bool more)
{
    if (!watch)
        return;
    watch->set->turn.moved += bytes;
    watch->set->turn.more |= more;
}

bool watch_is_bulk(const struct watch *watch)
{
    return watch && schedule_class(&watch->entry) == SCHEDULE_CLASS_BULK;
}

void watch_close(struct watch *watch)
{
    if (!watch)
        return;
    /*
     * close() alone does not end the watch: epoll watches the open file, which a process that takes
     * over, or a child between fork and exec, may hold as well.
     */
    (void)epoll_ctl(epoll_of(watch), EPOLL_CTL_DEL, watch->fd, NULL);
    watch->closed = true;
    if (!watch->entry.queued)
        release(watch);
}
