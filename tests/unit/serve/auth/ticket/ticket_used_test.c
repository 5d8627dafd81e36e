#include "serve/auth/ticket/ticket_used.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { THREADS = 4, TICKETS = 2000 };

static void *use_all(void *argument)
{
    struct ticket_used *used = argument;
    uintptr_t valid = 0;
    for (uint64_t i = 0; i < TICKETS; i++) {
        struct ticket_use use = {.until_ms = 1000};
        memcpy(use.bytes, &i, sizeof(i));
        valid += ticket_used_take(used, &use, 0) == TICKET_VALID;
    }
    return (void *)valid;
}

/* Many workers get the same tickets: each is good once. */
static void test_each_is_used_once_by_all_threads(void **state)
{
    pthread_t threads[THREADS];
    uintptr_t valid = 0;
    struct ticket_used *used = ticket_used_create(TICKETS);
    assert_non_null(used);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_all, used), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        valid += (uintptr_t)result;
    }
    assert_int_equal(valid, TICKETS);
    struct ticket_use one_more = {.bytes = "another", .until_ms = 1000};
    assert_int_equal(ticket_used_take(used, &one_more, 0), TICKET_FULL);
    assert_int_equal(ticket_used_take(used, &one_more, 1000), TICKET_VALID);
    ticket_used_free(used);
    ticket_used_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_is_used_once_by_all_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
