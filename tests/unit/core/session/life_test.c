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
    {LIFE_HEAD, LIFE_LOOK_UP, LIFE_LOOKING},
    {LIFE_LOOKING, LIFE_UPGRADE_FIRST, LIFE_DIALLING},
    {LIFE_LOOKING, LIFE_UPGRADE_AFTER, LIFE_ANSWERED},
    {LIFE_LOOKING, LIFE_REFUSED, LIFE_CLOSING},
    {LIFE_LOOKING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_HEAD, LIFE_UPGRADE_FIRST, LIFE_DIALLING},
    {LIFE_HEAD, LIFE_UPGRADE_AFTER, LIFE_ANSWERED},
    {LIFE_HEAD, LIFE_ASKED, LIFE_WAITING},
    {LIFE_HEAD, LIFE_ANSWERING, LIFE_REPLYING},
    {LIFE_HEAD, LIFE_REFUSED, LIFE_CLOSING},
    {LIFE_WAITING, LIFE_ANSWERING, LIFE_REPLYING},
    {LIFE_REPLYING, LIFE_TAKEN, LIFE_HEAD},
    {LIFE_REPLYING, LIFE_TAKEN_LAST, LIFE_CLOSING},
    {LIFE_DIALLING, LIFE_TARGET_READY, LIFE_OPEN},
    {LIFE_DIALLING, LIFE_TARGET_FAILED, LIFE_CLOSING},
    {LIFE_ANSWERED, LIFE_TARGET_READY, LIFE_OPEN},
    {LIFE_ANSWERED, LIFE_TARGET_FAILED, LIFE_CLOSING},
    {LIFE_OPEN, LIFE_ENDING, LIFE_CLOSING},
    {LIFE_PREFACE, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_TLS, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_HEAD, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_WAITING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_REPLYING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_DIALLING, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_ANSWERED, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_OPEN, LIFE_DROPPED, LIFE_DEAD},
    {LIFE_CLOSING, LIFE_DROPPED, LIFE_DEAD},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_every_state_but_the_last_has_a_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
