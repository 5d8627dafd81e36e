#include "run/supervisor/exit_rules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START 5000

static struct exit_rules rules_of(struct config_exit config)
{
    struct exit_rules rules;
    exit_rules_init(&rules, &config, START);
    return rules;
}

static enum exit_verdict check(struct exit_rules *rules, bool begun, uint64_t open,
                               uint64_t accepted, uint64_t later)
{
    struct exit_facts facts = {begun, open, accepted};
    return exit_rules_decide(rules, &facts, START + later);
}

static void test_without_rules_there_is_no_check(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){0});
    assert_int_equal(exit_rules_wait(&rules, START + 7), 0);
    assert_int_equal(check(&rules, true, 0, 9, UINT32_MAX), EXIT_STAY);
}

static void test_once(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){.once = true});
    assert_int_equal(check(&rules, false, 3, 8, 100), EXIT_STAY);
    assert_int_equal(check(&rules, true, 1, 9, 200), EXIT_ONCE);
    assert_in_range(exit_rules_wait(&rules, START), 1, 1000);
}

/* Counts from the start, with or without clients. */
static void test_after(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){.after_ms = 60000});
    assert_int_equal(exit_rules_wait(&rules, START + 1000), 59000);
    assert_int_equal(check(&rules, true, 5, 5, 59999), EXIT_STAY);
    assert_int_equal(check(&rules, true, 5, 5, 60000), EXIT_AFTER);
    assert_int_equal(exit_rules_wait(&rules, START + 60001), 1);
}

static void test_idle_time_begins_when_the_last_client_leaves(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){.idle_ms = 2000});
    assert_int_equal(check(&rules, false, 0, 0, 1900), EXIT_STAY);
    assert_int_equal(check(&rules, false, 1, 1, 2000), EXIT_STAY);
    assert_int_equal(check(&rules, false, 1, 1, 9000), EXIT_STAY);
    assert_int_equal(check(&rules, false, 0, 1, 9100), EXIT_STAY);
    assert_int_equal(check(&rules, false, 0, 1, 10999), EXIT_STAY);
    assert_int_equal(check(&rules, false, 0, 1, 11000), EXIT_IDLE);
}

static void test_a_client_between_two_checks_counts(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){.idle_ms = 2000});
    assert_int_equal(check(&rules, false, 0, 1, 1900), EXIT_STAY);
    assert_int_equal(check(&rules, false, 0, 1, 3800), EXIT_STAY);
    assert_int_equal(check(&rules, false, 0, 1, 3900), EXIT_IDLE);
}

static void test_no_client_at_all(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){.idle_ms = 2000});
    assert_int_equal(check(&rules, false, 0, 0, 2000), EXIT_IDLE);
}

static void test_the_sooner_of_two_checks(void **state)
{
    struct exit_rules rules = rules_of((struct config_exit){.idle_ms = 9000, .after_ms = 1050});
    assert_int_equal(exit_rules_wait(&rules, START), 100);
    assert_int_equal(exit_rules_wait(&rules, START + 1000), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_rules_there_is_no_check),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_idle_time_begins_when_the_last_client_leaves),
        cmocka_unit_test(test_a_client_between_two_checks_counts),
        cmocka_unit_test(test_no_client_at_all),
        cmocka_unit_test(test_the_sooner_of_two_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
