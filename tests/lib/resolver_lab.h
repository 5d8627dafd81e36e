/*
 * A resolver over a fake getaddrinfo and a fake clock: the test counts, delays, hangs and fails
 * look-ups; for the tests of net/connect/resolve and lookup.
 *
 * Include lib/failing_alloc.h in the test that needs it, and call resolver_lab_threads in main.
 *
 * Owns: the loop between set_up and tear_down. Thread: one, and libuv's pool. Errors: the test
 * fails. Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_RESOLVER_LAB_H
#define WSLUICE_TESTS_LIB_RESOLVER_LAB_H

#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "base/monotonic.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"

static uv_loop_t loop;
static struct work_lab lab;
static struct resolver *resolver;
static const struct lookup_source configured;

/* ---- the fake getaddrinfo ---- */

static atomic_uint lookups, address;
static atomic_bool failing, empty;
static uv_sem_t answers;   /* each look-up waits for one post */
static uv_sem_t hang_ends; /* look-ups of "dead..." wait for one post, and fail */
static atomic_uint hanging;
static uint64_t clock_ms;

/* In place of base/monotonic.c. */
uint64_t monotonic_ms(void)
{
    return clock_ms;
}

struct made_address {
    struct addrinfo info;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

static inline struct addrinfo *make(int family, unsigned number, struct addrinfo *next)
{
    struct made_address *made = calloc(1, sizeof(*made));
    made->any.sa_family = (sa_family_t)family;
    if (family == AF_INET6)
        made->v6.sin6_addr.s6_addr[15] = (uint8_t)number;
    else
        made->v4.sin_addr.s_addr = htonl(0xc0000200 + number);
    made->info = (struct addrinfo){.ai_family = family, .ai_addr = &made->any, .ai_next = next};
    made->info.ai_addrlen = family == AF_INET6 ? sizeof(made->v6) : sizeof(made->v4);
    return &made->info;
}

/* Called by libuv's threads. "many" has twenty addresses of both families, "six" three of IPv4. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    atomic_fetch_add(&lookups, 1);
    if (strncmp(name, "dead", 4) == 0) {
        atomic_fetch_add(&hanging, 1);
        uv_sem_wait(&hang_ends);
        atomic_fetch_sub(&hanging, 1);
        return EAI_AGAIN;
    }
    uv_sem_wait(&answers);
    if (atomic_load(&failing))
        return EAI_AGAIN;
    *list = NULL;
    if (atomic_load(&empty))
        return 0;
    unsigned v6 = strcmp(name, "many") == 0 ? 10 : strcmp(name, "six") == 0 ? 17 : 0;
    if (v6 == 0)
        *list = make(AF_INET, atomic_load(&address), NULL);
    for (unsigned i = 20; v6 > 0 && i > 0; i--)
        *list = make(i <= v6 ? AF_INET6 : AF_INET, i, *list);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static inline void release_lookups(unsigned count)
{
    while (count-- > 0)
        uv_sem_post(&answers);
}

static unsigned outstanding; /* queries without an answer */

/* ---- the loop ---- */

static inline int set_up(void **unused)
{
    atomic_store(&lookups, 0);
    atomic_store(&address, 1);
    atomic_store(&failing, false);
    atomic_store(&empty, false);
    atomic_store(&hanging, 0);
    clock_ms = 1000;
    outstanding = 0;
    assert_int_equal(uv_sem_init(&answers, 0), 0);
    assert_int_equal(uv_sem_init(&hang_ends, 0), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    assert_non_null(resolver);
    return 0;
}

static inline int tear_down(void **unused)
{
    resolve_close(resolver);
    uv_run(&loop, UV_RUN_DEFAULT);
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    uv_sem_destroy(&answers);
    uv_sem_destroy(&hang_ends);
    return 0;
}

struct caller {
    struct resolve_question query;
    unsigned calls;
    struct lookup_result answer;
    struct caller *then_cancels; /* by its callback */
    const char *then_resolves;   /* likewise */
};

static inline void cancel(struct caller *caller)
{
    outstanding--;
    resolve_cancel(&caller->query);
}

static inline void answered(struct resolve_question *query, const struct lookup_result *answer)
{
    struct caller *caller = WSL_CONTAINER(query, struct caller, query);
    caller->calls++;
    caller->answer = *answer;
    outstanding--;
    if (caller->then_cancels)
        cancel(caller->then_cancels);
    const char *again = caller->then_resolves;
    caller->then_resolves = NULL;
    const struct lookup_result *known =
        again ? resolve_name(resolver, again, &configured, query) : NULL;
    outstanding += again && !known;
    if (known) {
        caller->calls++;
        caller->answer = *known;
    }
}

/* True: answered at once. */
static inline bool resolve_as(struct caller *caller, const char *name,
                              const struct lookup_source *origin)
{
    caller->query.callback = answered;
    const struct lookup_result *answer = resolve_name(resolver, name, origin, &caller->query);
    outstanding += !answer;
    if (!answer)
        return false;
    caller->calls++;
    caller->answer = *answer;
    return true;
}

static inline bool resolve(struct caller *caller, const char *name)
{
    return resolve_as(caller, name, &configured);
}

/* Resolves a name that comes from this client's request. */
static inline bool request(struct caller *caller, const char *name, uint64_t client)
{
    return resolve_as(caller, name, &(struct lookup_source){true, client});
}

static inline unsigned last_number(const struct caller *caller)
{
    assert_int_equal(caller->answer.reason, REASON_none);
    assert_true(caller->answer.count > 0);
    return ntohl(caller->answer.addresses[0].v4.sin_addr.s_addr) & 0xff;
}

/* One turn of the loop, which waits for something to happen. */
static inline void turn(void)
{
    uv_ref((uv_handle_t *)&lab.mailbox.wake);
    uv_run(&loop, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&lab.mailbox.wake);
}

/* Until every query is answered and abandoned look-ups have ended. */
static inline void run(void)
{
    while (outstanding > 0)
        turn();
    uv_run(&loop, UV_RUN_DEFAULT);
}

static inline void until_hang(unsigned count)
{
    while (atomic_load(&hanging) != count)
        uv_sleep(1);
}

static inline void let_time_pass(uint64_t milliseconds)
{
    uv_sleep((unsigned)milliseconds);
    uv_update_time(&loop);
}

/* Sets the number of threads that the shares of the pool need. */
static inline void resolver_lab_threads(void)
{
    char threads[8];
    snprintf(threads, sizeof(threads), "%d", WORK_THREADS);
    setenv("UV_THREADPOOL_SIZE", threads, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
