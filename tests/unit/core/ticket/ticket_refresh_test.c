#include "core/ticket/ticket_refresh.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { INTERVAL = 10000, LIFETIME = 300000 };

static void expects(const struct ticket_refresh *refresh, uint64_t now, int known, int unknown)
{
    assert_int_equal(ticket_refresh_next(refresh, now, false), known);
    assert_int_equal(ticket_refresh_next(refresh, now, true), unknown);
}

static void test_the_first_keys(void **state)
{
    struct ticket_refresh refresh = {0};
    expects(&refresh, 0, TICKET_REFRESH_WAIT, TICKET_REFRESH_WAIT);
    ticket_refresh_begin(&refresh, 1000, INTERVAL);
    expects(&refresh, 1000, TICKET_REFRESH_WAIT, TICKET_REFRESH_WAIT); /* joins it */
    ticket_refresh_fail(&refresh, 3000, INTERVAL);
    expects(&refresh, 12999, TICKET_REFRESH_KEEP, TICKET_REFRESH_KEEP);
    expects(&refresh, 13000, TICKET_REFRESH_WAIT, TICKET_REFRESH_WAIT);
}

static void test_a_lifetime(void **state)
{
    struct ticket_refresh refresh = {0};
    ticket_refresh_begin(&refresh, 0, INTERVAL);
    ticket_refresh_end(&refresh, 1000, INTERVAL, LIFETIME);
    expects(&refresh, 1000, TICKET_REFRESH_KEEP, TICKET_REFRESH_KEEP);
    expects(&refresh, 10999, TICKET_REFRESH_KEEP, TICKET_REFRESH_KEEP);
    expects(&refresh, 11000, TICKET_REFRESH_KEEP, TICKET_REFRESH_WAIT);
    expects(&refresh, 1000 + LIFETIME - 1, TICKET_REFRESH_KEEP, TICKET_REFRESH_WAIT);
    expects(&refresh, 1000 + LIFETIME, TICKET_REFRESH_WAIT, TICKET_REFRESH_WAIT);
}

/* One fetch in an interval, however many tickets name unknown keys. */
static void test_a_flood_of_unknown_keys(void **state)
{
    struct ticket_refresh refresh = {0};
    unsigned fetches = 0;
    ticket_refresh_end(&refresh, 0, INTERVAL, LIFETIME);
    for (uint64_t now = 0; now < 10 * INTERVAL; now++) {
        if (ticket_refresh_next(&refresh, now, true) != TICKET_REFRESH_WAIT)
            continue;
        ticket_refresh_begin(&refresh, now, INTERVAL);
        ticket_refresh_end(&refresh, now, INTERVAL, LIFETIME);
        fetches++;
    }
    assert_int_equal(fetches, 9);
}

/* The old keys serve while the service is down; only an unknown one waits for it. */
static void test_a_service_that_is_down(void **state)
{
    struct ticket_refresh refresh = {0};
    ticket_refresh_end(&refresh, 0, INTERVAL, LIFETIME);
    ticket_refresh_begin(&refresh, LIFETIME, INTERVAL);
    expects(&refresh, LIFETIME, TICKET_REFRESH_WAIT, TICKET_REFRESH_WAIT);
    ticket_refresh_fail(&refresh, LIFETIME + 5000, INTERVAL);
    expects(&refresh, LIFETIME + 5000, TICKET_REFRESH_KEEP, TICKET_REFRESH_KEEP);
    expects(&refresh, LIFETIME + 15000, TICKET_REFRESH_BEHIND, TICKET_REFRESH_WAIT);
    ticket_refresh_begin(&refresh, LIFETIME + 15000, INTERVAL);
    expects(&refresh, LIFETIME + 15001, TICKET_REFRESH_BEHIND, TICKET_REFRESH_WAIT);
    ticket_refresh_end(&refresh, LIFETIME + 15002, INTERVAL, LIFETIME);
    expects(&refresh, LIFETIME + 30000, TICKET_REFRESH_KEEP, TICKET_REFRESH_WAIT);
    expects(&refresh, 3 * LIFETIME, TICKET_REFRESH_WAIT, TICKET_REFRESH_WAIT);
}

static void test_lifetimes_have_bounds(void **state)
{
    static const struct {
        uint32_t seconds, longest;
        uint64_t lifetime;
    } rows[] = {
        {0, 3600000, 60000},
        {59, 3600000, 60000},
        {61, 3600000, 61000},
        {3601, 3600000, 3600000},
        {0, 1000, 1000},
        {86400, 1000, 1000},
        {UINT32_MAX, 3600000, 3600000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(ticket_refresh_lifetime(rows[i].seconds, rows[i].longest),
                         rows[i].lifetime);
}

static void test_the_wait_in_seconds(void **state)
{
    struct ticket_refresh refresh = {.next_at = 10000};
    assert_int_equal(ticket_refresh_seconds(&refresh, 0), 10);
    assert_int_equal(ticket_refresh_seconds(&refresh, 1), 10);
    assert_int_equal(ticket_refresh_seconds(&refresh, 9999), 1);
    assert_int_equal(ticket_refresh_seconds(&refresh, 20000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_keys),
        cmocka_unit_test(test_a_lifetime),
        cmocka_unit_test(test_a_flood_of_unknown_keys),
        cmocka_unit_test(test_a_service_that_is_down),
        cmocka_unit_test(test_lifetimes_have_bounds),
        cmocka_unit_test(test_the_wait_in_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
