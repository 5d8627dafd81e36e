#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct siphash_seed seed = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* The input is 0, 1, 2 and so on; the values are from OpenSSL's SIPHASH. */
static void test_known_values(void **state)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } known[] = {
        {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462},  {15, 0xa129ca6149be45e5}, {16, 0x3f2acc7f57c29bdb},
        {17, 0x699ae9f52cbe4794}, {63, 0x958a324ceb064572},
    };
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < WSL_COUNT(known); i++) {
        uint8_t *exact = malloc(known[i].length + 1);
        assert_non_null(exact);
        memcpy(exact + 1, bytes, known[i].length); /* and not aligned */
        assert_true(siphash_of(&seed, exact + 1, known[i].length) == known[i].hash);
        free(exact);
    }
}

static void test_every_bit_changes_the_hash(void **state)
{
    uint8_t bytes[16] = {0};
    uint64_t hash = siphash_of(&seed, bytes, sizeof(bytes));
    for (unsigned bit = 0; bit < 64; bit++) {
        struct siphash_seed low = seed, high = seed;
        low.low ^= (uint64_t)1 << bit;
        high.high ^= (uint64_t)1 << bit;
        assert_true(siphash_of(&low, bytes, sizeof(bytes)) != hash);
        assert_true(siphash_of(&high, bytes, sizeof(bytes)) != hash);
    }
    for (unsigned bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(siphash_of(&seed, bytes, sizeof(bytes)) != hash);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_seeds_differ(void **state)
{
    struct siphash_seed a = {0}, b = {0};
    assert_true(siphash_seed(&a) && siphash_seed(&b));
    assert_true(a.low != b.low && a.high != b.high && a.low != a.high);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_every_bit_changes_the_hash),
        cmocka_unit_test(test_seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
