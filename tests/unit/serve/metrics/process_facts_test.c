/* Totals over workers, the history made of them, events and the token. */
#include "serve/metrics/process_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START 1700000000

static struct metrics metrics[2];
static const struct metrics *const workers[2] = {&metrics[0], &metrics[1]};
static struct history history;
static struct process_facts process;

static int set_up(void **unused)
{
    memset(metrics, 0, sizeof(metrics));
    memset(&history, 0, sizeof(history));
    process_facts_init(&process, workers, 2, NULL, START);
    process.history = &history;
    return 0;
}

static void test_totals(void **unused)
{
    metrics_add(&metrics[0].open, 3);
    metrics_add(&metrics[1].open, 2);
    metrics_add(&metrics[1].open_sessions, 1);
    metrics_add(&metrics[0].counter[METRICS_connections], 30);
    metrics_add(&metrics[1].counter[METRICS_sessions], 20);
    metrics_add(&metrics[0].counter[METRICS_bytes_up], 1000);
    metrics_add(&metrics[1].counter[METRICS_bytes_down], 2000);
    struct process_facts_totals totals = process_facts_totals(&process);
    assert_true(totals.connections == 5 && totals.sessions == 1);
    assert_true(totals.connections_total == 30 && totals.sessions_total == 20);
    assert_true(totals.bytes_up == 1000 && totals.bytes_down == 2000);
}

static void test_history(void **unused)
{
    struct history_point points[HISTORY_POINTS];
    int64_t until = 0;
    process_facts_note_history(&process, 1000);
    metrics_add(&metrics[0].counter[METRICS_bytes_up], 100);
    metrics_add(&metrics[1].counter[METRICS_bytes_down], 300);
    metrics_add(&metrics[1].open_sessions, 4);
    process_facts_note_history(&process, 3000);
    assert_int_equal(history_read(&history, points, &until), 1);
    assert_true(points[0].up == 50 && points[0].down == 150 && points[0].sessions == 4);
    assert_true(until > (int64_t)START * 1000);
}

static void test_reloads(void **unused)
{
    assert_int_equal(process.reloads, 0);
    assert_int_equal(process.reloaded_at, START);
    process_facts_note_reload(&process, true, START + 10);
    assert_false(process.reload_failed);
    process_facts_note_reload(&process, false, START + 20);
    assert_true(process.reload_failed);
    assert_true(process.reloads == 1 && process.failed_reloads == 1);
    assert_true(process.reloaded_at == START + 10 && process.reload_tried_at == START + 20);
}

static void test_pauses(void **unused)
{
    process_facts_note_pause(&process, true);
    process_facts_note_pause(&process, true);
    assert_true(process.accepts_paused && process.accept_pauses == 1);
    process_facts_note_pause(&process, false);
    assert_false(process.accepts_paused);
}

static void test_token(void **unused)
{
    char first[PROCESS_FACTS_KILL_TOKEN];
    assert_true(process_facts_make_token(&process));
    assert_int_equal(strlen(process.token), PROCESS_FACTS_KILL_TOKEN - 1);
    assert_int_equal(strspn(process.token, "0123456789abcdef"), PROCESS_FACTS_KILL_TOKEN - 1);
    memcpy(first, process.token, sizeof(first));
    assert_true(process_facts_make_token(&process));
    assert_string_not_equal(first, process.token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_totals, set_up),  cmocka_unit_test_setup(test_history, set_up),
        cmocka_unit_test_setup(test_reloads, set_up), cmocka_unit_test_setup(test_pauses, set_up),
        cmocka_unit_test_setup(test_token, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
