/* Requests, turn by turn: across workers, in parts, while sessions begin and end. */
#include "serve/status/session_list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_priv.h"
#include "serve/site/site.h"

#define WORKERS 3
#define MOST    2000

static struct session_env envs[WORKERS], *const workers[WORKERS] = {&envs[0], &envs[1], &envs[2]};
static struct mailbox mailboxes[WORKERS];
static struct session *sessions[WORKERS * MOST];
static size_t session_count;
static struct process_facts process;
static uv_loop_t loop;
static struct site_listener listener = {.name = "endpoint"};
static struct config_listener config_listener;
static struct config config = {.listeners = &config_listener, .listener_count = 1};
static struct site site = {.config = &config, .listeners = &listener};
static struct config_route routes[] = {{.name = "desk"}, {.name = "other"}};
static unsigned gone;
static struct session *ended;

static unsigned waiting(void)
{
    unsigned posts = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        posts += mailboxes[i].first != NULL;
    return posts;
}

/* One turn of the loops; false: no request is under way. */
static bool turn(void)
{
    assert_true(waiting() <= 1);
    bool busy = waiting() > 0;
    if (busy)
        uv_run(&loop, UV_RUN_NOWAIT);
    return busy;
}

static void gone_cb(struct session_env *env)
{
    gone++;
}

static void end(struct session *session, enum reason reason)
{
    assert_int_equal(reason, REASON_killed);
    ended = session;
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    process = (struct process_facts){.worker_count = WORKERS};
    for (unsigned i = 0; i < WORKERS; i++) {
        envs[i] = (struct session_env){.loop = &loop,
                                       .lane = {.mailbox = &mailboxes[i]},
                                       .workers = workers,
                                       .process = &process,
                                       .number = i,
                                       .gone = gone_cb,
                                       .end = end};
        assert_true(mailbox_open(&mailboxes[i], &loop, NULL));
        list_init(&envs[i].sessions);
        list_init(&envs[i].cursors);
        list_init(&envs[i].list_requests);
    }
    session_count = gone = 0;
    ended = NULL;
    return 0;
}

static int tear_down(void **unused)
{
    assert_int_equal(waiting(), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_true(envs[i].live == 0);
        assert_true(list_empty(&envs[i].cursors) && list_empty(&envs[i].list_requests));
        mailbox_close(&mailboxes[i]);
    }
    for (size_t i = 0; i < session_count; i++)
        free(sessions[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < WORKERS; i++)
        mailbox_free(&mailboxes[i]);
    return uv_loop_close(&loop);
}

static struct session *add(unsigned worker, uint64_t bytes_up)
{
    struct session *session = calloc(1, sizeof(*session));
    assert_non_null(session);
    struct session_env *env = &envs[worker];
    session->env = env;
    session->id = session_id(worker, ++env->accepted);
    session->site = &site;
    session->route = &routes[env->accepted % 2];
    session->state = LIFE_OPEN;
    session->opened = true;
    session->rates.at = uv_now(&loop);
    session->bridge.up.bytes = bytes_up;
    list_append(&env->sessions, &session->link);
    sessions[session_count++] = session;
    return session;
}

static void drop(struct session *session)
{
    session_env_forget(session->env, &session->link);
    list_remove(&session->link);
}

struct seen {
    size_t count;
    uint64_t matched, sessions, ids[STATUS_QUERY_LIMIT_MAX], up[STATUS_QUERY_LIMIT_MAX];
    bool failed, done, unwanted;
};

static void look(void *owner, const struct session_list *list)
{
    struct seen *seen = owner;
    assert_false(seen->done);
    seen->done = true;
    seen->count = list->count;
    seen->matched = list->sums.matched;
    seen->sessions = list->sums.sessions;
    seen->failed = list->failed;
    for (size_t i = 0; i < list->count; i++) {
        seen->ids[i] = list->rows[i]->id;
        seen->up[i] = list->rows[i]->bytes_up;
        assert_string_equal(list->rows[i]->client, "unix");
        assert_string_equal(list->rows[i]->listener, "endpoint");
        assert_string_equal(session_list_state(list->rows[i]), "open");
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
    assert_true(session_list_request(&envs[1], &parsed, look, is_wanted, seen));
    assert_true(envs[1].live >= 1 && !seen->done);
}

static struct seen ask(const char *query)
{
    struct seen seen;
    begin(query, &seen);
    while (turn())
        ;
    assert_true(seen.done && gone > 0);
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
    seen = ask("sort=route&limit=5"); /* alike: the eldest first */
    assert_true(seen.ids[0] == session_id(0, 1) || seen.ids[0] == session_id(0, 2));
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
            add(0, 1); /* too late for this one */
    }
    assert_true(seen.done && dropped >= 100);
    assert_true(seen.sessions == MOST - dropped);
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

static bool found_one;
static unsigned told;

static void ended_cb(void *owner, bool found)
{
    found_one = found;
    told++;
}

static bool end_one(uint64_t id)
{
    told = 0;
    assert_true(session_list_end(&envs[1], id, "a test", ended_cb, NULL));
    while (turn())
        ;
    assert_int_equal(told, 1);
    return found_one;
}

static void test_end(void **unused)
{
    for (unsigned i = 0; i < 30; i++)
        add(i % WORKERS, i);
    for (size_t i = 0; i < 30; i++) {
        assert_true(end_one(sessions[i]->id));
        assert_ptr_equal(ended, sessions[i]);
    }
    ended = NULL;
    sessions[5]->state = LIFE_HEAD;
    assert_false(end_one(sessions[5]->id));
    assert_false(end_one(session_id(0, 11)));
    assert_false(end_one(session_id(WORKERS, 1)));
    assert_false(end_one(session_id(65535, 1)));
    assert_null(ended);
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
        bool asked = session_list_request(&envs[1], &query, look, is_wanted, &seen);
        while (turn())
            ;
        bool failed = failing_alloc_disarm();
        assert_true(asked == seen.done);
        if (asked)
            assert_true(seen.failed == failed);
        if (!failed)
            break;
    }
    failing_alloc_arm(1);
    assert_false(session_list_end(&envs[1], sessions[0]->id, "a test", ended_cb, NULL));
    assert_true(failing_alloc_disarm());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions_leave_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_leave_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_after_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
