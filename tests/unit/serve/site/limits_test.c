#include "serve/site/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "core/access/limiter.h"
#include "lib/failing_alloc.h"

static const struct config_limits off = {0};

static struct limits *create(void)
{
    struct limits *limits = limits_create(LIMITER_CAPACITY);
    assert_non_null(limits);
    return limits;
}

static struct limits_counter *counter(struct limits *limits, enum limits_kind kind,
                                      const char *name)
{
    struct limits_counter *found = limits_counter_get(limits, kind, name);
    assert_non_null(found);
    return found;
}

static enum reason begin_and_enter(struct limits *limits, struct limits_usage *usage,
                                   uint32_t process_limit, struct limits_counter *listener,
                                   uint32_t listener_limit)
{
    assert_true(limits_reserve(limits, usage, 2, 0));
    return limits_enter(usage, process_limit, listener, listener_limit);
}

static void address_of(uint32_t number, uint8_t address[static IP_BYTES])
{
    uint8_t octets[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                         (uint8_t)number};
    ip_from_v4(octets, address);
}

static void test_process_and_listener(void **state)
{
    struct limits *limits = create();
    struct limits_counter *a = counter(limits, LIMITS_LISTENER, "a"),
                          *b = counter(limits, LIMITS_LISTENER, "b");
    struct limits_usage usages[5];
    assert_int_equal(begin_and_enter(limits, &usages[0], 4, a, 2), REASON_none);
    assert_int_equal(begin_and_enter(limits, &usages[1], 4, a, 2), REASON_none);
    assert_int_equal(begin_and_enter(limits, &usages[2], 4, a, 2), REASON_too_many_listener);
    assert_int_equal(limits_count(limits), 3); /* it stays open for the refusal */
    assert_int_equal(limits_counter_count(a), 2);
    assert_int_equal(begin_and_enter(limits, &usages[3], 4, b, 2), REASON_none);
    assert_int_equal(begin_and_enter(limits, &usages[4], 4, b, 2), REASON_too_many_process);
    limits_leave(&usages[4]);
    assert_int_equal(limits_count(limits), 4);
    limits_leave(&usages[0]);
    limits_leave(&usages[0]);
    assert_int_equal(limits_count(limits), 3);
    assert_int_equal(begin_and_enter(limits, &usages[0], 4, a, 2), REASON_none);
    assert_int_equal(begin_and_enter(limits, &usages[4], 0, a, 0), REASON_none); /* limits lifted */
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        limits_leave(&usages[i]);
    assert_int_equal(limits_count(limits) + limits_counter_count(a) + limits_counter_count(b), 0);
    limits_counter_release(limits, a);
    limits_counter_release(limits, b);
    limits_destroy(limits);
}

/* A connection reserves all descriptors that it may use, and releases them at its end. */
static void test_descriptors(void **state)
{
    struct limits *limits = create();
    struct limits_usage usages[3];
    assert_true(limits_reserve(limits, &usages[0], 3, 5));
    assert_false(limits_reserve(limits, &usages[1], 3, 5));
    limits_leave(&usages[1]); /* empty: nothing happens */
    assert_true(limits_reserve(limits, &usages[1], 2, 5));
    assert_false(limits_reserve(limits, &usages[2], 1, 5));
    limits_detach_descriptor(&usages[0]); /* a recording that is still written */
    limits_leave(&usages[0]);
    assert_false(limits_reserve(limits, &usages[2], 3, 5));
    limits_release_descriptor(limits);
    assert_true(limits_reserve(limits, &usages[2], 3, 5));
    limits_leave(&usages[1]);
    limits_leave(&usages[2]);
    assert_true(limits_reserve(limits, &usages[0], 5, 5));
    limits_leave(&usages[0]);
    limits_destroy(limits);
}

static void test_operators_have_a_count_of_their_own(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_OPERATORS, "ops");
    struct limits_usage usages[3], client;
    assert_true(limits_reserve(limits, &client, 2, 2));
    assert_true(limits_enter_operators(limits, &usages[0], listener, 2));
    assert_true(limits_enter_operators(limits, &usages[1], listener, 2));
    assert_false(limits_enter_operators(limits, &usages[2], listener, 2));
    limits_leave(&usages[2]);
    assert_int_equal(limits_counter_count(listener), 2);
    assert_int_equal(limits_count(limits), 0);
    limits_leave(&usages[0]);
    assert_true(limits_enter_operators(limits, &usages[2], listener, 2));
    limits_leave(&usages[1]);
    limits_leave(&usages[2]);
    limits_leave(&client);
    limits_counter_release(limits, listener);
    limits_destroy(limits);
}

static void test_places_over_the_limit(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "a");
    struct limits_usage usages[3] = {{0}};
    assert_true(limits_enter_over_limit(limits, &usages[0], 2)); /* before it was accepted */
    assert_int_equal(begin_and_enter(limits, &usages[1], 0, listener, 0), REASON_none);
    assert_true(limits_enter_over_limit(limits, &usages[1], 2));
    assert_false(limits_enter_over_limit(limits, &usages[2], 2));
    limits_leave(&usages[2]);
    limits_leave(&usages[0]);
    assert_false(limits_enter_over_limit(limits, &usages[2], 0));
    assert_true(limits_enter_over_limit(limits, &usages[2], 2));
    limits_leave(&usages[1]);
    limits_leave(&usages[2]);
    limits_counter_release(limits, listener);
    limits_destroy(limits);
}

static void test_route(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "a");
    struct limits_counter *route = counter(limits, LIMITS_ROUTE, "a");
    struct limits_usage usages[3];
    assert_ptr_not_equal(listener, route);
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        assert_int_equal(begin_and_enter(limits, &usages[i], 0, listener, 0), REASON_none);
    assert_int_equal(limits_enter_route(&usages[0], route, 1), REASON_none);
    assert_int_equal(limits_enter_route(&usages[1], route, 1), REASON_too_many_route);
    limits_leave(&usages[1]);
    assert_int_equal(limits_enter_route(&usages[2], route, 2), REASON_none);
    assert_int_equal(limits_counter_count(route), 2);
    limits_leave(&usages[0]);
    limits_leave(&usages[2]);
    assert_int_equal(limits_counter_count(route), 0);
    limits_counter_release(limits, route);
    limits_counter_release(limits, listener);
    limits_destroy(limits);
}

static void test_user(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "a");
    struct limits_counter *route = counter(limits, LIMITS_ROUTE, "a");
    struct limits_usage usages[6];
    for (size_t i = 0; i < WSL_COUNT(usages); i++) {
        assert_int_equal(begin_and_enter(limits, &usages[i], 0, listener, 0), REASON_none);
        assert_int_equal(limits_enter_route(&usages[i], route, 0), REASON_none);
    }
    assert_int_equal(limits_enter_user(&usages[0], "a", "ann", 2), REASON_none);
    assert_int_equal(limits_enter_user(&usages[1], "a", "ann", 2), REASON_none);
    assert_int_equal(limits_enter_user(&usages[2], "a", "ann", 2), REASON_too_many_user);
    assert_int_equal(limits_enter_user(&usages[2], "a", "bob", 2), REASON_none);
    assert_int_equal(limits_enter_user(&usages[3], "b", "ann", 1), REASON_none);
    assert_int_equal(limits_enter_user(&usages[4], "aa", "nn", 1), REASON_none);
    limits_leave_route(&usages[0]); /* it did not open */
    assert_int_equal(limits_enter_user(&usages[5], "a", "ann", 2), REASON_none);
    assert_int_equal(limits_counter_count(route), 5);
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        limits_leave(&usages[i]);
    limits_counter_release(limits, listener);
    limits_counter_release(limits, route);
    limits_destroy(limits); /* it aborts if a counter of a user is left */
}

static void test_user_without_memory(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "a");
    struct limits_counter *route = counter(limits, LIMITS_ROUTE, "a");
    struct limits_usage usage;
    assert_int_equal(begin_and_enter(limits, &usage, 0, listener, 0), REASON_none);
    assert_int_equal(limits_enter_route(&usage, route, 0), REASON_none);
    for (unsigned n = 1; n < 3; n++) {
        failing_alloc_arm(n);
        assert_int_equal(limits_enter_user(&usage, "a", "ann", 1), REASON_out_of_memory);
        assert_true(failing_alloc_disarm());
    }
    assert_int_equal(limits_enter_user(&usage, "a", "ann", 1), REASON_none);
    limits_leave(&usage);
    limits_counter_release(limits, listener);
    limits_counter_release(limits, route);
    limits_destroy(limits);
}

static void test_only_one(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "l");
    struct limits_counter *route = counter(limits, LIMITS_ROUTE, "r");
    struct limits_usage usages[3];
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        assert_int_equal(begin_and_enter(limits, &usages[i], 0, listener, 0), REASON_none);
    limits_allow_one_session(limits);
    assert_int_equal(limits_enter_route(&usages[0], route, 0), REASON_none);
    assert_int_equal(limits_enter_route(&usages[1], route, 0), REASON_shutdown);
    limits_leave_route(&usages[0]); /* its target was down */
    assert_false(limits_has_had_session(limits));
    assert_int_equal(limits_enter_route(&usages[1], route, 0), REASON_none);
    assert_int_equal(limits_enter_route(&usages[2], route, 1), REASON_shutdown);
    limits_leave(&usages[1]); /* the client has closed */
    assert_int_equal(limits_enter_route(&usages[2], route, 0), REASON_none);
    limits_note_session(&usages[2]);
    assert_true(limits_has_had_session(limits));
    limits_leave(&usages[2]);
    assert_int_equal(limits_enter_route(&usages[0], route, 0), REASON_shutdown);
    limits_leave(&usages[0]);
    limits_counter_release(limits, listener);
    limits_counter_release(limits, route);
    limits_destroy(limits);
}

static void test_a_full_route_does_not_cost_the_only_place(void **state)
{
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "l");
    struct limits_counter *full = counter(limits, LIMITS_ROUTE, "full");
    struct limits_counter *route = counter(limits, LIMITS_ROUTE, "r");
    struct limits_usage usages[2];
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        assert_int_equal(begin_and_enter(limits, &usages[i], 0, listener, 0), REASON_none);
    assert_int_equal(limits_enter_route(&usages[0], full, 1), REASON_none);
    limits_allow_one_session(limits);
    assert_int_equal(limits_enter_route(&usages[1], full, 1), REASON_too_many_route);
    assert_int_equal(limits_enter_route(&usages[1], route, 1), REASON_none);
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        limits_leave(&usages[i]);
    limits_counter_release(limits, listener);
    limits_counter_release(limits, full);
    limits_counter_release(limits, route);
    limits_destroy(limits);
}

static void test_address(void **state)
{
    static const struct config_limits configured = {
        .max_connections_per_address = 2, .handshakes_per_second = 1, .handshake_burst = 3};
    struct limits *limits = create();
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "a");
    struct limits_usage usages[4];
    uint8_t address[IP_BYTES];
    address_of(1, address);
    for (size_t i = 0; i < WSL_COUNT(usages); i++)
        assert_int_equal(begin_and_enter(limits, &usages[i], 0, listener, 0), REASON_none);
    assert_int_equal(limits_enter_address(&usages[0], address, &configured, 0), REASON_none);
    assert_int_equal(limits_enter_address(&usages[1], address, &configured, 0), REASON_none);
    assert_int_equal(limits_enter_address(&usages[2], address, &configured, 0),
                     REASON_too_many_address);
    limits_leave(&usages[2]);
    limits_leave(&usages[1]);
    assert_int_equal(limits_enter_address(&usages[3], address, &configured, 0), REASON_none);
    limits_leave(&usages[3]);
    assert_int_equal(begin_and_enter(limits, &usages[3], 0, listener, 0), REASON_none);
    assert_int_equal(limits_enter_address(&usages[3], address, &configured, 0),
                     REASON_rate_limited);
    limits_leave(&usages[3]);
    /* An address that entered while there was no limit leaves without an error. */
    assert_int_equal(begin_and_enter(limits, &usages[3], 0, listener, 0), REASON_none);
    assert_int_equal(limits_enter_address(&usages[3], address, &off, 0), REASON_none);
    limits_leave(&usages[3]);
    limits_leave(&usages[0]);
    assert_int_equal(limits_count(limits), 0);
    limits_counter_release(limits, listener);
    limits_destroy(limits);
}

static void test_the_tables_are_bounded(void **state)
{
    enum { ADDRESSES = 500 };
    static const struct config_limits configured = {.max_connections_per_address = 1};
    static struct limits_usage usages[ADDRESSES];
    struct limits *limits = limits_create(64);
    assert_non_null(limits);
    struct limits_counter *listener = counter(limits, LIMITS_LISTENER, "a");
    unsigned counted = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        uint8_t address[IP_BYTES];
        address_of(i, address);
        assert_int_equal(begin_and_enter(limits, &usages[i], 0, listener, 0), REASON_none);
        assert_int_equal(limits_enter_address(&usages[i], address, &configured, 0), REASON_none);
        counted += usages[i].slot != LIMITER_NOT_COUNTED;
    }
    assert_true(counted <= 64);
    for (uint32_t i = 0; i < ADDRESSES; i++)
        limits_leave(&usages[i]);
    limits_counter_release(limits, listener);
    limits_destroy(limits);
}

static void test_counters_are_shared_by_name(void **state)
{
    enum { NAMES = 3000 };
    static struct limits_counter *old[NAMES];
    struct limits *limits = create();
    struct limits_usage usage;
    char name[16];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "route %u", i);
        old[i] = counter(limits, LIMITS_ROUTE, name);
    }
    assert_int_equal(begin_and_enter(limits, &usage, 0, old[7], 0), REASON_none);
    for (unsigned i = 0; i < NAMES; i += 2) { /* a reload that keeps every other one */
        snprintf(name, sizeof(name), "route %u", i);
        assert_ptr_equal(counter(limits, LIMITS_ROUTE, name), old[i]);
    }
    limits_leave(&usage);
    for (unsigned i = 0; i < NAMES; i++)
        limits_counter_release(limits, old[i]);
    for (unsigned i = 0; i < NAMES; i += 2)
        limits_counter_release(limits, old[i]);
    limits_counter_release(limits, NULL);
    limits_destroy(limits);
}

/* An address that no table can count is admitted, and leaves like any other. */
static void test_no_memory(void **state)
{
    const struct config_limits configured = {.max_connections_per_address = 1};
    const uint8_t address[IP_BYTES] = {[15] = 1};
    unsigned nth = 1;
    for (;; nth++) {
        struct limits_usage usage = {0};
        failing_alloc_arm(nth);
        struct limits *limits = limits_create(64);
        struct limits_counter *listener =
            limits ? limits_counter_get(limits, LIMITS_LISTENER, "a") : NULL;
        if (listener) {
            assert_int_equal(begin_and_enter(limits, &usage, 0, listener, 0), REASON_none);
            assert_int_equal(limits_enter_address(&usage, address, &configured, 0), REASON_none);
        }
        bool failed = failing_alloc_disarm();
        assert_true(failed || listener);
        limits_leave(&usage);
        if (listener)
            limits_counter_release(limits, listener);
        limits_destroy(limits);
        if (!failed)
            break;
    }
    assert_true(nth > 4);
    limits_destroy(NULL);
}

/* ---- threads ---- */

enum {
    THREADS = 4,
    ROUNDS = 4000,
    HELD = 8,
    PROCESS_LIMIT = 24,
    ROUTE_LIMIT = 5,
    USER_LIMIT = 2,
    ADDRESS_LIMIT = 3
};

struct crowd {
    struct limits *limits;
    atomic_uint in_process, in_route, by_address[4], by_user[2];
    atomic_bool overrun;
};

/* Counts independently, between admission and leaving: never more than the limit. */
static void note(struct crowd *crowd, atomic_uint *count, unsigned limit)
{
    if (atomic_fetch_add(count, 1) >= limit)
        atomic_store(&crowd->overrun, true);
}

struct visit {
    struct limits_usage usage;
    atomic_uint *counts[4];
};

static void come(struct crowd *crowd, struct visit *visit, struct limits_counter *listener,
                 struct limits_counter *route, unsigned who)
{
    static const struct config_limits configured = {.max_connections_per_address = ADDRESS_LIMIT};
    uint8_t address[IP_BYTES];
    *visit = (struct visit){0};
    address_of(who, address);
    if (begin_and_enter(crowd->limits, &visit->usage, PROCESS_LIMIT, listener, 0) != REASON_none)
        return;
    visit->counts[0] = &crowd->in_process;
    note(crowd, visit->counts[0], PROCESS_LIMIT);
    if (limits_enter_address(&visit->usage, address, &configured, 0) != REASON_none)
        return;
    visit->counts[1] = &crowd->by_address[who];
    note(crowd, visit->counts[1], ADDRESS_LIMIT);
    if (limits_enter_route(&visit->usage, route, ROUTE_LIMIT) != REASON_none)
        return;
    visit->counts[2] = &crowd->in_route;
    note(crowd, visit->counts[2], ROUTE_LIMIT);
    if (limits_enter_user(&visit->usage, "a", who % 2 ? "ann" : "bob", USER_LIMIT) != REASON_none)
        return;
    visit->counts[3] = &crowd->by_user[who % 2];
    note(crowd, visit->counts[3], USER_LIMIT);
}

static void go(struct visit *visit)
{
    for (size_t i = 0; i < WSL_COUNT(visit->counts); i++)
        if (visit->counts[i])
            atomic_fetch_sub(visit->counts[i], 1);
    limits_leave(&visit->usage);
}

/* A worker that also reloads: its sites hold the counters for a while only. */
static void *visitor(void *argument)
{
    struct crowd *crowd = argument;
    struct visit visits[HELD] = {{.usage = {0}}};
    for (unsigned round = 0; round < ROUNDS; round += HELD) {
        struct limits_counter *listener = limits_counter_get(crowd->limits, LIMITS_LISTENER, "a");
        struct limits_counter *route = limits_counter_get(crowd->limits, LIMITS_ROUTE, "a");
        for (unsigned i = 0; i < HELD && listener && route; i++)
            come(crowd, &visits[i], listener, route, (round + i * 3) % 4);
        for (unsigned i = 0; i < HELD; i++)
            go(&visits[i]);
        limits_counter_release(crowd->limits, listener);
        limits_counter_release(crowd->limits, route);
    }
    return NULL;
}

static void test_threads_never_overrun_a_limit(void **state)
{
    struct crowd crowd = {.limits = create()};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visitor, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(atomic_load(&crowd.overrun));
    assert_int_equal(limits_count(crowd.limits), 0);
    limits_destroy(crowd.limits); /* asserts that no counter is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_and_listener),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_operators_have_a_count_of_their_own),
        cmocka_unit_test(test_places_over_the_limit),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_user_without_memory),
        cmocka_unit_test(test_only_one),
        cmocka_unit_test(test_a_full_route_does_not_cost_the_only_place),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_the_tables_are_bounded),
        cmocka_unit_test(test_counters_are_shared_by_name),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_threads_never_overrun_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
