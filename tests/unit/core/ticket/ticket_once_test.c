#include "core/ticket/ticket_once.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct ticket_use use_of(uint64_t number, int64_t until_ms)
{
    struct ticket_use use = {.until_ms = until_ms};
    memcpy(use.bytes, &number, sizeof(number));
    return use;
}

static enum ticket_verdict use(struct ticket_once *once, uint64_t number, int64_t until,
                               int64_t now)
{
    const struct ticket_use of = use_of(number, until);
    return ticket_once_use(once, &of, now);
}

static void test_a_ticket_is_used_once(void **state)
{
    struct ticket_once *once = ticket_once_create(10);
    assert_int_equal(use(once, 1, 100, 0), TICKET_VALID);
    assert_int_equal(use(once, 1, 100, 0), TICKET_USED);
    assert_int_equal(use(once, 2, 100, 0), TICKET_VALID);
    assert_int_equal(use(once, 1, 100, 99), TICKET_USED);
    assert_int_equal(use(once, 2, 100, 99), TICKET_USED);
    assert_int_equal(ticket_once_count(once), 2);
    ticket_once_free(once);
}

static void test_it_is_forgotten_when_it_has_expired(void **state)
{
    struct ticket_once *once = ticket_once_create(10);
    assert_int_equal(use(once, 1, 100, 0), TICKET_VALID);
    assert_int_equal(use(once, 2, 200, 99), TICKET_VALID);
    assert_int_equal(ticket_once_count(once), 2);
    assert_int_equal(use(once, 2, 200, 100), TICKET_USED);
    assert_int_equal(ticket_once_count(once), 1);
    ticket_once_free(once);
}

static void test_full_is_refused(void **state)
{
    struct ticket_once *once = ticket_once_create(3);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(use(once, i, 100, 0), TICKET_VALID);
    assert_int_equal(use(once, 3, 50, 0), TICKET_FULL);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(use(once, i, 100, 99), TICKET_USED);
    assert_int_equal(use(once, 3, 200, 100), TICKET_VALID);
    assert_int_equal(ticket_once_count(once), 2);
    ticket_once_free(once);
    once = ticket_once_create(0);
    assert_int_equal(use(once, 1, 100, 0), TICKET_FULL);
    ticket_once_free(once);
}

/* Against a plain table: any order of uses, any time of expiry. */
static void test_as_a_table_has_it(void **state)
{
    enum { NUMBERS = 200, CAPACITY = 60 };
    int64_t until[NUMBERS] = {0};
    struct ticket_once *once = ticket_once_create(CAPACITY);
    uint64_t dice = 1;
    for (int64_t now = 1; now < 20000; now++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        uint64_t number = (dice >> 33) % NUMBERS;
        size_t live = 0;
        for (size_t i = 0; i < NUMBERS; i++)
            live += until[i] > now;
        int64_t expires = now + 1 + (int64_t)((dice >> 20) % 97);
        enum ticket_verdict verdict = use(once, number, expires, now);
        assert_true(ticket_once_count(once) <= CAPACITY);
        if (until[number] > now) {
            assert_int_equal(verdict, TICKET_USED);
        } else if (verdict == TICKET_VALID) {
            until[number] = expires;
        } else if (verdict == TICKET_FULL) {
            assert_int_equal(live, CAPACITY); /* expired ones take nobody's place */
        } else {
            assert_int_equal(verdict, TICKET_USED); /* it has expired, and is not forgotten yet */
        }
    }
    ticket_once_free(once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ticket_is_used_once),
        cmocka_unit_test(test_it_is_forgotten_when_it_has_expired),
        cmocka_unit_test(test_full_is_refused),
        cmocka_unit_test(test_as_a_table_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
