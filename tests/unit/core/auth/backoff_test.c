#include "core/auth/backoff.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct siphash_seed seed = {1, 2};
static const struct backoff_sizes small = {1024, 1024, 1024};

static struct backoff *create(const struct backoff_sizes *sizes)
{
    struct backoff *backoff = backoff_create(sizes, &seed);
    assert_non_null(backoff);
    return backoff;
}

/* `address` NULL: a client without one. */
static struct backoff_subject subject(struct backoff *backoff, const char *address,
                                      const char *user)
{
    uint8_t bytes[IP_BYTES];
    if (address)
        assert_true(ip_parse(slice_of(address), bytes));
    return backoff_subject_of(backoff, address ? bytes : NULL, SLICE("file"), slice_of(user));
}

static uint64_t wait(struct backoff *backoff, const char *address, const char *user, uint64_t now)
{
    struct backoff_subject who = subject(backoff, address, user);
    return backoff_wait(backoff, &who, now);
}

static void guess(struct backoff *backoff, const char *address, const char *user, uint64_t now)
{
    struct backoff_subject who = subject(backoff, address, user);
    backoff_failed(backoff, &who, now);
}

static void pass(struct backoff *backoff, const char *address, const char *user, uint64_t now)
{
    struct backoff_subject who = subject(backoff, address, user);
    backoff_passed(backoff, &who, now);
}

static void test_addresses_wait_longer_and_longer(void **state)
{
    static const uint64_t wanted[] = {0,      0,      0,      0,      0,     1000,
                                      2000,   4000,   8000,   16000,  32000, 64000,
                                      128000, 256000, 300000, 300000, 300000};
    struct backoff *backoff = create(&small);
    uint64_t now = 5000;
    for (size_t i = 0; i < WSL_COUNT(wanted); i++) {
        char user[16];
        snprintf(user, sizeof(user), "user%zu", i); /* a password each, for many users */
        assert_int_equal(wait(backoff, "192.0.2.1", user, now), 0);
        guess(backoff, "192.0.2.1", user, now);
        assert_int_equal(wait(backoff, "192.0.2.1", "any", now), wanted[i]);
        if (wanted[i] > 0)
            assert_int_equal(wait(backoff, "192.0.2.1", "any", now + wanted[i] - 1), 1);
        now += wanted[i];
    }
    assert_int_equal(wait(backoff, "192.0.2.2", "any", now), 0);
    backoff_destroy(backoff);
}

static void test_users_wait_wherever_the_guess_comes_from(void **state)
{
    struct backoff *backoff = create(&small);
    char address[32];
    for (unsigned i = 1; i <= 11; i++) {
        snprintf(address, sizeof(address), "192.0.2.%u", i);
        assert_int_equal(wait(backoff, address, "ann", 0), 0);
        guess(backoff, address, "ann", 0);
    }
    assert_int_equal(wait(backoff, "198.51.100.1", "ann", 0), 1000);
    assert_int_equal(wait(backoff, "198.51.100.1", "bob", 0), 0);
    assert_int_equal(wait(backoff, NULL, "ann", 0), 1000);
    struct backoff_subject elsewhere =
        backoff_subject_of(backoff, NULL, SLICE("other file"), SLICE("ann"));
    assert_int_equal(backoff_wait(backoff, &elsewhere, 0), 0);
    for (unsigned i = 0; i < 40; i++)
        guess(backoff, "192.0.2.99", "ann", 0);
    assert_int_equal(wait(backoff, "198.51.100.1", "ann", 0), 60000);
    backoff_destroy(backoff);
}

static void test_a_known_pair_does_not_wait_for_others(void **state)
{
    struct backoff *backoff = create(&small);
    struct backoff_subject home = subject(backoff, "192.0.2.1", "ann");
    assert_false(backoff_is_known(backoff, &home, 0));
    pass(backoff, "192.0.2.1", "ann", 0);
    assert_true(backoff_is_known(backoff, &home, 0));
    for (unsigned i = 0; i < 50; i++) {
        guess(backoff, "198.51.100.1", "ann", 0); /* at her, from elsewhere */
        guess(backoff, "192.0.2.1", "bob", 0);    /* at others, from her network */
    }
    assert_int_equal(wait(backoff, "198.51.100.2", "ann", 0), 60000);
    assert_int_equal(wait(backoff, "192.0.2.1", "carol", 0), 300000);
    assert_int_equal(wait(backoff, "192.0.2.1", "ann", 0), 0);
    /* At her, from her network: that counts. */
    for (unsigned i = 0; i < 12; i++)
        guess(backoff, "192.0.2.1", "ann", 0);
    assert_int_equal(wait(backoff, "192.0.2.1", "ann", 0), 2000);
    pass(backoff, "192.0.2.1", "ann", 2000);
    guess(backoff, "192.0.2.1", "ann", 2000);
    assert_int_equal(wait(backoff, "192.0.2.1", "ann", 2000), 0);
    assert_false(backoff_is_known(backoff, &home, UINT64_C(7) * 24 * 3600 * 1000 + 2000));
    backoff_destroy(backoff);
}

static void test_a_success_does_not_erase_failures_of_others(void **state)
{
    struct backoff *backoff = create(&small);
    for (unsigned i = 0; i < 6; i++) {
        guess(backoff, "192.0.2.1", "ann", 0);
        pass(backoff, "192.0.2.1", "mallory", 0);
    }
    assert_int_equal(wait(backoff, "192.0.2.1", "ann", 0), 1000);
    backoff_destroy(backoff);
}

static void test_failures_are_forgotten(void **state)
{
    enum { QUARTER = 15 * 60 * 1000 };
    struct backoff *backoff = create(&small);
    for (unsigned i = 0; i < 30; i++)
        guess(backoff, "192.0.2.1", "ann", 0);
    assert_int_equal(wait(backoff, "192.0.2.1", "bob", 299999), 1);
    guess(backoff, "192.0.2.1", "ann", QUARTER - 1);
    assert_int_equal(wait(backoff, "192.0.2.1", "bob", QUARTER - 1), 300000);
    guess(backoff, "192.0.2.1", "ann", 2 * QUARTER - 1);
    assert_int_equal(wait(backoff, "192.0.2.1", "ann", 2 * QUARTER - 1), 0);
    backoff_destroy(backoff);
}

static void test_addresses_of_one_client(void **state)
{
    struct backoff *backoff = create(&small);
    for (unsigned i = 0; i < 6; i++) {
        char address[40];
        snprintf(address, sizeof(address), "2001:db8:0:1::%x", i);
        guess(backoff, address, "ann", 0);
    }
    assert_int_equal(wait(backoff, "2001:db8:0:1:ffff::1", "bob", 0), 1000);
    assert_int_equal(wait(backoff, "2001:db8:0:2::1", "bob", 0), 0);
    assert_int_equal(wait(backoff, "192.0.2.1", "bob", 0), 0);
    backoff_destroy(backoff);
}

static void test_clients_without_an_address(void **state)
{
    struct backoff *backoff = create(&small);
    for (unsigned i = 0; i < 9; i++)
        guess(backoff, NULL, "ann", 0);
    assert_int_equal(wait(backoff, NULL, "ann", 0), 0);
    assert_int_equal(wait(backoff, NULL, "bob", 0), 0);
    guess(backoff, NULL, "ann", 0);
    guess(backoff, NULL, "ann", 0);
    assert_int_equal(wait(backoff, NULL, "ann", 0), 1000);
    assert_int_equal(wait(backoff, NULL, "bob", 0), 0);
    backoff_destroy(backoff);
}

static void test_a_clock_that_goes_back(void **state)
{
    struct backoff *backoff = create(&small);
    for (unsigned i = 0; i < 6; i++)
        guess(backoff, "192.0.2.1", "ann", 5000);
    assert_int_equal(wait(backoff, "192.0.2.1", "ann", 4990), 1000);
    backoff_destroy(backoff);
}

static struct backoff_subject nth_subject(const struct backoff *backoff, uint32_t n)
{
    uint8_t bytes[IP_BYTES] = {0x20, 1, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    char user[16];
    snprintf(user, sizeof(user), "u%u", n % 100000);
    return backoff_subject_of(backoff, bytes, SLICE("file"), slice_of(user));
}

/* 200,000 addresses that fail: each of them still waits, and others do not. */
static void test_many_addresses(void **state)
{
    enum { ADDRESSES = 200000, TRIES = 6 };
    struct backoff *backoff = create(&backoff_usual_sizes);
    unsigned forgotten = 0;
    pass(backoff, "198.51.100.7", "ann", 0);
    for (uint32_t n = 0; n < ADDRESSES; n++) {
        struct backoff_subject who = nth_subject(backoff, n);
        for (unsigned i = 0; i < TRIES; i++)
            backoff_failed(backoff, &who, 1000);
    }
    for (uint32_t n = 0; n < ADDRESSES; n++) {
        struct backoff_subject who = nth_subject(backoff, n);
        forgotten += backoff_wait(backoff, &who, 1000) == 0;
    }
    assert_true(forgotten < ADDRESSES / 100);
    assert_int_equal(wait(backoff, "198.51.100.7", "ann", 1000), 0);
    assert_int_equal(wait(backoff, "198.51.100.8", "nobody yet", 1000), 0);
    backoff_destroy(backoff);
}

static void test_without_memory(void **state)
{
    for (unsigned nth = 1; nth <= 7; nth++) {
        failing_alloc_arm(nth);
        assert_null(backoff_create(&small, &seed));
        failing_alloc_disarm();
    }
    backoff_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_wait_longer_and_longer),
        cmocka_unit_test(test_users_wait_wherever_the_guess_comes_from),
        cmocka_unit_test(test_a_known_pair_does_not_wait_for_others),
        cmocka_unit_test(test_a_success_does_not_erase_failures_of_others),
        cmocka_unit_test(test_failures_are_forgotten),
        cmocka_unit_test(test_addresses_of_one_client),
        cmocka_unit_test(test_clients_without_an_address),
        cmocka_unit_test(test_a_clock_that_goes_back),
        cmocka_unit_test(test_many_addresses),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
