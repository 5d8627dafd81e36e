#include "run/command/command_restart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void starts_the_first_times_at_once(void **state)
{
    struct command_restart restart = {0};
    for (int i = 0; i < COMMAND_RESTART_STARTS; i++) {
        assert_int_equal(command_restart_wait(&restart, 1000), 0);
        command_restart_note(&restart, 1000);
    }
    assert_int_equal(command_restart_wait(&restart, 1000), COMMAND_RESTART_FAST_MS);
    assert_int_equal(command_restart_wait(&restart, 1000 + COMMAND_RESTART_FAST_MS - 1), 1);
    assert_int_equal(command_restart_wait(&restart, 1000 + COMMAND_RESTART_FAST_MS), 0);
}

static void counts_the_average_of_the_last_three(void **state)
{
    struct command_restart restart = {0};
    command_restart_note(&restart, 0); /* forgotten */
    command_restart_note(&restart, 50000);
    command_restart_note(&restart, 62000);
    command_restart_note(&restart, 68000);
    /* 20, 8 and 2 s ago */
    assert_int_equal(command_restart_wait(&restart, 70000), 0);
    /* 19, 7 and 1 s ago */
    assert_int_equal(command_restart_wait(&restart, 69000), 1000);
}

static void rounds_up(void **state)
{
    struct command_restart restart = {0};
    command_restart_note(&restart, 0);
    command_restart_note(&restart, 0);
    command_restart_note(&restart, 1);
    uint64_t wait = command_restart_wait(&restart, 1);
    assert_int_equal(command_restart_wait(&restart, 1 + wait), 0);
    assert_int_equal(command_restart_wait(&restart, wait), 1);
}

static void a_command_that_never_stays_up_comes_every_five_seconds(void **state)
{
    struct command_restart restart = {0};
    uint64_t now = 1, last = 0;
    for (int i = 0; i < 30; i++) {
        last = now;
        command_restart_note(&restart, now);
        now += command_restart_wait(&restart, now);
    }
    assert_in_range(now - last, 4900, 5100);
}

static void one_that_stays_up_is_never_held_up(void **state)
{
    struct command_restart restart = {0};
    for (uint64_t now = 7; now < 1000000; now += COMMAND_RESTART_FAST_MS) {
        command_restart_note(&restart, now);
        assert_int_equal(command_restart_wait(&restart, now + COMMAND_RESTART_FAST_MS), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_the_first_times_at_once),
        cmocka_unit_test(counts_the_average_of_the_last_three),
        cmocka_unit_test(rounds_up),
        cmocka_unit_test(a_command_that_never_stays_up_comes_every_five_seconds),
        cmocka_unit_test(one_that_stays_up_is_never_held_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
