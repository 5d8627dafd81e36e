#include "run/workers/worker_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every edge of the table, written out once more. */
static const struct {
    enum worker_state from;
    enum worker_event event;
    enum worker_state to;
} edges[] = {
    {WORKER_SERVING, WORKER_RETIRE, WORKER_RETIRING},
    {WORKER_SERVING, WORKER_DRAIN, WORKER_DRAINING},
    {WORKER_SERVING, WORKER_STOP, WORKER_STOPPED},
    {WORKER_RETIRING, WORKER_DRAIN, WORKER_DRAINING},
    {WORKER_RETIRING, WORKER_LAST_ENDED, WORKER_EMPTY},
    {WORKER_DRAINING, WORKER_KILL, WORKER_KILLING},
    {WORKER_DRAINING, WORKER_LAST_ENDED, WORKER_EMPTY},
    {WORKER_KILLING, WORKER_KILL, WORKER_KILLING},
    {WORKER_KILLING, WORKER_ABANDON, WORKER_ABANDONING},
    {WORKER_KILLING, WORKER_LAST_ENDED, WORKER_EMPTY},
    {WORKER_ABANDONING, WORKER_KILL, WORKER_ABANDONING},
    {WORKER_ABANDONING, WORKER_LAST_ENDED, WORKER_EMPTY},
    {WORKER_EMPTY, WORKER_DRAIN, WORKER_EMPTY},
    {WORKER_EMPTY, WORKER_KILL, WORKER_EMPTY},
    {WORKER_EMPTY, WORKER_CLEAR, WORKER_CLEARING},
    {WORKER_CLEARING, WORKER_LAST_ENDED, WORKER_CLEARED},
    {WORKER_CLEARED, WORKER_STOP, WORKER_STOPPED},
    {WORKER_STOPPED, WORKER_FINISH, WORKER_FINISHED},
};

static void test_every_pair_of_state_and_event(void **unused)
{
    for (enum worker_state from = 0; from < WORKER_STATES; from++)
        for (enum worker_event event = 0; event < WORKER_EVENTS; event++) {
            size_t i = 0;
            while (i < WSL_COUNT(edges) && (edges[i].from != from || edges[i].event != event))
                i++;
            assert_int_equal(worker_state_allows(from, event), i < WSL_COUNT(edges));
            if (i < WSL_COUNT(edges))
                assert_int_equal(worker_state_next(from, event), edges[i].to);
        }
}

static void test_no_edge_leads_back(void **unused)
{
    for (size_t i = 0; i < WSL_COUNT(edges); i++)
        assert_true(edges[i].to >= edges[i].from);
}

/* The supervisor drains and kills all workers, of which some may be empty already. */
static void test_once_draining_a_worker_allows_kills_until_it_stops(void **unused)
{
    for (enum worker_state state = WORKER_DRAINING; state <= WORKER_EMPTY; state++)
        assert_true(worker_state_allows(state, WORKER_KILL));
    assert_true(worker_state_allows(WORKER_EMPTY, WORKER_DRAIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_state_and_event),
        cmocka_unit_test(test_no_edge_leads_back),
        cmocka_unit_test(test_once_draining_a_worker_allows_kills_until_it_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
