#include "run/supervisor/process_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every edge of the table, written out once more. */
static const struct {
    enum process_state from;
    enum process_event event;
    enum process_state to;
} edges[] = {
    {PROCESS_STARTING, PROCESS_START, PROCESS_SERVING},
    {PROCESS_STARTING, PROCESS_CLOSE, PROCESS_CLOSED},
    {PROCESS_SERVING, PROCESS_DELAY_DRAIN, PROCESS_UNREADY},
    {PROCESS_SERVING, PROCESS_RETIRE, PROCESS_RETIRING},
    {PROCESS_SERVING, PROCESS_DRAIN, PROCESS_DRAINING},
    {PROCESS_UNREADY, PROCESS_DRAIN, PROCESS_DRAINING},
    {PROCESS_RETIRING, PROCESS_DRAIN, PROCESS_DRAINING},
    {PROCESS_RETIRING, PROCESS_EMPTY, PROCESS_STOPPING},
    {PROCESS_DRAINING, PROCESS_EMPTY, PROCESS_STOPPING},
    {PROCESS_STOPPING, PROCESS_CLOSE, PROCESS_CLOSED},
};

static void test_every_pair_of_state_and_event(void **unused)
{
    for (enum process_state from = 0; from < PROCESS_STATES; from++)
        for (enum process_event event = 0; event < PROCESS_EVENTS; event++) {
            size_t i = 0;
            while (i < WSL_COUNT(edges) && (edges[i].from != from || edges[i].event != event))
                i++;
            assert_int_equal(process_state_allows(from, event), i < WSL_COUNT(edges));
            if (i < WSL_COUNT(edges))
                assert_int_equal(process_state_next(from, event), edges[i].to);
        }
}

/* Each edge leads on: no state comes twice, so every process that is told to end does. */
static void test_no_edge_leads_back(void **unused)
{
    for (size_t i = 0; i < WSL_COUNT(edges); i++)
        assert_true(edges[i].to > edges[i].from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_state_and_event),
        cmocka_unit_test(test_no_edge_leads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
