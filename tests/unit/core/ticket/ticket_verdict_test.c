#include "core/ticket/ticket_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_each_has_a_phrase_of_its_own(void **state)
{
    for (int i = 0; i < TICKET_VERDICTS; i++) {
        const char *phrase = ticket_verdict_phrase((enum ticket_verdict)i);
        assert_true(strlen(phrase) > 4);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(phrase, ticket_verdict_phrase((enum ticket_verdict)j));
    }
    assert_string_equal(ticket_verdict_phrase(TICKET_VERDICTS), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_has_a_phrase_of_its_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
