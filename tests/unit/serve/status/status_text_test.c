/* The status as text: which columns there are, how wide they are, what a client cannot put in. */
#include "serve/status/status.h"

#include "core/session/life.h"
#include "lib/site_lab.h"
#include "serve/metrics/process_facts.h"
#include "serve/status/session_list.h"

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

static struct predecessors_answer others[2];
static size_t other_count;

static char *print(uint32_t width)
{
    list.query.width = width;
    const struct status_view view = {.site = site,
                                     .process = &process,
                                     .list = &list,
                                     .now = NOW,
                                     .wall = WALL,
                                     .predecessors = others,
                                     .predecessor_count = other_count};
    size_t length;
    char *bytes = status_text_print(&view, &length);
    assert_non_null(bytes);
    char *text = slice_copy((struct slice){bytes, length});
    free(bytes);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in\n%s", part, text);
}

static void test_head(void **unused)
{
    list.sums.stalled_down = 1;
    char *text = print(0);
    expect(text, ", up 1m40s, 2 workers\n");
    expect(text, "3 sessions, 0 connections; up 0/s, down 0/s; 1 slow client, 0 slow targets\n");
    assert_null(strstr(text, "out of file descriptors"));
    free(text);
    process_facts_note_pause(&process, true);
    process_facts_note_reload(&process, false, 1700000050);
    text = print(0);
    expect(text, "accepting no new clients: out of file descriptors\n");
    expect(text, "the last reload failed: the old configuration is in use\n");
    free(text);
}

static void test_columns(void **unused)
{
    char *text = print(0);
    expect(text, "\nID    CLIENT         ROUTE  TARGET          STATE    AGE");
    expect(text, "\n0-17  10.0.0.7:4711  desk   127.0.0.1:5900  open   1m30s");
    assert_null(strstr(text, "USER")); /* empty columns are left out */
    expect(text, "\nTARGET          STATE  SESSIONS  FAILURES  ROUTE\n");
    expect(text, "1 of 2 sessions");
    free(text);
    row.stalled = SESSION_ROW_CLIENT_STALLS | SESSION_ROW_TARGET_STALLS;
    row.stalled_ms = 4000;
    row.ping_ms = 12;
    row.user = "Ada";
    text = print(0);
    expect(text, "  USER  ");
    expect(text, "  12ms  ");
    expect(text, "both 4s\n");
    free(text);
}

/* A process that an upgrade has replaced is named, and each session's process. */
static void test_processes(void **unused)
{
    others[0] = (struct predecessors_answer){.answering = true,
                                             .facts = {.pid = 11,
                                                       .started_at = 1700000040,
                                                       .version = "0.1\x1b",
                                                       .state = "retiring",
                                                       .sessions = 1}};
    others[1] = (struct predecessors_answer){.facts = {.pid = 12, .version = "0.2", .sessions = 2}};
    other_count = 2;
    row.process = 11;
    char *text = print(0);
    other_count = 0;
    row.process = 0;
    expect(text,
           "process 11 (wsluice 0.1?), replaced by an upgrade, up 1m00s, retiring: 1 session\n");
    expect(
        text,
        "process 12 (wsluice 0.2), replaced by an upgrade, does not answer; it had 2 sessions\n");
    expect(text, "\nID    PROCESS  CLIENT");
    expect(text, "\n0-17       11  10.0.0.7");
    free(text);
}

static void test_width(void **unused)
{
    for (uint32_t width = 40; width < 120; width += 10) {
        char *text = print(width);
        const char *table = strstr(text, "\nID ");
        assert_non_null(table);
        assert_true(strcspn(table + 1, "\n") <= width);
        free(text);
    }
}

/* Terminals obey control characters, C1 ones included. */
static void test_control_characters(void **unused)
{
    row.client = "a\x1b[2J\xc2\x9b\x07";
    row.user = "caf\xc3\xa9";
    row.route = "\xff\xc3";
    char *text = print(0);
    expect(text, "a?[2J???");
    expect(text, "caf\xc3\xa9");
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\xff'));
    free(text);
}

static void test_filter_without_a_match(void **unused)
{
    list = (struct session_list){.query = {.filter = "eve"}};
    char *text = print(0);
    expect(text, "no session matches the filter");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_head),
        TEST(test_columns),
        TEST(test_processes),
        TEST(test_width),
        TEST(test_control_characters),
        TEST(test_filter_without_a_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
