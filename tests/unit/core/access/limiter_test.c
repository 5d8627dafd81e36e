#include "core/access/limiter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct siphash_seed seed = {1, 2};
static const struct limiter_limits off = {0};

static struct limiter_key key_of(const char *text)
{
    uint8_t address[IP_BYTES];
    assert_true(ip_parse(slice_of(text), address));
    return limiter_key_of(address);
}

static struct limiter_key number(uint32_t n)
{
    uint8_t octets[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    uint8_t address[IP_BYTES];
    ip_from_v4(octets, address);
    return limiter_key_of(address);
}

static struct limiter *create(uint32_t capacity)
{
    struct limiter *limiter = limiter_create(capacity, &seed);
    assert_non_null(limiter);
    return limiter;
}

static void test_addresses_of_one_client(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"::1", "0.0.0.1", false},
        {"::1", "0.0.0.0", false},
    };
    for (size_t i = 0; i < WSL_COUNT(pairs); i++) {
        struct limiter_key a = key_of(pairs[i].a), b = key_of(pairs[i].b);
        assert_int_equal(memcmp(&a, &b, sizeof(a)) == 0, pairs[i].same);
    }
}

static void test_connections(void **state)
{
    static const struct limiter_limits two = {.connections = 2};
    struct limiter *limiter = create(16);
    struct limiter_key a = key_of("192.0.2.1"), b = key_of("192.0.2.2");
    uint32_t slots[3], other;
    assert_int_equal(limiter_enter(limiter, &a, &two, 0, &slots[0]), LIMITER_ADMITTED);
    assert_int_equal(limiter_enter(limiter, &a, &two, 0, &slots[1]), LIMITER_ADMITTED);
    assert_int_equal(limiter_enter(limiter, &a, &two, 0, &slots[2]), LIMITER_TOO_MANY);
    assert_int_equal(limiter_enter(limiter, &b, &two, 0, &other), LIMITER_ADMITTED);
    limiter_leave(limiter, slots[0]);
    assert_int_equal(limiter_enter(limiter, &a, &two, 0, &slots[0]), LIMITER_ADMITTED);
    assert_int_equal(limiter_enter(limiter, &a, &two, 0, &slots[2]), LIMITER_TOO_MANY);
    /* A limit that is lifted or lowered meets the count as it is. */
    assert_int_equal(limiter_enter(limiter, &a, &off, 0, &slots[2]), LIMITER_ADMITTED);
    limiter_leave(limiter, slots[2]);
    assert_int_equal(limiter_enter(limiter, &a, &two, 0, &slots[2]), LIMITER_TOO_MANY);
    limiter_leave(limiter, slots[0]);
    limiter_leave(limiter, slots[1]);
    limiter_leave(limiter, other);
    limiter_destroy(limiter);
}

/* How many of so many connections at that time are admitted; they leave at once. */
static unsigned admitted(struct limiter *limiter, const struct limiter_limits *limits, uint64_t now,
                         unsigned tries)
{
    struct limiter_key key = key_of("2001:db8::1");
    unsigned count = 0;
    while (tries-- > 0) {
        uint32_t slot;
        enum limiter_verdict verdict = limiter_enter(limiter, &key, limits, now, &slot);
        assert_true(verdict == LIMITER_ADMITTED || verdict == LIMITER_TOO_FAST);
        if (verdict != LIMITER_ADMITTED)
            continue;
        count++;
        limiter_leave(limiter, slot);
    }
    return count;
}

static void test_rate_and_burst(void **state)
{
    static const struct limiter_limits limits = {.per_second = 10, .burst = 5};
    struct limiter *limiter = create(16);
    assert_int_equal(admitted(limiter, &limits, 1000, 100), 5);
    assert_int_equal(admitted(limiter, &limits, 1099, 100), 0);
    assert_int_equal(admitted(limiter, &limits, 1100, 100), 1);
    assert_int_equal(admitted(limiter, &limits, 1350, 100), 2);
    assert_int_equal(admitted(limiter, &limits, 1400, 100), 1); /* half a token was left */
    assert_int_equal(admitted(limiter, &limits, 1900, 100), 5);
    assert_int_equal(admitted(limiter, &limits, 1000000, 100), 5); /* a bucket is no well */

    unsigned total = 0;
    for (uint64_t now = 2000000; now < 2010000; now++)
        total += admitted(limiter, &limits, now, 3);
    assert_int_equal(total, 5 + 99);
    limiter_destroy(limiter);
}

static void test_rates_at_the_edges(void **state)
{
    static const struct limiter_limits one = {.per_second = 1, .burst = 0};
    static const struct limiter_limits most = {.per_second = UINT32_MAX, .burst = UINT32_MAX};
    static const struct limiter_limits slow = {.per_second = 1, .burst = UINT32_MAX};
    struct limiter *limiter = create(16);
    assert_int_equal(admitted(limiter, &one, 0, 10), 1);
    assert_int_equal(admitted(limiter, &one, 999, 10), 0);
    assert_int_equal(admitted(limiter, &one, 1000, 10), 1);
    assert_int_equal(admitted(limiter, &most, 1000, 10000), 10000);
    assert_int_equal(admitted(limiter, &slow, UINT32_MAX, 10000), 10000);
    assert_int_equal(admitted(limiter, &off, 0, 10000), 10000);
    limiter_destroy(limiter);
}

static void test_limits_that_change(void **state)
{
    static const struct limiter_limits generous = {.per_second = 1, .burst = 1000};
    static const struct limiter_limits strict = {.per_second = 10, .burst = 2};
    struct limiter *limiter = create(16);
    assert_int_equal(admitted(limiter, &generous, 0, 2000), 1000);
    assert_int_equal(admitted(limiter, &strict, 0, 10), 0);
    assert_int_equal(admitted(limiter, &strict, 100, 10), 1); /* and not in 1,000 seconds */
    limiter_destroy(limiter);
}

static void test_a_clock_that_goes_back(void **state)
{
    static const struct limiter_limits limits = {.per_second = 10, .burst = 2};
    struct limiter *limiter = create(16);
    assert_int_equal(admitted(limiter, &limits, 5000, 10), 2);
    assert_int_equal(admitted(limiter, &limits, 4980, 10), 0);
    assert_int_equal(admitted(limiter, &limits, 5100, 10), 1);
    limiter_destroy(limiter);
}

static void test_refusals_cost_no_token(void **state)
{
    static const struct limiter_limits limits = {.connections = 1, .per_second = 1, .burst = 2};
    struct limiter *limiter = create(16);
    struct limiter_key a = key_of("192.0.2.1");
    uint32_t first, second;
    assert_int_equal(limiter_enter(limiter, &a, &limits, 0, &first), LIMITER_ADMITTED);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(limiter_enter(limiter, &a, &limits, 0, &second), LIMITER_TOO_MANY);
    limiter_leave(limiter, first);
    assert_int_equal(limiter_enter(limiter, &a, &limits, 0, &first), LIMITER_ADMITTED);
    limiter_leave(limiter, first);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(limiter_enter(limiter, &a, &limits, 0, &second), LIMITER_TOO_FAST);
    limiter_destroy(limiter);
}

static void test_the_longest_idle_entry_is_reused(void **state)
{
    static const struct limiter_limits limits = {.connections = 1, .per_second = 1, .burst = 1};
    struct limiter *limiter = create(3);
    uint32_t slots[4];
    struct limiter_key keys[4] = {number(1), number(2), number(3), number(4)};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(limiter_enter(limiter, &keys[i], &limits, 0, &slots[i]), LIMITER_ADMITTED);
    limiter_leave(limiter, slots[1]);
    limiter_leave(limiter, slots[0]);
    assert_int_equal(limiter_enter(limiter, &keys[3], &limits, 0, &slots[3]), LIMITER_ADMITTED);
    assert_int_equal(limiter_stats(limiter).forgotten, 1); /* 2, whose token was still missing */
    assert_int_equal(limiter_enter(limiter, &keys[0], &limits, 0, &slots[0]), LIMITER_TOO_FAST);
    assert_int_equal(limiter_enter(limiter, &keys[2], &limits, 5000, &slots[2]), LIMITER_TOO_MANY);
    assert_int_equal(limiter_enter(limiter, &keys[1], &limits, 5000, &slots[1]), LIMITER_ADMITTED);
    assert_int_equal(limiter_stats(limiter).forgotten, 1); /* 1 had all its tokens again */
    limiter_destroy(limiter);
}

static void test_a_table_full_of_connections(void **state)
{
    static const struct limiter_limits limits = {.connections = 1, .per_second = 1, .burst = 1};
    struct limiter *limiter = create(2);
    uint32_t slots[3];
    struct limiter_key keys[3] = {number(1), number(2), number(3)};
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(limiter_enter(limiter, &keys[i], &limits, 0, &slots[i]), LIMITER_ADMITTED);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(limiter_enter(limiter, &keys[2], &limits, 0, &slots[2]), LIMITER_ADMITTED);
        assert_int_equal(slots[2], LIMITER_NOT_COUNTED);
    }
    assert_int_equal(limiter_stats(limiter).not_counted, 3);
    /* Who is not counted takes nothing away from who is, later. */
    limiter_leave(limiter, slots[0]);
    uint32_t counted;
    assert_int_equal(limiter_enter(limiter, &keys[2], &limits, 0, &counted), LIMITER_ADMITTED);
    limiter_leave(limiter, slots[2]);
    assert_int_equal(limiter_enter(limiter, &keys[2], &limits, 5000, &slots[2]), LIMITER_TOO_MANY);
    limiter_destroy(limiter);
}

static void test_many_addresses(void **state)
{
    enum { ADDRESSES = 100000 };
    static const struct limiter_limits limits = {.connections = 1};
    struct limiter *limiter = create(ADDRESSES);
    uint32_t *slots = calloc(ADDRESSES, sizeof(*slots)), slot;
    assert_non_null(slots);
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < ADDRESSES; i++) {
            struct limiter_key key = number(i);
            assert_int_equal(limiter_enter(limiter, &key, &limits, 0, &slots[i]), LIMITER_ADMITTED);
            assert_int_equal(limiter_enter(limiter, &key, &limits, 0, &slot), LIMITER_TOO_MANY);
        }
        for (uint32_t i = 0; i < ADDRESSES; i++)
            limiter_leave(limiter, slots[i]);
    }
    assert_int_equal(limiter_stats(limiter).not_counted, 0);
    free(slots);
    limiter_destroy(limiter);
}

static void test_no_memory(void **state)
{
    for (unsigned nth = 1; nth <= 3; nth++) {
        failing_alloc_arm(nth);
        assert_null(limiter_create(16, &seed));
        failing_alloc_disarm();
    }
    limiter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_of_one_client),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_rate_and_burst),
        cmocka_unit_test(test_rates_at_the_edges),
        cmocka_unit_test(test_limits_that_change),
        cmocka_unit_test(test_a_clock_that_goes_back),
        cmocka_unit_test(test_refusals_cost_no_token),
        cmocka_unit_test(test_the_longest_idle_entry_is_reused),
        cmocka_unit_test(test_a_table_full_of_connections),
        cmocka_unit_test(test_many_addresses),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
