#include "codec/ws/ws_mask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t the_mask[4] = {0x37, 0xFA, 0x21, 0x3D};

static uint8_t source_byte(size_t i)
{
    return (uint8_t)(i * 151 + (i >> 8) * 7 + 13);
}

/*
 * The source ends with its allocation; `lead` bytes before the target shift it. WS_MASK_VERSIONS
 * stands for the one that ws_mask_move chooses.
 */
static void expect_moved_by(enum ws_mask_version version, size_t lead, size_t distance,
                            size_t length)
{
    uint8_t *buffer = malloc(lead + distance + length + 1);
    uint8_t mask[4];

    assert_non_null(buffer);
    uint8_t *to = buffer + 1 + lead, *from = to + distance;
    memset(buffer, 0xEE, 1 + lead + distance);
    for (size_t i = 0; i < length; i++)
        from[i] = source_byte(i);
    memcpy(mask, the_mask, sizeof(mask));

    if (version == WS_MASK_VERSIONS)
        ws_mask_move(to, from, length, mask);
    else
        ws_mask_move_by(version, to, from, length, mask);

    for (size_t i = 0; i < length; i++)
        if (to[i] != (source_byte(i) ^ the_mask[i % 4]))
            fail_msg("byte %zu of %zu, version %d", i, length, (int)version);
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

static void expect_moved(size_t lead, size_t distance, size_t length)
{
    for (int version = 0; version <= (int)ws_mask_best(); version++)
        expect_moved_by((enum ws_mask_version)version, lead, distance, length);
    expect_moved_by(WS_MASK_VERSIONS, lead, distance, length);
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

/* Each place in a cache line, in place and with the lengths of headers between source and target.
 */
static void test_places_in_a_cache_line(void **unused)
{
    static const size_t distances[] = {0, 4, 6, 8, 14, 33};

    for (size_t lead = 0; lead < 64; lead++)
        for (size_t i = 0; i < WSL_COUNT(distances); i++)
            for (size_t length = 0; length <= 300; length++)
                expect_moved(lead, distances[i], length);
}

/* From 1024 bytes on, stores are aligned. All ends occur, as each place has another beginning. */
static void test_aligned_stores(void **unused)
{
    static const size_t distances[] = {0, 4, 8, 14, 40};

    for (size_t lead = 0; lead < 64; lead++)
        for (size_t i = 0; i < WSL_COUNT(distances); i++)
            for (size_t length = 1020; length <= 1160; length += 7)
                expect_moved(lead, distances[i], length);
}

static void test_long(void **unused)
{
    for (size_t length = 65530; length < 65550; length++)
        for (size_t distance = 0; distance <= 14; distance += 2)
            expect_moved(0, distance, length);
}

/* The kernel lists what it lets programs use. */
static bool kernel_lists_avx2(void)
{
    bool listed = false;
#if defined(__x86_64__) || defined(__i386__)
    char line[8192];
    FILE *file = fopen("/proc/cpuinfo", "re");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        listed |= strncmp(line, "flags", 5) == 0 && strstr(line, " avx2 ");
    assert_int_equal(fclose(file), 0);
#endif
    return listed;
}

static void test_chooses_what_the_processor_has(void **unused)
{
    assert_int_equal(ws_mask_best(), kernel_lists_avx2() ? WS_MASK_AVX2 : WS_MASK_16_BYTES);
}

/* The mask goes on at any cut of a payload. */
static void test_cut_at_every_byte(void **unused)
{
    enum { LENGTH = 1100 };

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
        cmocka_unit_test(test_places_in_a_cache_line),
        cmocka_unit_test(test_aligned_stores),
        cmocka_unit_test(test_chooses_what_the_processor_has),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
