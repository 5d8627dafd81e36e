#include "codec/ws/ws_mask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t the_mask[4] = {0x37, 0xFA, 0x21, 0x3D};

static uint8_t source_byte(size_t i)
{
    return (uint8_t)(i * 151 + (i >> 8) * 7 + 13);
}

/* The source ends with its allocation; `lead` bytes before the target shift it. */
static void expect_moved(size_t lead, size_t distance, size_t length)
{
    uint8_t *buffer = malloc(lead + distance + length + 1);
    uint8_t mask[4];

    assert_non_null(buffer);
    uint8_t *to = buffer + 1 + lead, *from = to + distance;
    memset(buffer, 0xEE, 1 + lead + distance);
    for (size_t i = 0; i < length; i++)
        from[i] = source_byte(i);
    memcpy(mask, the_mask, sizeof(mask));

    ws_mask_move(to, from, length, mask);

    for (size_t i = 0; i < length; i++)
        assert_int_equal(to[i], source_byte(i) ^ the_mask[i % 4]);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mask[i], the_mask[(length + i) % 4]);
    for (size_t i = 0; i <= lead; i++)
        assert_int_equal(buffer[i], 0xEE);
    for (size_t i = length; i < distance; i++)
        assert_int_equal(to[i], 0xEE);
    for (size_t i = distance > length ? distance : length; i < distance + length; i++)
        assert_int_equal(to[i], source_byte(i - distance));
    free(buffer);
}

static void test_short_lengths_and_distances(void **unused)
{
    for (size_t length = 0; length <= 150; length++)
        for (size_t distance = 0; distance <= 80; distance++)
            expect_moved(length % 16, distance, length);
}

static void test_alignments(void **unused)
{
    for (size_t lead = 0; lead < 16; lead++)
        for (size_t distance = 0; distance < 16; distance++)
            for (size_t length = 0; length <= 70; length++)
                expect_moved(lead, distance, length);
}

static void test_long(void **unused)
{
    for (size_t length = 65530; length < 65550; length++)
        for (size_t distance = 0; distance <= 14; distance += 2)
            expect_moved(0, distance, length);
}

/* The mask goes on at any cut of a payload. */
static void test_cut_at_every_byte(void **unused)
{
    enum { LENGTH = 100 };

    for (size_t cut = 0; cut <= LENGTH; cut++) {
        uint8_t bytes[LENGTH], mask[4];
        for (size_t i = 0; i < LENGTH; i++)
            bytes[i] = source_byte(i);
        memcpy(mask, the_mask, sizeof(mask));
        ws_mask_move(bytes, bytes, cut, mask);
        ws_mask_move(bytes + cut, bytes + cut, LENGTH - cut, mask);
        for (size_t i = 0; i < LENGTH; i++)
            assert_int_equal(bytes[i], source_byte(i) ^ the_mask[i % 4]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_lengths_and_distances),
        cmocka_unit_test(test_alignments),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
