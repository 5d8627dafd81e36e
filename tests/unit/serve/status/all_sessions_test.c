/* One list over processes: a predecessor that is this process once more, and one that says nothing.
 */
#include "serve/status/all_sessions.h"

#include <signal.h>

#include "serve/status/control_request.h"

#include "lib/link_lab.h"

static struct {
    unsigned calls;
    size_t count, others;
    uint64_t sessions, matched, ids[8], processes[8];
    bool found;
} seen;

static void listed_cb(void *owner, const struct all_sessions *all)
{
    seen.calls++;
    session_list_sort(all->list);
    seen.count = all->list->count;
    seen.others = all->other_count;
    seen.sessions = all->list->sums.sessions;
    seen.matched = all->list->sums.matched;
    for (size_t i = 0; i < seen.count && i < WSL_COUNT(seen.ids); i++) {
        seen.ids[i] = all->list->rows[i]->id;
        seen.processes[i] = all->list->rows[i]->process;
    }
}

static bool is_wanted(const void *owner)
{
    return true;
}

static void killed_cb(void *owner, bool found)
{
    seen.calls++;
    seen.found = found;
}

static void list(const char *text)
{
    struct status_query query;
    seen.calls = 0;
    assert_null(status_query_parse(slice_of(text), &query));
    assert_true(all_sessions_list(&envs[1], &query, listed_cb, is_wanted, NULL));
    while (seen.calls == 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static bool kill_one(uint64_t id)
{
    seen.calls = 0;
    assert_true(all_sessions_kill(&envs[1], id, "user 7", end_cb, killed_cb, NULL));
    while (seen.calls == 0)
        uv_run(&loop, UV_RUN_ONCE);
    return seen.found;
}

static void add_predecessor(uint64_t pid)
{
    int ends[2];
    open_pair(ends);
    assert_true(link_server_open(&envs[0], ends[1], end_cb));
    assert_true(predecessors_add(envs[0].predecessors, ends[0], pid, ""));
}

static void test_rows_of_both(void **unused)
{
    add(0, 5);
    add(2, 9);
    list("sort=up");
    assert_true(seen.count == 2 && seen.others == 0 && seen.sessions == 2);
    add_predecessor(11);
    list("sort=up&limit=3");
    assert_true(seen.count == 3 && seen.others == 1 && seen.sessions == 4 && seen.matched == 4);
    assert_true(seen.ids[0] == session_id(0, 2, 1) && seen.ids[1] == session_id(0, 2, 1));
    assert_true(seen.processes[0] + seen.processes[1] == 11);
    list("filter=2-1");
    assert_true(seen.count == 2 && seen.matched == 2 && seen.sessions == 4);
}

static void test_one_that_says_nothing(void **unused)
{
    int ends[2];
    open_pair(ends);
    assert_true(predecessors_add(envs[0].predecessors, ends[0], 12, ""));
    add(0, 5);
    list("");
    assert_true(seen.count == 1 && seen.others == 1 && seen.sessions == 1);
    close(ends[1]);
}

/* The generation of an id says whether it is one of this process. */
static void test_ends(void **unused)
{
    add(0, 5);
    for (unsigned i = 0; i < WORKERS; i++)
        envs[i].generation = 1;
    add_predecessor(11);
    assert_true(kill_one(session_id(0, 0, 1)));
    assert_int_equal(ended, 1);
    assert_false(kill_one(session_id(0, 0, 1)));
    assert_false(kill_one(session_id(1, 0, 1)));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
#define TEST(test) cmocka_unit_test_setup_teardown(test, link_set_up, link_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_rows_of_both),
        TEST(test_one_that_says_nothing),
        TEST(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
