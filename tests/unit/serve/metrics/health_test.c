/* Liveness and readiness, by the facts about the process and the targets. */
#include "serve/metrics/health.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct process_facts process;

static void expect(enum health_targets targets, unsigned status, const char *word)
{
    struct health_reply answer = health_ready(&process, targets);
    assert_int_equal(answer.status, status);
    assert_non_null(strstr(answer.body, word));
}

static void test_live(void **unused)
{
    assert_int_equal(health_live().status, 200);
    assert_non_null(strstr(health_live().body, "live"));
}

static void test_ready(void **unused)
{
    expect(HEALTH_TARGETS_NOT_NEEDED, 503, "listeners");
    process.listening = true;
    expect(HEALTH_TARGETS_NOT_NEEDED, 200, "\"ready\"");
    expect(HEALTH_TARGETS_UP, 200, "\"ready\"");
    expect(HEALTH_TARGETS_DOWN, 503, "targets");
    process.draining = true;
    expect(HEALTH_TARGETS_NOT_NEEDED, 503, "draining");
    expect(HEALTH_TARGETS_DOWN, 503, "draining");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
