/* The status as JSON: process, totals, sessions, routes, targets, listeners. */
#include "serve/status/status.h"

#include "core/session/life.h"
#include "lib/failing_alloc.h"
#include "lib/site_lab.h"
#include "serve/metrics/process_facts.h"
#include "serve/site/site_resources.h"
#include "serve/status/session_list.h"
#include "serve/target/target_pool.h"

#define NOW  1000000
#define WALL 1700000100000

static struct site_lab lab;
static struct metrics metrics[2];
static const struct metrics *const workers[] = {&metrics[0], &metrics[1]};
static struct process_facts process;
static struct site *site;
static struct session_list list;
static struct session_row row;
static struct session_row *rows[] = {&row};

static int set_up(void **unused)
{
    site_lab_open(&lab);
    memset(metrics, 0, sizeof(metrics));
    process_facts_init(&process, workers, 2, lab.shared.route_stats, 1700000000);
    memset(process.token, 'a', PROCESS_FACTS_KILL_TOKEN - 1);
    site = site_lab_site(&lab, NULL);
    assert_non_null(site);
    row = (struct session_row){
        .id = 17,
        .age_ms = 90000,
        .ping_ms = SESSION_ROW_NEVER,
        .bytes_up = 5,
        .state = LIFE_OPEN,
        .client = "10.0.0.7:4711",
        .listener = "inside",
        .route = "desk",
        .target = "127.0.0.1:5900",
    };
    list = (struct session_list){.sums = {.sessions = 3, .matched = 2}, .rows = rows, .count = 1};
    return 0;
}

static int tear_down(void **unused)
{
    site_release(site);
    site_lab_close(&lab);
    return 0;
}

static char *print(const char *refusal)
{
    const struct status_view view = {.site = site,
                                     .process = &process,
                                     .list = &list,
                                     .now = NOW,
                                     .wall = WALL,
                                     .refusal = refusal};
    size_t length;
    char *bytes = status_json(&view, &length);
    if (!bytes)
        return NULL;
    char *text = slice_copy((struct slice){bytes, length});
    free(bytes);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in\n%s", part, text);
}

static void test_process(void **unused)
{
    metrics_add(&metrics[1].counter[METRICS_bytes_up], 700);
    process_facts_note_pause(&process, true);
    char *text = print(NULL);
    assert_non_null(text);
    expect(text, "\"now\":1700000100000");
    expect(text, "\"token\":\"aaaaaaaa");
    expect(text, "\"kill_refused\":null");
    expect(text, "\"uptime_ms\":100000,\"workers\":2");
    expect(text, "\"accepts_paused\":true");
    expect(text, "\"sessions\":3");
    expect(text, "\"bytes_up\":700");
    free(text);
}

/* A client that may not end sessions does not get the token. */
static void test_refusal(void **unused)
{
    char *text = print("not from here");
    assert_non_null(text);
    expect(text, "\"token\":null,\"kill_refused\":\"not from here\"");
    free(text);
}

static void test_sessions(void **unused)
{
    row.stalled = SESSION_ROW_CLIENT_STALLS;
    row.stalled_ms = 4000;
    char *text = print(NULL);
    assert_non_null(text);
    expect(text, "\"matched\":2,\"listed\":1,\"truncated\":true");
    expect(text, "\"client\":\"10.0.0.7:4711\",\"proxy\":null,\"user\":null");
    expect(text, "\"state\":\"open\"");
    expect(text, "\"ping_ms\":null,\"bytes_up\":5");
    expect(text, "\"stalled\":\"client\",\"stalled_ms\":4000");
    free(text);
}

static void test_targets(void **unused)
{
    struct target_pool *pool = site->resources->pool;
    target_pool_begin(target_pool_target(pool, &lab.routes[0], 1));
    target_pool_note(target_pool_target(pool, &lab.routes[0], 0), BALANCE_FAILED, NOW);
    char *text = print(NULL);
    assert_non_null(text);
    expect(text, "\"name\":\"desk\",\"path\":\"/desk\",\"host\":null,\"kind\":\"bridge\"");
    expect(text, "\"address\":\"127.0.0.1:5900\",\"state\":\"down\",\"sessions\":0,\"failures\":1,"
                 "\"down_ms\":60000");
    expect(text, "\"address\":\"127.0.0.1:5901\",\"state\":\"up\",\"sessions\":1");
    expect(text, "\"address\":\"127.0.0.1:8081\",\"name\":\"inside\",\"tls\":\"off\"");
    free(text);
    target_pool_end(target_pool_target(pool, &lab.routes[0], 1));
    assert_string_equal(status_target_state(BALANCE_DUE), "trial");
}

static void test_without_memory(void **unused)
{
    const struct status_view view = {.site = site, .process = &process, .list = &list};
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        size_t length;
        failing_alloc_arm(n);
        char *bytes = status_json(&view, &length);
        failed = failing_alloc_disarm();
        assert_int_equal(bytes == NULL, failed);
        free(bytes);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_process), TEST(test_refusal),        TEST(test_sessions),
        TEST(test_targets), TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
