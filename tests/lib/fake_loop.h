/*
 * The functions of libuv that the code under test calls, on a clock that only the test moves.
 * Nothing sleeps and no thread runs: fake_loop_turn does one turn of all loops, and the work of the
 * thread pool unless it is paused. A use of a handle that libuv forbids ends the program.
 *
 * A program that includes this is linked with session_lab.cmake.
 *
 * Owns: the tables below. Thread: one. Errors: assertions. Lifetime: static; fake_loop_reset clears
 * it; one include per program.
 */
#ifndef WSLUICE_TESTS_FAKE_LOOP_H
#define WSLUICE_TESTS_FAKE_LOOP_H

#include <arpa/inet.h>
#include <netdb.h>
#include <time.h>

#include <uv.h>

#include "base/base.h"

#define FAKE_LOOP_START   1000000u    /* milliseconds */
#define FAKE_LOOP_EPOCH   1700000000u /* seconds: time() at the start */
#define FAKE_LOOP_HANDLES 512
#define FAKE_LOOP_TASKS   128
#define FAKE_LOOP_POLLS   4
#define FAKE_LOOP_ASYNCS  4
#define FAKE_LOOP_NAMES   4 /* addresses in one answer */

struct fake_loop_timer {
    uv_timer_t *handle;
    uv_timer_cb callback;
    uint64_t due, order;
    bool active;
};

/* Work for the pool, or a name to look up. */
struct fake_loop_task {
    uv_req_t *request; /* NULL: free */
    uv_work_cb work;   /* NULL: a name */
    uv_after_work_cb after;
    uv_getaddrinfo_cb named;
    enum { FAKE_LOOP_QUEUED, FAKE_LOOP_DONE } state;
    int status;
    uint64_t order;
    uint8_t answer; /* of a name, see fake_loop_answer */
    struct addrinfo list[FAKE_LOOP_NAMES];
    struct sockaddr_in6 addresses[FAKE_LOOP_NAMES];
    bool freed;
};

static struct {
    uint64_t now, order;
    uint64_t progress;       /* counts timers, callbacks, bytes moved, descriptors made or closed */
    bool target_pool_paused; /* pool and resolver run only fake_loop_run_nth_task */
    uint8_t answers;         /* of names from now on, see fake_loop_answer */
    size_t timer_count, closing_count;
    struct fake_loop_timer timers[FAKE_LOOP_HANDLES];
    struct {
        uv_handle_t *handle;
        uv_close_cb callback;
    } closing[FAKE_LOOP_HANDLES];
    struct fake_loop_task tasks[FAKE_LOOP_TASKS];
    struct {
        uv_poll_t *handle; /* NULL: free */
        uv_poll_cb callback;
        int fd;
    } polls[FAKE_LOOP_POLLS];
    struct {
        uv_async_t *handle; /* NULL: free */
        uv_async_cb callback;
        bool sent;
    } asyncs[FAKE_LOOP_ASYNCS];
    /* True: the epoll instance has an event. */
    bool (*is_ready)(int fd);
} fake_loop;

static inline void fake_loop_reset(void)
{
    fake_loop.now = FAKE_LOOP_START;
    fake_loop.order = fake_loop.progress = 0;
    fake_loop.target_pool_paused = false;
    fake_loop.answers = 0;
    wsl_assert(fake_loop.timer_count == 0 && fake_loop.closing_count == 0);
}

/* ---- the clock ---- */

uint64_t __wrap_uv_now(const uv_loop_t *loop);
uint64_t __wrap_uv_hrtime(void);
time_t __wrap_time(time_t *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
    (void)loop;
    return fake_loop.now;
}

uint64_t __wrap_uv_hrtime(void)
{
    return fake_loop.now * 1000000;
}

time_t __wrap_time(time_t *out)
{
    time_t now = (time_t)(FAKE_LOOP_EPOCH + (fake_loop.now - FAKE_LOOP_START) / 1000);
    if (out)
        *out = now;
    return now;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    (void)clock;
    *out = (struct timespec){__wrap_time(NULL), (long)(fake_loop.now % 1000) * 1000000};
    return 0;
}

/* ---- timers and other handles ---- */

int __wrap_uv_timer_init(uv_loop_t *loop, uv_timer_t *handle);
int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb callback, uint64_t after,
                          uint64_t repeat);
int __wrap_uv_timer_stop(uv_timer_t *handle);
int __wrap_uv_is_active(const uv_handle_t *handle);
int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback);
int __wrap_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb callback);
int __wrap_uv_async_send(uv_async_t *handle);
void __wrap_uv_close(uv_handle_t *handle, uv_close_cb callback);

static inline struct fake_loop_timer *fake_loop_timer(const void *handle)
{
    for (size_t i = 0; i < fake_loop.timer_count; i++)
        if ((const void *)fake_loop.timers[i].handle == handle)
            return &fake_loop.timers[i];
    return NULL;
}

static inline bool fake_loop_is_armed(const uv_timer_t *handle)
{
    const struct fake_loop_timer *timer = fake_loop_timer(handle);
    return timer && timer->active;
}

int __wrap_uv_timer_init(uv_loop_t *loop, uv_timer_t *handle)
{
    wsl_assert(!fake_loop_timer(handle) && fake_loop.timer_count < FAKE_LOOP_HANDLES);
    handle->loop = loop;
    fake_loop.timers[fake_loop.timer_count++] = (struct fake_loop_timer){.handle = handle};
    return 0;
}

int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb callback, uint64_t after, uint64_t repeat)
{
    struct fake_loop_timer *timer = fake_loop_timer(handle);
    wsl_assert(timer && repeat == 0); /* a closed or uninitialised handle, or a repeat */
    timer->callback = callback;
    timer->due = fake_loop.now + after;
    timer->order = fake_loop.order++;
    timer->active = true;
    return 0;
}

int __wrap_uv_timer_stop(uv_timer_t *handle)
{
    struct fake_loop_timer *timer = fake_loop_timer(handle);
    wsl_assert(timer);
    timer->active = false;
    return 0;
}

int __wrap_uv_is_active(const uv_handle_t *handle)
{
    const struct fake_loop_timer *timer = fake_loop_timer(handle);
    wsl_assert(timer);
    return timer->active;
}

int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd)
{
    size_t i = 0;
    while (i < FAKE_LOOP_POLLS && fake_loop.polls[i].handle)
        i++;
    wsl_assert(i < FAKE_LOOP_POLLS);
    handle->loop = loop;
    fake_loop.polls[i].handle = handle;
    fake_loop.polls[i].callback = NULL;
    fake_loop.polls[i].fd = fd;
    return 0;
}

int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback)
{
    wsl_assert(events == UV_READABLE);
    for (size_t i = 0; i < FAKE_LOOP_POLLS; i++)
        if (fake_loop.polls[i].handle == handle)
            fake_loop.polls[i].callback = callback;
    return 0;
}

static inline bool fake_loop_drop_poll(const uv_handle_t *handle)
{
    for (size_t i = 0; i < FAKE_LOOP_POLLS; i++) {
        if ((void *)fake_loop.polls[i].handle != (const void *)handle)
            continue;
        fake_loop.polls[i].handle = NULL;
        return true;
    }
    return false;
}

int __wrap_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb callback)
{
    size_t i = 0;
    while (i < FAKE_LOOP_ASYNCS && fake_loop.asyncs[i].handle)
        i++;
    wsl_assert(i < FAKE_LOOP_ASYNCS);
    handle->loop = loop;
    fake_loop.asyncs[i].handle = handle;
    fake_loop.asyncs[i].callback = callback;
    fake_loop.asyncs[i].sent = false;
    return 0;
}

int __wrap_uv_async_send(uv_async_t *handle)
{
    for (size_t i = 0; i < FAKE_LOOP_ASYNCS; i++)
        if (fake_loop.asyncs[i].handle == handle)
            fake_loop.asyncs[i].sent = true;
    return 0;
}

static inline bool fake_loop_drop_async(const uv_handle_t *handle)
{
    for (size_t i = 0; i < FAKE_LOOP_ASYNCS; i++) {
        if ((const void *)fake_loop.asyncs[i].handle != (const void *)handle)
            continue;
        fake_loop.asyncs[i].handle = NULL;
        fake_loop.asyncs[i].sent = false;
        return true;
    }
    return false;
}

/* True: at least one ran. */
static inline bool fake_loop_run_asyncs(void)
{
    bool woken = false;
    for (size_t i = 0; i < FAKE_LOOP_ASYNCS; i++) {
        if (!fake_loop.asyncs[i].sent)
            continue;
        fake_loop.asyncs[i].sent = false;
        fake_loop.progress++;
        fake_loop.asyncs[i].callback(fake_loop.asyncs[i].handle);
        woken = true;
    }
    return woken;
}

void __wrap_uv_close(uv_handle_t *handle, uv_close_cb callback)
{
    struct fake_loop_timer *timer = fake_loop_timer(handle);
    if (timer)
        *timer = fake_loop.timers[--fake_loop.timer_count];
    else
        wsl_assert(fake_loop_drop_poll(handle) || fake_loop_drop_async(handle)); /* closed twice */
    wsl_assert(fake_loop.closing_count < FAKE_LOOP_HANDLES);
    fake_loop.closing[fake_loop.closing_count].handle = handle;
    fake_loop.closing[fake_loop.closing_count++].callback = callback;
}

/* ---- the pool ---- */

int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb work,
                         uv_after_work_cb after);
int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb callback,
                          const char *node, const char *service, const struct addrinfo *hints);
void __wrap_uv_freeaddrinfo(struct addrinfo *list);
int __wrap_uv_cancel(uv_req_t *request);

static inline struct fake_loop_task *fake_loop_task(uv_req_t *request)
{
    struct fake_loop_task *task = fake_loop.tasks;
    while (task->request) {
        task++;
        wsl_assert(task < fake_loop.tasks + FAKE_LOOP_TASKS);
    }
    task->request = request;
    task->work = NULL;
    task->state = FAKE_LOOP_QUEUED;
    task->status = 0;
    task->order = fake_loop.order++;
    task->freed = true;
    return task;
}

int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb work,
                         uv_after_work_cb after)
{
    struct fake_loop_task *task = fake_loop_task((uv_req_t *)request);
    request->loop = loop;
    task->work = work;
    task->after = after;
    return 0;
}

int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb callback,
                          const char *node, const char *service, const struct addrinfo *hints)
{
    (void)service;
    (void)hints;
    /* The limit of libuv: 256 bytes for IDNA. */
    if (strlen(node) > 255)
        return UV_EINVAL;
    struct fake_loop_task *task = fake_loop_task((uv_req_t *)request);
    request->loop = loop;
    task->named = callback;
    task->answer = fake_loop.answers;
    return 0;
}

void __wrap_uv_freeaddrinfo(struct addrinfo *list)
{
    if (!list)
        return;
    struct fake_loop_task *task = WSL_CONTAINER(list, struct fake_loop_task, list[0]);
    wsl_assert(!task->freed);
    task->freed = true;
}

int __wrap_uv_cancel(uv_req_t *request)
{
    for (size_t i = 0; i < FAKE_LOOP_TASKS; i++) {
        struct fake_loop_task *task = &fake_loop.tasks[i];
        if (task->request != request)
            continue;
        if (task->state == FAKE_LOOP_DONE)
            return UV_EBUSY;
        task->state = FAKE_LOOP_DONE;
        task->status = task->work ? UV_ECANCELED : UV_EAI_CANCELED;
        return 0;
    }
    wsl_assert(!"cancelled after its end");
    return UV_EINVAL;
}

/* Bits 0 and 1: number of addresses minus one. Bit 2: IPv6 and IPv4 alternate. Bit 3: failure. */
static inline struct addrinfo *fake_loop_answer(struct fake_loop_task *task)
{
    size_t count = (task->answer & 3u) + 1;
    task->freed = false;
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in6 *v6 = &task->addresses[i];
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)v6;
        bool is_v6 = (task->answer & 4u) && i % 2 == 0;
        memset(v6, 0, sizeof(*v6));
        if (is_v6) {
            v6->sin6_family = AF_INET6;
            v6->sin6_addr.s6_addr[0] = 0xfd;
            v6->sin6_addr.s6_addr[15] = (uint8_t)(i + 1);
        } else {
            v4->sin_family = AF_INET;
            v4->sin_addr.s_addr = htonl(0x0A090000u + (uint32_t)i + 1);
        }
        task->list[i] = (struct addrinfo){
            .ai_family = is_v6 ? AF_INET6 : AF_INET,
            .ai_addr = (struct sockaddr *)v6,
            .ai_next = i + 1 < count ? &task->list[i + 1] : NULL,
        };
    }
    return task->list;
}

static inline void fake_loop_run_task(struct fake_loop_task *task)
{
    if (task->state != FAKE_LOOP_QUEUED)
        return;
    task->state = FAKE_LOOP_DONE;
    if (task->work)
        task->work((uv_work_t *)task->request);
    else if (task->answer & 8u)
        task->status = UV_EAI_AGAIN;
}

/* Runs the n-th queued task; its loop gets the result in the next turn. */
static inline void fake_loop_run_nth_task(size_t n)
{
    for (size_t i = 0; i < FAKE_LOOP_TASKS; i++)
        if (fake_loop.tasks[i].request && fake_loop.tasks[i].state == FAKE_LOOP_QUEUED && n-- == 0)
            fake_loop_run_task(&fake_loop.tasks[i]);
}

/* Runs the callback of the oldest finished task. False: none. */
static inline bool fake_loop_complete_one(void)
{
    struct fake_loop_task *oldest = NULL;
    for (size_t i = 0; i < FAKE_LOOP_TASKS; i++) {
        struct fake_loop_task *task = &fake_loop.tasks[i];
        if (task->request && task->state == FAKE_LOOP_DONE &&
            (!oldest || task->order < oldest->order))
            oldest = task;
    }
    if (!oldest)
        return false;
    uv_req_t *request = oldest->request;
    fake_loop.progress++;
    if (oldest->work) {
        oldest->request = NULL;
        oldest->after((uv_work_t *)request, oldest->status);
        return true;
    }
    struct addrinfo *list = oldest->status == 0 ? fake_loop_answer(oldest) : NULL;
    /* In use until the callback returns: the answer is part of it. */
    oldest->request = (uv_req_t *)(void *)&fake_loop;
    oldest->state = FAKE_LOOP_QUEUED;
    oldest->named((uv_getaddrinfo_t *)request, oldest->status, list);
    wsl_assert(oldest->freed);
    oldest->request = NULL;
    return true;
}

/* ---- turns ---- */

/* The first timer that is due at that time; NULL: none. */
static inline struct fake_loop_timer *fake_loop_due(uint64_t at)
{
    struct fake_loop_timer *first = NULL;
    for (size_t i = 0; i < fake_loop.timer_count; i++) {
        struct fake_loop_timer *timer = &fake_loop.timers[i];
        if (timer->active && timer->due <= at &&
            (!first || timer->due < first->due ||
             (timer->due == first->due && timer->order < first->order)))
            first = timer;
    }
    return first;
}

/* When the next timer is due; UINT64_MAX: no timer. */
static inline uint64_t fake_loop_next(void)
{
    const struct fake_loop_timer *timer = fake_loop_due(UINT64_MAX - 1);
    return timer ? timer->due : UINT64_MAX;
}

static inline void fake_loop_run_timers(void)
{
    uint64_t newest = fake_loop.order;
    struct fake_loop_timer *timer;
    while ((timer = fake_loop_due(fake_loop.now)) && timer->order < newest) {
        timer->active = false;
        fake_loop.progress++;
        timer->callback(timer->handle);
    }
}

static inline void fake_loop_run_closing(void)
{
    size_t count = fake_loop.closing_count;
    for (size_t i = 0; i < count; i++) {
        fake_loop.progress++;
        if (fake_loop.closing[i].callback)
            fake_loop.closing[i].callback(fake_loop.closing[i].handle);
    }
    fake_loop.closing_count -= count;
    memmove(fake_loop.closing, fake_loop.closing + count,
            fake_loop.closing_count * sizeof(fake_loop.closing[0]));
}

/* One turn of every loop. True: work may be left that needs no time to pass. */
static inline bool fake_loop_turn(void)
{
    bool more = false;
    fake_loop_run_timers();
    for (size_t i = 0; i < FAKE_LOOP_TASKS && !fake_loop.target_pool_paused; i++)
        if (fake_loop.tasks[i].request)
            fake_loop_run_task(&fake_loop.tasks[i]);
    while (fake_loop_complete_one())
        more = true;
    more = fake_loop_run_asyncs() || more;
    for (size_t i = 0; i < FAKE_LOOP_POLLS; i++) {
        if (!fake_loop.polls[i].handle || !fake_loop.is_ready(fake_loop.polls[i].fd))
            continue;
        fake_loop.polls[i].callback(fake_loop.polls[i].handle, 0, UV_READABLE);
        more = true;
    }
    more = more || fake_loop.closing_count > 0;
    fake_loop_run_closing();
    return more || fake_loop_due(fake_loop.now);
}

#endif
