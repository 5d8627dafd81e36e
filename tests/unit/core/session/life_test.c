#include "core/session/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every edge there is, written out once more. */
static const struct {
    enum life_state from;
    enum life_event event;
    enum life_state to;
} edges[] = {
    {LIFE_PREFACE, LIFE_SAW_TLS, LIFE_TLS},
    {LIFE_PREFACE, LIFE_SAW_PLAIN, LIFE_HEAD},
    {LIFE_TLS, LIFE_TLS_DONE, LIFE_HEAD},
    {LIFE_HEAD, LIFE_LOOK_UP, LIFE_LOOKING_UP},
    {LIFE_LOOKING_UP, LIFE_LOOK_UP, LIFE_LOOKING_UP},
    {LIFE_LOOKING_UP, LIFE_ASKED, LIFE_WAITING},
    {LIFE_LOOKING_UP, LIFE_ANSWERING, LIFE_REPLYING},
    {LIFE_LOOKING_UP, LIFE_UPGRADE_FIRST, LIFE_DIALLING},
    {LIFE_LOOKING_UP, LIFE_UPGRADE_AFTER, LIFE_UPGRADED},
    {LIFE_LOOKING_UP, LIFE_REFUSED, LIFE_LINGERING},
    {LIFE_LOOKING_UP, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_HEAD, LIFE_UPGRADE_FIRST, LIFE_DIALLING},
    {LIFE_HEAD, LIFE_UPGRADE_AFTER, LIFE_UPGRADED},
    {LIFE_HEAD, LIFE_ASKED, LIFE_WAITING},
    {LIFE_HEAD, LIFE_ANSWERING, LIFE_REPLYING},
    {LIFE_HEAD, LIFE_REFUSED, LIFE_LINGERING},
    {LIFE_WAITING, LIFE_ANSWERING, LIFE_REPLYING},
    {LIFE_REPLYING, LIFE_SENT, LIFE_HEAD},
    {LIFE_REPLYING, LIFE_SENT_LAST, LIFE_LINGERING},
    {LIFE_DIALLING, LIFE_TARGET_READY, LIFE_OPEN},
    {LIFE_DIALLING, LIFE_TARGET_FAILED, LIFE_LINGERING},
    {LIFE_UPGRADED, LIFE_TARGET_READY, LIFE_OPEN},
    {LIFE_UPGRADED, LIFE_TARGET_FAILED, LIFE_CLOSING},
    {LIFE_OPEN, LIFE_ENDING, LIFE_CLOSING},
    {LIFE_PREFACE, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_TLS, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_HEAD, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_WAITING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_REPLYING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_DIALLING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_UPGRADED, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_OPEN, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_CLOSING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_LINGERING, LIFE_DROPPED, LIFE_DEAD},
};

static void test_every_cell(void **unused)
{
    for (enum life_state from = 0; from < LIFE_STATES; from++)
        for (enum life_event event = 0; event < LIFE_EVENTS; event++) {
            size_t i = 0;
            while (i < WSL_COUNT(edges) && (edges[i].from != from || edges[i].event != event))
                i++;
            assert_int_equal(life_allows(from, event), i < WSL_COUNT(edges));
            if (i < WSL_COUNT(edges))
                assert_int_equal(life_next(from, event), edges[i].to);
        }
}

static void test_every_state_but_the_last_has_a_deadline(void **unused)
{
    for (enum life_state state = 0; state < LIFE_STATES; state++) {
        assert_int_equal(life_deadline(state) == LIFE_NO_DEADLINE, state == LIFE_DEAD);
        assert_true(strlen(life_name(state)) > 0);
        for (enum life_state other = 0; other < state; other++)
            assert_string_not_equal(life_name(state), life_name(other));
    }
}

/* ---- resources ---- */

#define REQUEST (LIFE_ENTRY | LIFE_CLIENT)
#define ALL     255u

/* What each state has and may have, written out once more. */
static const struct {
    unsigned has, may_have;
} resources[LIFE_STATES] = {
    [LIFE_PREFACE] = {LIFE_ENTRY, 0},
    [LIFE_TLS] = {REQUEST, 0},
    [LIFE_HEAD] = {REQUEST, 0},
    [LIFE_WAITING] = {REQUEST | LIFE_WAIT, 0},
    [LIFE_REPLYING] = {REQUEST | LIFE_ANSWER, 0},
    [LIFE_LOOKING_UP] = {REQUEST | LIFE_WAIT, 0},
    [LIFE_DIALLING] = {REQUEST, LIFE_CONNECT},
    [LIFE_UPGRADED] = {REQUEST | LIFE_BRIDGE, LIFE_CONNECT},
    [LIFE_OPEN] = {LIFE_CLIENT | LIFE_TARGET | LIFE_BRIDGE, 0},
    [LIFE_CLOSING] = {LIFE_CLIENT | LIFE_BRIDGE, LIFE_TARGET},
    [LIFE_LINGERING] = {LIFE_CLIENT | LIFE_LINGER, 0},
};

static void test_an_edge_needs_the_resources_of_the_new_state(void **unused)
{
    for (size_t i = 0; i < WSL_COUNT(edges); i++) {
        if (edges[i].event == LIFE_DROPPED)
            continue;
        unsigned has = resources[edges[i].to].has, may_have = resources[edges[i].to].may_have;
        for (unsigned mask = 0; mask <= ALL; mask++)
            assert_int_equal(life_fits(edges[i].from, edges[i].event, mask),
                             (mask & ~may_have) == has);
    }
}

static void test_a_dropped_session_has_nothing_that_its_state_may_not_have(void **unused)
{
    for (enum life_state state = 0; state < LIFE_DEAD; state++) {
        unsigned may_have = resources[state].has | resources[state].may_have;
        for (unsigned mask = 0; mask <= ALL; mask++)
            assert_int_equal(life_fits(state, LIFE_DROPPED, mask), (mask & ~may_have) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_every_state_but_the_last_has_a_deadline),
        cmocka_unit_test(test_an_edge_needs_the_resources_of_the_new_state),
        cmocka_unit_test(test_a_dropped_session_has_nothing_that_its_state_may_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
