#include "core/auth/recent.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/siphash.h"
#include "lib/failing_alloc.h"

/* In the first set of a table of 8 or 16 entries. */
static struct recent_digest number(uint64_t n)
{
    return (struct recent_digest){n, n << 32};
}

static struct recent *create(uint32_t capacity)
{
    struct recent *recent = recent_create(capacity);
    assert_non_null(recent);
    return recent;
}

static void test_finds_what_was_added(void **state)
{
    struct recent *recent = create(16);
    struct recent_digest one = number(1), zero = number(0), same_set = {2, 1u << 3};
    assert_null(recent_find(recent, &one));
    assert_null(recent_find(recent, &zero));
    struct recent_entry *entry = recent_add(recent, &one, 10);
    assert_int_equal(entry->count, 0);
    entry->count = 7;
    assert_ptr_equal(recent_find(recent, &one), entry);
    assert_null(recent_find(recent, &same_set));
    assert_ptr_equal(recent_add(recent, &one, 12), entry);
    assert_int_equal(entry->count, 7);
    assert_int_equal(entry->at, 12);
    assert_non_null(recent_add(recent, &zero, 0));
    assert_non_null(recent_find(recent, &zero));
    recent_destroy(recent);
}

static void test_both_halves_of_a_digest_count(void **state)
{
    struct recent *recent = create(8);
    struct recent_digest digest = {1, 2}, others[] = {{1, 3}, {2, 2}, {1, 10}};
    (void)recent_add(recent, &digest, 0);
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_null(recent_find(recent, &others[i]));
    recent_destroy(recent);
}

static void test_forgets_the_oldest_of_a_set(void **state)
{
    struct recent *recent = create(16);
    struct recent_digest digest, other_set = {1, 8};
    (void)recent_add(recent, &other_set, 0);
    for (uint64_t n = 1; n <= 8; n++) {
        digest = number(n);
        (void)recent_add(recent, &digest, n);
    }
    digest = number(1);
    (void)recent_add(recent, &digest, 9);
    digest = number(9);
    assert_int_equal(recent_add(recent, &digest, 10)->count, 0);
    for (uint64_t n = 1; n <= 9; n++) {
        digest = number(n);
        assert_int_equal(recent_find(recent, &digest) != NULL, n != 2);
    }
    assert_non_null(recent_find(recent, &other_set));
    recent_destroy(recent);
}

static void test_clears(void **state)
{
    struct recent *recent = create(8);
    struct recent_digest one = number(1);
    recent_clear(recent);
    recent_add(recent, &one, 5)->count = 3;
    recent_clear(recent);
    assert_null(recent_find(recent, &one));
    assert_int_equal(recent_add(recent, &one, 5)->count, 0);
    recent_destroy(recent);
}

static void test_ages(void **state)
{
    const struct recent_entry entry = {.at = 100};
    assert_int_equal(recent_age(&entry, 100), 0);
    assert_int_equal(recent_age(&entry, 130), 30);
    assert_int_equal(recent_age(&entry, 90), 0); /* a clock that goes back */
}

/* Digests of a hash fill the table evenly: at half its load next to nothing is forgotten. */
static void test_fills_evenly(void **state)
{
    enum { CAPACITY = 1 << 16, COUNT = CAPACITY / 2 };
    static const struct siphash_seed seeds[2] = {{1, 2}, {3, 4}};
    struct recent *recent = create(CAPACITY);
    unsigned lost = 0;
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t n = 0; n < COUNT; n++) {
            struct recent_digest digest = {siphash_of(&seeds[0], &n, sizeof(n)),
                                           siphash_of(&seeds[1], &n, sizeof(n))};
            if (round == 0)
                (void)recent_add(recent, &digest, n);
            else
                lost += !recent_find(recent, &digest);
        }
    assert_true(lost < COUNT / 50);
    recent_destroy(recent);
}

static void test_without_memory(void **state)
{
    for (unsigned nth = 1; nth <= 2; nth++) {
        failing_alloc_arm(nth);
        assert_null(recent_create(8));
        failing_alloc_disarm();
    }
    recent_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_added),
        cmocka_unit_test(test_both_halves_of_a_digest_count),
        cmocka_unit_test(test_forgets_the_oldest_of_a_set),
        cmocka_unit_test(test_clears),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_fills_evenly),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
