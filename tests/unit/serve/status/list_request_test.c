/* Requests, turn by turn: across workers, in parts, while sessions begin and end. */
#include "serve/status/list_request.h"

#include "lib/failing_alloc.h"
#include "lib/status_lab.h"

struct seen {
    size_t count;
    uint64_t matched, sessions, ids[STATUS_QUERY_LIMIT_MAX], up[STATUS_QUERY_LIMIT_MAX];
    bool failed, done, unwanted;
};

static void look(void *owner, struct session_list *list)
{
    struct seen *seen = owner;
    assert_false(seen->done);
    seen->done = true;
    seen->count = list->count;
    seen->matched = list->sums.matched;
    seen->sessions = list->sums.sessions;
    seen->failed = list->failed;
    session_list_sort(list);
    for (size_t i = 0; i < list->count; i++) {
        seen->ids[i] = list->rows[i]->id;
        seen->up[i] = list->rows[i]->bytes_up;
        assert_string_equal(list->rows[i]->client, "unix");
        assert_string_equal(list->rows[i]->listener, "endpoint");
        assert_string_equal(session_row_state(list->rows[i]), "open");
        assert_null(list->rows[i]->proxy);
    }
}

static bool is_wanted(const void *owner)
{
    return !((const struct seen *)owner)->unwanted;
}

static void begin(const char *query, struct seen *seen)
{
    struct status_query parsed;
    *seen = (struct seen){0};
    assert_null(status_query_parse(slice_of(query), &parsed));
    assert_true(list_request_start(&envs[1], &parsed, NULL, look, is_wanted, seen));
    assert_true(envs[1].live >= 1 && !seen->done);
}

static struct seen ask(const char *query)
{
    struct seen seen;
    begin(query, &seen);
    while (turn())
        ;
    assert_true(seen.done && released > 0);
    return seen;
}

static void test_nobody(void **unused)
{
    struct seen seen = ask("");
    assert_true(seen.count == 0 && seen.matched == 0 && seen.sessions == 0);
}

static void test_order(void **unused)
{
    for (unsigned i = 0; i < 300; i++)
        add(i % WORKERS, i * 7919 % 300);
    struct seen seen = ask("sort=up&limit=1000");
    assert_true(seen.count == 300 && seen.matched == 300);
    for (size_t i = 0; i < 300; i++)
        assert_true(seen.up[i] == 299 - i);
    seen = ask("sort=up&limit=10");
    assert_true(seen.count == 10 && seen.matched == 300 && seen.sessions == 300);
    for (size_t i = 0; i < 10; i++)
        assert_true(seen.up[i] == 299 - i);
    seen = ask("sort=up&order=asc&limit=10");
    for (size_t i = 0; i < 10; i++)
        assert_true(seen.up[i] == i);
    seen = ask("sort=id&limit=1000");
    for (size_t i = 1; i < 300; i++)
        assert_true(seen.ids[i - 1] < seen.ids[i]);
    seen = ask("sort=route&limit=5"); /* equal rows: the oldest first */
    assert_true(seen.ids[0] == session_id(0, 0, 1) || seen.ids[0] == session_id(0, 0, 2));
    for (int sort = 0; sort < STATUS_SORTS; sort++) {
        char query[64];
        snprintf(query, sizeof(query), "sort=%s&limit=7",
                 status_query_sort_name((enum status_sort)sort));
        assert_int_equal(ask(query).count, 7);
    }
}

static void test_filter(void **unused)
{
    for (unsigned i = 0; i < 60; i++)
        add(i % WORKERS, i);
    struct seen seen = ask("filter=DESK");
    assert_true(seen.matched == 30 && seen.sessions == 60);
    assert_int_equal(ask("filter=desk&limit=4").count, 4);
    assert_int_equal(ask("filter=2-20").count, 1);
    assert_int_equal(ask("filter=nobody").count, 0);
}

static void test_what_is_no_session(void **unused)
{
    static const uint8_t states[] = {LIFE_PREFACE, LIFE_TLS, LIFE_HEAD, LIFE_WAITING,
                                     LIFE_REPLYING};
    for (size_t i = 0; i < WSL_COUNT(states); i++)
        add(0, 0)->state = states[i];
    struct session *refused = add(0, 0);
    refused->state = LIFE_CLOSING;
    refused->opened = false;
    assert_true(ask("").sessions == 0);
}

/* A request pauses in the middle of a worker's list, and the session that it points at leaves. */
static void test_sessions_leave_meanwhile(void **unused)
{
    struct seen seen;
    for (unsigned i = 0; i < MOST; i++)
        add(0, i);
    begin("limit=1000", &seen);
    size_t dropped = 0;
    while (turn()) {
        if (list_empty(&envs[0].cursors))
            continue;
        struct session_cursor *cursor =
            WSL_CONTAINER(envs[0].cursors.next, struct session_cursor, link);
        for (int i = 0; i < 50 && cursor->next != &envs[0].sessions; i++, dropped++)
            drop(WSL_CONTAINER(cursor->next, struct session, link));
        for (int i = 0; i < 20; i++)
            add(0, 1); /* accepted after the request: not listed */
    }
    assert_true(seen.done && dropped >= 100);
    assert_true(seen.sessions == MOST - dropped);
}

static void test_a_turn_reads_few(void **unused)
{
    struct seen seen;
    unsigned turns = 0;
    for (unsigned i = 0; i < MOST; i++)
        add(0, i);
    begin("sort=client&limit=1000", &seen);
    while (turn())
        turns++;
    assert_true(seen.done && seen.sessions == MOST);
    assert_true(turns >= MOST / 250);
}

static void test_all_leave_meanwhile(void **unused)
{
    struct seen seen;
    for (unsigned i = 0; i < MOST; i++)
        add(0, i);
    begin("", &seen);
    assert_true(turn() && turn());
    while (!list_empty(&envs[0].sessions))
        drop(WSL_CONTAINER(envs[0].sessions.next, struct session, link));
    while (turn())
        ;
    assert_true(seen.done && seen.sessions < MOST);
}

/* No more than one request is under way; `turn` asserts it. */
static void test_one_after_the_other(void **unused)
{
    struct seen first, left, last;
    for (unsigned i = 0; i < 1200; i++)
        add(i % WORKERS, i);
    begin("", &first);
    begin("", &left);
    begin("", &last);
    assert_true(envs[1].live == 3);
    left.unwanted = true;
    while (!first.done)
        assert_true(turn() && !last.done);
    assert_true(first.sessions == 1200 && left.done && left.sessions == 0);
    while (turn())
        assert_true(envs[1].live <= 1);
    assert_true(last.done && last.sessions == 1200);
}

static void test_without_memory(void **unused)
{
    struct status_query query;
    assert_null(status_query_parse(SLICE(""), &query));
    for (unsigned i = 0; i < 10; i++)
        add(0, i);
    for (unsigned n = 1;; n++) {
        struct seen seen = {0};
        failing_alloc_arm(n);
        bool asked = list_request_start(&envs[1], &query, NULL, look, is_wanted, &seen);
        while (turn())
            ;
        bool failed = failing_alloc_disarm();
        assert_true(asked == seen.done);
        if (asked)
            assert_true(seen.failed == failed);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions_leave_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_turn_reads_few, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_leave_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_after_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
