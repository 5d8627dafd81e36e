#include "serve/site/guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct config_limits off = {0};

static struct guard *create(void)
{
    struct guard *guard = guard_create(LIMITER_CAPACITY);
    assert_non_null(guard);
    return guard;
}

static struct guard_tally *tally(struct guard *guard, enum guard_kind kind, const char *name)
{
    struct guard_tally *found = guard_tally_get(guard, kind, name);
    assert_non_null(found);
    return found;
}

static enum reason begin_and_enter(struct guard *guard, struct guard_pass *pass,
                                   uint32_t process_limit, struct guard_tally *listener,
                                   uint32_t listener_limit)
{
    assert_true(guard_reserve(guard, pass, 2, 0));
    return guard_enter(pass, process_limit, listener, listener_limit);
}

static void address_of(uint32_t number, uint8_t address[static IP_BYTES])
{
    uint8_t octets[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                         (uint8_t)number};
    ip_from_v4(octets, address);
}

static void test_process_and_listener(void **state)
{
    struct guard *guard = create();
    struct guard_tally *a = tally(guard, GUARD_LISTENER, "a"),
                       *b = tally(guard, GUARD_LISTENER, "b");
    struct guard_pass passes[5];
    assert_int_equal(begin_and_enter(guard, &passes[0], 4, a, 2), REASON_none);
    assert_int_equal(begin_and_enter(guard, &passes[1], 4, a, 2), REASON_none);
    assert_int_equal(begin_and_enter(guard, &passes[2], 4, a, 2), REASON_too_many_listener);
    assert_int_equal(guard_count(guard), 3); /* it lives on to be told */
    assert_int_equal(guard_tally_count(a), 2);
    assert_int_equal(begin_and_enter(guard, &passes[3], 4, b, 2), REASON_none);
    assert_int_equal(begin_and_enter(guard, &passes[4], 4, b, 2), REASON_too_many_process);
    guard_leave(&passes[4]);
    assert_int_equal(guard_count(guard), 4);
    guard_leave(&passes[0]);
    guard_leave(&passes[0]);
    assert_int_equal(guard_count(guard), 3);
    assert_int_equal(begin_and_enter(guard, &passes[0], 4, a, 2), REASON_none);
    assert_int_equal(begin_and_enter(guard, &passes[4], 0, a, 0), REASON_none); /* limits lifted */
    for (size_t i = 0; i < WSL_COUNT(passes); i++)
        guard_leave(&passes[i]);
    assert_int_equal(guard_count(guard) + guard_tally_count(a) + guard_tally_count(b), 0);
    guard_tally_release(guard, a);
    guard_tally_release(guard, b);
    guard_destroy(guard);
}

/* Descriptors are reserved as many as a connection may come to use, and given back as they go. */
static void test_descriptors(void **state)
{
    struct guard *guard = create();
    struct guard_pass passes[3];
    assert_true(guard_reserve(guard, &passes[0], 3, 5));
    assert_false(guard_reserve(guard, &passes[1], 3, 5));
    guard_leave(&passes[1]); /* empty: nothing happens */
    assert_true(guard_reserve(guard, &passes[1], 2, 5));
    assert_false(guard_reserve(guard, &passes[2], 1, 5));
    guard_lend(&passes[0]); /* a recording that is still written */
    guard_leave(&passes[0]);
    assert_false(guard_reserve(guard, &passes[2], 3, 5));
    guard_give_back(guard);
    assert_true(guard_reserve(guard, &passes[2], 3, 5));
    guard_leave(&passes[1]);
    guard_leave(&passes[2]);
    assert_true(guard_reserve(guard, &passes[0], 5, 5));
    guard_leave(&passes[0]);
    guard_destroy(guard);
}

static void test_operators_have_a_count_of_their_own(void **state)
{
    struct guard *guard = create();
    struct guard_tally *listener = tally(guard, GUARD_OPERATORS, "ops");
    struct guard_pass passes[3], client;
    assert_true(guard_reserve(guard, &client, 2, 2));
    assert_true(guard_enter_operators(guard, &passes[0], listener, 2));
    assert_true(guard_enter_operators(guard, &passes[1], listener, 2));
    assert_false(guard_enter_operators(guard, &passes[2], listener, 2));
    guard_leave(&passes[2]);
    assert_int_equal(guard_tally_count(listener), 2);
    assert_int_equal(guard_count(guard), 0);
    guard_leave(&passes[0]);
    assert_true(guard_enter_operators(guard, &passes[2], listener, 2));
    guard_leave(&passes[1]);
    guard_leave(&passes[2]);
    guard_leave(&client);
    guard_tally_release(guard, listener);
    guard_destroy(guard);
}

static void test_places_over_the_limit(void **state)
{
    struct guard *guard = create();
    struct guard_tally *listener = tally(guard, GUARD_LISTENER, "a");
    struct guard_pass passes[3] = {{0}};
    assert_true(guard_enter_late(guard, &passes[0], 2)); /* before it was accepted */
    assert_int_equal(begin_and_enter(guard, &passes[1], 0, listener, 0), REASON_none);
    assert_true(guard_enter_late(guard, &passes[1], 2));
    assert_false(guard_enter_late(guard, &passes[2], 2));
    guard_leave(&passes[2]);
    guard_leave(&passes[0]);
    assert_false(guard_enter_late(guard, &passes[2], 0));
    assert_true(guard_enter_late(guard, &passes[2], 2));
    guard_leave(&passes[1]);
    guard_leave(&passes[2]);
    guard_tally_release(guard, listener);
    guard_destroy(guard);
}

static void test_route(void **state)
{
    struct guard *guard = create();
    struct guard_tally *listener = tally(guard, GUARD_LISTENER, "a");
    struct guard_tally *route = tally(guard, GUARD_ROUTE, "a");
    struct guard_pass passes[3];
    assert_ptr_not_equal(listener, route);
    for (size_t i = 0; i < WSL_COUNT(passes); i++)
        assert_int_equal(begin_and_enter(guard, &passes[i], 0, listener, 0), REASON_none);
    assert_int_equal(guard_enter_route(&passes[0], route, 1), REASON_none);
    assert_int_equal(guard_enter_route(&passes[1], route, 1), REASON_too_many_route);
    guard_leave(&passes[1]);
    assert_int_equal(guard_enter_route(&passes[2], route, 2), REASON_none);
    assert_int_equal(guard_tally_count(route), 2);
    guard_leave(&passes[0]);
    guard_leave(&passes[2]);
    assert_int_equal(guard_tally_count(route), 0);
    guard_tally_release(guard, route);
    guard_tally_release(guard, listener);
    guard_destroy(guard);
}

static void test_only_one(void **state)
{
    struct guard *guard = create();
    struct guard_tally *listener = tally(guard, GUARD_LISTENER, "l");
    struct guard_tally *route = tally(guard, GUARD_ROUTE, "r");
    struct guard_pass passes[3];
    for (size_t i = 0; i < WSL_COUNT(passes); i++)
        assert_int_equal(begin_and_enter(guard, &passes[i], 0, listener, 0), REASON_none);
    guard_only_one(guard);
    assert_int_equal(guard_enter_route(&passes[0], route, 0), REASON_none);
    assert_int_equal(guard_enter_route(&passes[1], route, 0), REASON_shutdown);
    guard_leave_route(&passes[0]); /* its target was down */
    assert_false(guard_one_has_begun(guard));
    assert_int_equal(guard_enter_route(&passes[1], route, 0), REASON_none);
    assert_int_equal(guard_enter_route(&passes[2], route, 1), REASON_shutdown);
    guard_leave(&passes[1]); /* its client has left */
    assert_int_equal(guard_enter_route(&passes[2], route, 0), REASON_none);
    guard_begun(&passes[2]);
    assert_true(guard_one_has_begun(guard));
    guard_leave(&passes[2]);
    assert_int_equal(guard_enter_route(&passes[0], route, 0), REASON_shutdown);
    guard_leave(&passes[0]);
    guard_tally_release(guard, listener);
    guard_tally_release(guard, route);
    guard_destroy(guard);
}

static void test_a_full_route_does_not_cost_the_only_place(void **state)
{
    struct guard *guard = create();
    struct guard_tally *listener = tally(guard, GUARD_LISTENER, "l");
    struct guard_tally *full = tally(guard, GUARD_ROUTE, "full");
    struct guard_tally *route = tally(guard, GUARD_ROUTE, "r");
    struct guard_pass passes[2];
    for (size_t i = 0; i < WSL_COUNT(passes); i++)
        assert_int_equal(begin_and_enter(guard, &passes[i], 0, listener, 0), REASON_none);
    assert_int_equal(guard_enter_route(&passes[0], full, 1), REASON_none);
    guard_only_one(guard);
    assert_int_equal(guard_enter_route(&passes[1], full, 1), REASON_too_many_route);
    assert_int_equal(guard_enter_route(&passes[1], route, 1), REASON_none);
    for (size_t i = 0; i < WSL_COUNT(passes); i++)
        guard_leave(&passes[i]);
    guard_tally_release(guard, listener);
    guard_tally_release(guard, full);
    guard_tally_release(guard, route);
    guard_destroy(guard);
}

static void test_address(void **state)
{
    static const struct config_limits limits = {
        .max_connections_per_address = 2, .handshakes_per_second = 1, .handshake_burst = 3};
    struct guard *guard = create();
    struct guard_tally *listener = tally(guard, GUARD_LISTENER, "a");
    struct guard_pass passes[4];
    uint8_t address[IP_BYTES];
    address_of(1, address);
    for (size_t i = 0; i < WSL_COUNT(passes); i++)
        assert_int_equal(begin_and_enter(guard, &passes[i], 0, listener, 0), REASON_none);
    assert_int_equal(guard_enter_address(&passes[0], address, &limits, 0), REASON_none);
    assert_int_equal(guard_enter_address(&passes[1], address, &limits, 0), REASON_none);
    assert_int_equal(guard_enter_address(&passes[2], address, &limits, 0), REASON_too_many_address);
    guard_leave(&passes[2]);
    guard_leave(&passes[1]);
    assert_int_equal(guard_enter_address(&passes[3], address, &limits, 0), REASON_none);
    guard_leave(&passes[3]);
    assert_int_equal(begin_and_enter(guard, &passes[3], 0, listener, 0), REASON_none);
    assert_int_equal(guard_enter_address(&passes[3], address, &limits, 0), REASON_rate_limited);
    guard_leave(&passes[3]);
    /* Counted or not, whoever entered while there was no limit leaves in good order. */
    assert_int_equal(begin_and_enter(guard, &passes[3], 0, listener, 0), REASON_none);
    assert_int_equal(guard_enter_address(&passes[3], address, &off, 0), REASON_none);
    guard_leave(&passes[3]);
    guard_leave(&passes[0]);
    assert_int_equal(guard_count(guard), 0);
    guard_tally_release(guard, listener);
    guard_destroy(guard);
}

static void test_the_tables_are_bounded(void **state)
{
    enum { ADDRESSES = 500 };
    static const struct config_limits limits = {.max_connections_per_address = 1};
    static struct guard_pass passes[ADDRESSES];
    struct guard *guard = guard_create(64);
    assert_non_null(guard);
    struct guard_tally *listener = tally(guard, GUARD_LISTENER, "a");
    unsigned counted = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        uint8_t address[IP_BYTES];
        address_of(i, address);
        assert_int_equal(begin_and_enter(guard, &passes[i], 0, listener, 0), REASON_none);
        assert_int_equal(guard_enter_address(&passes[i], address, &limits, 0), REASON_none);
        counted += passes[i].slot != LIMITER_NOT_COUNTED;
    }
    assert_true(counted <= 64);
    assert_int_equal(guard_stats(guard).not_counted, ADDRESSES - counted);
    for (uint32_t i = 0; i < ADDRESSES; i++)
        guard_leave(&passes[i]);
    guard_tally_release(guard, listener);
    guard_destroy(guard);
}

static void test_tallies_are_shared_by_name(void **state)
{
    enum { NAMES = 3000 };
    static struct guard_tally *old[NAMES];
    struct guard *guard = create();
    struct guard_pass pass;
    char name[16];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "route %u", i);
        old[i] = tally(guard, GUARD_ROUTE, name);
    }
    assert_int_equal(begin_and_enter(guard, &pass, 0, old[7], 0), REASON_none);
    for (unsigned i = 0; i < NAMES; i += 2) { /* a reload that keeps every other one */
        snprintf(name, sizeof(name), "route %u", i);
        assert_ptr_equal(tally(guard, GUARD_ROUTE, name), old[i]);
    }
    guard_leave(&pass);
    for (unsigned i = 0; i < NAMES; i++)
        guard_tally_release(guard, old[i]);
    for (unsigned i = 0; i < NAMES; i += 2)
        guard_tally_release(guard, old[i]);
    guard_tally_release(guard, NULL);
    guard_destroy(guard);
}

/* Whom no table can count is let in, and leaves like any other. */
static void test_no_memory(void **state)
{
    const struct config_limits limits = {.max_connections_per_address = 1};
    const uint8_t address[IP_BYTES] = {[15] = 1};
    unsigned nth = 1;
    for (;; nth++) {
        struct guard_pass pass = {0};
        failing_alloc_arm(nth);
        struct guard *guard = guard_create(64);
        struct guard_tally *listener = guard ? guard_tally_get(guard, GUARD_LISTENER, "a") : NULL;
        if (listener) {
            assert_int_equal(begin_and_enter(guard, &pass, 0, listener, 0), REASON_none);
            assert_int_equal(guard_enter_address(&pass, address, &limits, 0), REASON_none);
        }
        bool failed = failing_alloc_disarm();
        assert_true(failed || listener);
        guard_leave(&pass);
        if (listener)
            guard_tally_release(guard, listener);
        guard_destroy(guard);
        if (!failed)
            break;
    }
    assert_true(nth > 4);
    guard_destroy(NULL);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum {
    THREADS = 4,
    ROUNDS = 4000,
    HELD = 8,
    PROCESS_LIMIT = 24,
    ROUTE_LIMIT = 5,
    ADDRESS_LIMIT = 3
};

struct crowd {
    struct guard *guard;
    atomic_uint in_process, in_route, by_address[4];
    atomic_bool overrun;
};

/* Counts by itself, after it was let in and until before it leaves: never more than the limit. */
static void note(struct crowd *crowd, atomic_uint *count, unsigned limit)
{
    if (atomic_fetch_add(count, 1) >= limit)
        atomic_store(&crowd->overrun, true);
}

struct visit {
    struct guard_pass pass;
    atomic_uint *counts[3];
};

static void come(struct crowd *crowd, struct visit *visit, struct guard_tally *listener,
                 struct guard_tally *route, unsigned who)
{
    static const struct config_limits limits = {.max_connections_per_address = ADDRESS_LIMIT};
    uint8_t address[IP_BYTES];
    *visit = (struct visit){0};
    address_of(who, address);
    if (begin_and_enter(crowd->guard, &visit->pass, PROCESS_LIMIT, listener, 0) != REASON_none)
        return;
    visit->counts[0] = &crowd->in_process;
    note(crowd, visit->counts[0], PROCESS_LIMIT);
    if (guard_enter_address(&visit->pass, address, &limits, 0) != REASON_none)
        return;
    visit->counts[1] = &crowd->by_address[who];
    note(crowd, visit->counts[1], ADDRESS_LIMIT);
    if (guard_enter_route(&visit->pass, route, ROUTE_LIMIT) != REASON_none)
        return;
    visit->counts[2] = &crowd->in_route;
    note(crowd, visit->counts[2], ROUTE_LIMIT);
}

static void go(struct visit *visit)
{
    for (size_t i = 0; i < WSL_COUNT(visit->counts); i++)
        if (visit->counts[i])
            atomic_fetch_sub(visit->counts[i], 1);
    guard_leave(&visit->pass);
}

/* A worker that also reloads: its gates hold the tallies for a while only. */
static void *visitor(void *argument)
{
    struct crowd *crowd = argument;
    struct visit visits[HELD] = {{.pass = {0}}};
    for (unsigned round = 0; round < ROUNDS; round += HELD) {
        struct guard_tally *listener = guard_tally_get(crowd->guard, GUARD_LISTENER, "a");
        struct guard_tally *route = guard_tally_get(crowd->guard, GUARD_ROUTE, "a");
        for (unsigned i = 0; i < HELD && listener && route; i++)
            come(crowd, &visits[i], listener, route, (round + i * 3) % 4);
        (void)guard_stats(crowd->guard);
        for (unsigned i = 0; i < HELD; i++)
            go(&visits[i]);
        guard_tally_release(crowd->guard, listener);
        guard_tally_release(crowd->guard, route);
    }
    return NULL;
}

static void test_threads_never_overrun_a_limit(void **state)
{
    struct crowd crowd = {.guard = create()};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visitor, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(atomic_load(&crowd.overrun));
    assert_int_equal(guard_count(crowd.guard), 0);
    guard_destroy(crowd.guard); /* and no tally is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_and_listener),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_operators_have_a_count_of_their_own),
        cmocka_unit_test(test_places_over_the_limit),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_only_one),
        cmocka_unit_test(test_a_full_route_does_not_cost_the_only_place),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_the_tables_are_bounded),
        cmocka_unit_test(test_tallies_are_shared_by_name),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_threads_never_overrun_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
