/* Whose change a verdict is about. */
#include "run/change/change_waiters.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REQUESTS 6

static struct list links[REQUESTS];
static char said[REQUESTS][32];
static struct change_waiters waiters;

/* ---- in place of control_request.c ---- */

struct list *control_request_link(struct control_request *request)
{
    return (struct list *)request;
}

struct control_request *control_request_of(struct list *link)
{
    return (struct control_request *)link;
}

void control_request_answer(struct control_request *request, const struct control_verdict *verdict)
{
    size_t at = (size_t)((struct list *)request - links);
    assert_string_equal(said[at], "");
    snprintf(said[at], sizeof(said[at]), "%d %s", (int)verdict->outcome, verdict->text);
}

/* ---- tests ---- */

static struct control_request *request(size_t at)
{
    return (struct control_request *)&links[at];
}

static int set_up(void **unused)
{
    memset(said, 0, sizeof(said));
    change_waiters_init(&waiters);
    return 0;
}

static void test_a_request_during_a_reload_is_for_the_next(void **unused)
{
    change_waiters_add(&waiters, CHANGE_CONFIG, request(0));
    change_waiters_add(&waiters, CHANGE_CONFIG, request(1));
    change_waiters_begin(&waiters, CHANGE_CONFIG);
    change_waiters_add(&waiters, CHANGE_CONFIG, request(2));
    change_waiters_add(&waiters, CHANGE_UPGRADE, request(3));
    change_waiters_answer(&waiters, CONTROL_FAILED, "first");
    assert_string_equal(said[0], "1 first");
    assert_string_equal(said[1], "1 first");
    assert_string_equal(said[2], "");
    change_waiters_begin(&waiters, CHANGE_CONFIG);
    change_waiters_answer(&waiters, CONTROL_DONE, "second");
    assert_string_equal(said[2], "0 second");
    assert_string_equal(said[3], "");
    change_waiters_begin(&waiters, CHANGE_UPGRADE);
    change_waiters_join(&waiters, request(4));
    change_waiters_answer(&waiters, CONTROL_DONE, "third");
    assert_string_equal(said[3], "0 third");
    assert_string_equal(said[4], "0 third");
}

static void test_the_end_answers_all(void **unused)
{
    change_waiters_add(&waiters, CHANGE_UPGRADE, request(0));
    change_waiters_begin(&waiters, CHANGE_UPGRADE);
    change_waiters_add(&waiters, CHANGE_CONFIG, request(1));
    change_waiters_add(&waiters, CHANGE_UPGRADE, request(2));
    change_waiters_answer_all(&waiters, CONTROL_MOVED, "end");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(said[i], "2 end");
    change_waiters_answer_all(&waiters, CONTROL_MOVED, "nobody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_request_during_a_reload_is_for_the_next, set_up),
        cmocka_unit_test_setup(test_the_end_answers_all, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
