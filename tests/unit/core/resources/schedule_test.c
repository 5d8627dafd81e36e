/* Who is served next: classes, rounds, and that all get the same number of bytes. */
#include "core/resources/schedule.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FULL (256 * 1024)

static struct schedule schedule;

static int set_up(void **unused)
{
    schedule = (struct schedule){0};
    return 0;
}

static enum schedule_class class_after(struct schedule_entry *entry, size_t moved, bool more)
{
    schedule_note(entry, moved, more);
    return schedule_class(entry);
}

/* ---- classes ---- */

static void test_small_reads_are_interactive(void **unused)
{
    struct schedule_entry entry = {0};
    assert_int_equal(schedule_class(&entry), SCHEDULE_CLASS_INTERACTIVE);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(class_after(&entry, SCHEDULE_BULK - 1, false), SCHEDULE_CLASS_INTERACTIVE);
}

static void test_full_buffers_are_bulk(void **unused)
{
    struct schedule_entry large = {0}, undrained = {0};
    assert_int_equal(class_after(&large, SCHEDULE_BULK, false), SCHEDULE_CLASS_BULK);
    assert_int_equal(class_after(&undrained, 1, true), SCHEDULE_CLASS_BULK);
}

/* One pause of a download does not make it interactive; the end of it does. */
static void test_bulk_cools_down(void **unused)
{
    struct schedule_entry entry = {0};
    schedule_note(&entry, FULL, true);
    schedule_note(&entry, 100, false);
    assert_int_equal(schedule_class(&entry), SCHEDULE_CLASS_BULK);
    schedule_note(&entry, FULL, false);
    for (int turns = 0; schedule_class(&entry) == SCHEDULE_CLASS_BULK; turns++) {
        assert_true(turns < 10);
        schedule_note(&entry, SCHEDULE_SMALL + 1, false); /* neither one nor the other */
        assert_int_equal(schedule_class(&entry), SCHEDULE_CLASS_BULK);
        schedule_note(&entry, 64, false);
    }
}

static void test_an_opening_ends(void **unused)
{
    struct schedule_entry done = {0}, bulk = {0};
    schedule_begin_opening(&done);
    assert_int_equal(schedule_class(&done), SCHEDULE_CLASS_OPENING);
    assert_int_equal(class_after(&done, 0, false), SCHEDULE_CLASS_OPENING);
    assert_int_equal(class_after(&done, 0, false), SCHEDULE_CLASS_INTERACTIVE);
    schedule_begin_opening(&bulk);
    assert_int_equal(class_after(&bulk, FULL, true), SCHEDULE_CLASS_BULK);
    while (schedule_class(&bulk) != SCHEDULE_CLASS_INTERACTIVE)
        schedule_note(&bulk, 0, false);
    assert_int_equal(class_after(&bulk, FULL, true), SCHEDULE_CLASS_BULK);
}

/* ---- queues ---- */

static void test_nobody_waits(void **unused)
{
    struct schedule_entry entry = {0};
    assert_null(schedule_next(&schedule));
    schedule_add(&schedule, &entry);
    schedule_add(&schedule, &entry); /* is queued already */
    assert_ptr_equal(schedule_next(&schedule), &entry);
    schedule_done(&schedule, &entry, 100, false);
    assert_null(schedule_next(&schedule));
    assert_false(entry.queued);
}

/* In the order in which they became ready. An entry with more to read goes to the end of the queue.
 */
static void test_they_take_turns(void **unused)
{
    struct schedule_entry entries[3] = {{0}};
    for (size_t i = 0; i < 3; i++)
        schedule_add(&schedule, &entries[i]);
    for (size_t turn = 0; turn < 30; turn++) {
        struct schedule_entry *entry = schedule_next(&schedule);
        assert_ptr_equal(entry, &entries[turn % 3]);
        schedule_done(&schedule, entry, FULL, true);
    }
}

/* Moves `rounds` buffers of each one's size; how many bytes each has had. */
static void run(struct schedule_entry *entries, const size_t *buffers, uint64_t *bytes,
                size_t count, size_t turns)
{
    for (size_t i = 0; i < count; i++)
        schedule_add(&schedule, &entries[i]);
    for (size_t turn = 0; turn < turns; turn++) {
        struct schedule_entry *entry = schedule_next(&schedule);
        size_t i = (size_t)(entry - entries);
        bytes[i] += buffers[i];
        schedule_done(&schedule, entry, buffers[i], true);
    }
}

static void test_shares_are_even(void **unused)
{
    static const size_t buffers[] = {FULL, FULL, 64 << 10, 100 << 10, 16 << 10, 3 * FULL, FULL + 1};
    struct schedule_entry entries[WSL_COUNT(buffers)] = {{0}};
    uint64_t bytes[WSL_COUNT(buffers)] = {0}, least = UINT64_MAX, most = 0;
    run(entries, buffers, bytes, WSL_COUNT(buffers), 100000);
    for (size_t i = 0; i < WSL_COUNT(buffers); i++) {
        least = bytes[i] < least ? bytes[i] : least;
        most = bytes[i] > most ? bytes[i] : most;
    }
    assert_true(most - least <= 8 * FULL);
}

/* Turns that move nothing end as well. */
static void test_a_turn_has_a_price(void **unused)
{
    static const size_t buffers[] = {FULL, 0};
    struct schedule_entry entries[2] = {{0}};
    uint64_t bytes[2] = {0};
    run(entries, buffers, bytes, 2, 3400);
    assert_true(bytes[0] >= 100 * (uint64_t)FULL);
}

/* A crowd of new connections gets every second turn, and the downloads the others. */
static void test_openings_and_bulk_alternate(void **unused)
{
    struct schedule_entry bulk[2] = {{0}}, opening[100] = {{0}};
    for (size_t i = 0; i < WSL_COUNT(opening); i++) {
        schedule_begin_opening(&opening[i]);
        schedule_add(&schedule, &opening[i]);
    }
    for (size_t i = 0; i < WSL_COUNT(bulk); i++)
        schedule_add(&schedule, &bulk[i]);
    for (size_t turn = 0; turn < 100; turn++) {
        struct schedule_entry *entry = schedule_next(&schedule);
        bool is_bulk = entry == &bulk[0] || entry == &bulk[1];
        assert_int_equal(is_bulk, turn % 2 == 0);
        schedule_done(&schedule, entry, is_bulk ? FULL : 0, is_bulk);
    }
}

/* One that leaves something behind joins the bulk. */
static void test_an_opening_with_more(void **unused)
{
    struct schedule_entry opening = {0}, other = {0};
    schedule_begin_opening(&opening);
    schedule_begin_opening(&other);
    schedule_add(&schedule, &opening);
    schedule_add(&schedule, &other);
    assert_ptr_equal(schedule_next(&schedule), &opening);
    schedule_done(&schedule, &opening, 1000, true);
    assert_true(opening.queued);
    assert_ptr_equal(schedule.bulk.first, &opening);
    assert_ptr_equal(schedule.opening.first, &other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_reads_are_interactive),
        cmocka_unit_test(test_full_buffers_are_bulk),
        cmocka_unit_test(test_bulk_cools_down),
        cmocka_unit_test(test_an_opening_ends),
        cmocka_unit_test_setup(test_nobody_waits, set_up),
        cmocka_unit_test_setup(test_they_take_turns, set_up),
        cmocka_unit_test_setup(test_shares_are_even, set_up),
        cmocka_unit_test_setup(test_a_turn_has_a_price, set_up),
        cmocka_unit_test_setup(test_openings_and_bulk_alternate, set_up),
        cmocka_unit_test_setup(test_an_opening_with_more, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
