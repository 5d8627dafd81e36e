/* The scrape, line by line and by Prometheus's own checker. */
#include "serve/metrics/prometheus.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define START 1700000000

static struct metrics metrics[2];
static const struct metrics *const workers[2] = {&metrics[0], &metrics[1]};
static struct process_facts process;

static int set_up(void **unused)
{
    memset(metrics, 0, sizeof(metrics));
    struct route_stats_set *set = route_stats_set_create(2);
    assert_non_null(set);
    process_facts_init(&process, workers, 2, set, START);
    return 0;
}

static int tear_down(void **unused)
{
    route_stats_set_free(process.route_stats);
    return 0;
}

static const struct prometheus_certificate certificates[] = {{"/etc/ssl/desk.pem", 1800000000}};
static const struct prometheus_target targets[] = {{"10.0.0.5:5900", true, 3},
                                                   {"10.0.0.6:5900", false, 0}};
static const struct prometheus_site site = {certificates, 1, targets, 2};

static char *scrape(void)
{
    size_t length;
    char *text = prometheus_print(&process, &site, &length);
    assert_non_null(text);
    assert_true(length > 0 && text[length - 1] == '\n');
    text = realloc(text, length + 1);
    text[length] = '\0';
    return text;
}

/* The text contains exactly this line. */
static void expect_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text; at; at = strchr(at, '\n'), at += at != NULL)
        if (strncmp(at, line, length) == 0 && at[length] == '\n')
            return;
    fail_msg("no line \"%s\" in\n%s", line, text);
}

static void serve(const char *route, unsigned worker, enum reason reason, uint64_t bytes)
{
    struct route_stats *stats = route_stats_get(process.route_stats, route);
    struct route_stats_use use = {0};
    route_stats_enter(&use, stats, worker, &metrics[worker]);
    route_stats_open(&use, 7);
    route_stats_bytes(&use, bytes, 10 * bytes);
    route_stats_end(&use, reason, 90000);
    route_stats_release(stats);
}

static void test_sums(void **unused)
{
    serve("desk", 0, REASON_client_closed, 5);
    serve("desk", 1, REASON_client_closed, 7);
    serve("desk", 1, REASON_target_closed, 0);
    metrics_add(&metrics[1].open, 3);
    metrics_add(&metrics[0].ended[REASON_silent], 2);
    metrics_count_handshake(&metrics[0], REASON_none, METRICS_TLS_1_3);
    metrics_count_handshake(&metrics[1], REASON_none, METRICS_TLS_1_3);
    metrics_count_handshake(&metrics[1], REASON_http_no_route, METRICS_TLS_NONE);
    char *text = scrape();
    expect_line(text, "wsluice_sessions_total 3");
    expect_line(text, "wsluice_payload_bytes_total{direction=\"down\"} 120");
    expect_line(text, "wsluice_route_sessions{route=\"desk\"} 0");
    expect_line(text, "wsluice_route_sessions_total{route=\"desk\"} 3");
    expect_line(text, "wsluice_route_payload_bytes_total{route=\"desk\",direction=\"up\"} 12");
    expect_line(text, "wsluice_route_ended_total{route=\"desk\",reason=\"client_closed\"} 2");
    expect_line(text, "wsluice_route_ended_total{route=\"desk\",reason=\"target_closed\"} 1");
    expect_line(text, "wsluice_connections_ended_total{reason=\"silent\"} 2");
    expect_line(text, "wsluice_handshakes_total{result=\"ok\",tls=\"1.3\"} 2");
    expect_line(text, "wsluice_handshakes_total{result=\"ok\",tls=\"1.2\"} 0");
    expect_line(text, "wsluice_handshakes_total{result=\"http_no_route\",tls=\"none\"} 1");
    expect_line(text, "wsluice_worker_connections{worker=\"0\"} 0");
    expect_line(text, "wsluice_worker_connections{worker=\"1\"} 3");
    expect_line(text, "wsluice_certificate_not_after_timestamp_seconds"
                      "{certificate=\"/etc/ssl/desk.pem\"} 1800000000");
    free(text);
}

static void count_by_target(struct route_stats *stats, unsigned number)
{
    struct route_stats_use use = {0};
    char target[32];
    snprintf(target, sizeof(target), number == 1 ? "unix:/a\"b" : "10.0.0.%u:5900", number);
    route_stats_enter(&use, stats, number % 2, &metrics[number % 2]);
    route_stats_enter_target(&use, stats, target);
    if (number != 2)
        route_stats_open(&use, 7);
    route_stats_bytes(&use, 1, 10);
    if (number != 3)
        route_stats_end(&use, number == 2 ? REASON_target_refused : REASON_client_closed, 1);
}

static void test_targets_of_tokens(void **unused)
{
    struct route_stats *stats = route_stats_get(process.route_stats, "desks");
    for (unsigned i = 0; i < TARGET_STATS_MAX + 3; i++)
        count_by_target(stats, i);
    char *text = scrape();
    expect_line(text, "wsluice_route_sessions_total{route=\"desks\"} 66");
    expect_line(text, "wsluice_token_target_sessions{route=\"desks\",target=\"10.0.0.0:5900\"} 0");
    expect_line(text, "wsluice_token_target_sessions{route=\"desks\",target=\"10.0.0.3:5900\"} 1");
    expect_line(text, "wsluice_token_target_sessions_total{route=\"desks\","
                      "target=\"unix:/a\\\"b\"} 1");
    expect_line(text, "wsluice_token_target_ended_total{route=\"desks\",target=\"10.0.0.2:5900\","
                      "reason=\"target_refused\"} 1");
    expect_line(text, "wsluice_token_target_payload_bytes_total{route=\"desks\","
                      "target=\"10.0.0.0:5900\",direction=\"down\"} 10");
    expect_line(text, "wsluice_token_target_sessions_total{route=\"desks\",target=\"other\"} 3");
    assert_null(strstr(text, "10.0.0.64:5900"));
    free(text);
    route_stats_release(stats);
}

static void test_histograms(void **unused)
{
    metrics_observe(&metrics[0], METRICS_HISTOGRAM_ping, 0);
    metrics_observe(&metrics[0], METRICS_HISTOGRAM_ping, 1);
    metrics_observe(&metrics[1], METRICS_HISTOGRAM_ping, 2);
    metrics_observe(&metrics[1], METRICS_HISTOGRAM_ping, 60000);
    metrics_observe(&metrics[1], METRICS_HISTOGRAM_ping, 60001);
    metrics_observe(&metrics[1], METRICS_HISTOGRAM_stall_down, 1500);
    metrics_observe(&metrics[1], METRICS_HISTOGRAM_duration, 700000000);
    char *text = scrape();
    expect_line(text, "wsluice_ping_seconds_bucket{le=\"0.001\"} 2");
    expect_line(text, "wsluice_ping_seconds_bucket{le=\"0.002\"} 3");
    expect_line(text, "wsluice_ping_seconds_bucket{le=\"10\"} 3");
    expect_line(text, "wsluice_ping_seconds_bucket{le=\"60\"} 4");
    expect_line(text, "wsluice_ping_seconds_bucket{le=\"+Inf\"} 5");
    expect_line(text, "wsluice_ping_seconds_count 5");
    expect_line(text, "wsluice_ping_seconds_sum 120.004");
    expect_line(text, "wsluice_stall_seconds_bucket{direction=\"down\",le=\"1\"} 0");
    expect_line(text, "wsluice_stall_seconds_bucket{direction=\"down\",le=\"2\"} 1");
    expect_line(text, "wsluice_stall_seconds_sum{direction=\"down\"} 1.500");
    expect_line(text, "wsluice_stall_seconds_count{direction=\"up\"} 0");
    expect_line(text, "wsluice_session_seconds_bucket{le=\"604800\"} 0");
    expect_line(text, "wsluice_session_seconds_count 1");
    free(text);
}

static void test_bounds_rise(void **unused)
{
    for (int set = METRICS_LATENCY; set <= METRICS_LIFETIME; set++)
        for (int i = 1; i < METRICS_BOUNDS; i++)
            assert_true(metrics_bounds[set][i] > metrics_bounds[set][i - 1]);
}

static void test_protocols(void **unused)
{
    assert_string_equal(metrics_tls_name(metrics_tls_of(0)), "none");
    assert_string_equal(metrics_tls_name(metrics_tls_of(0x0302)), "1.1");
    assert_string_equal(metrics_tls_name(metrics_tls_of(0x0303)), "1.2");
    assert_string_equal(metrics_tls_name(metrics_tls_of(0x0304)), "1.3");
}

static void test_labels(void **unused)
{
    serve("a\"b\\c\nd", 0, REASON_client_closed, 1);
    serve("caf\xc3\xa9", 0, REASON_client_closed, 1);
    serve("bad\xff\xc3", 0, REASON_client_closed, 1);
    char *text = scrape();
    expect_line(text, "wsluice_route_sessions_total{route=\"a\\\"b\\\\c\\nd\"} 1");
    expect_line(text, "wsluice_route_sessions_total{route=\"caf\xc3\xa9\"} 1");
    expect_line(text, "wsluice_route_sessions_total{route=\"bad??\"} 1");
    free(text);
}

static void test_reloads(void **unused)
{
    process_facts_note_reload(&process, true, START + 10);
    process_facts_note_reload(&process, false, START + 20);
    process_facts_note_pause(&process, true);
    process_facts_note_pause(&process, true);
    char *text = scrape();
    expect_line(text, "wsluice_reloads_total{result=\"ok\"} 1");
    expect_line(text, "wsluice_reloads_total{result=\"failed\"} 1");
    expect_line(text, "wsluice_last_reload_successful 0");
    expect_line(text, "wsluice_last_reload_timestamp_seconds 1700000020");
    expect_line(text, "wsluice_last_reload_success_timestamp_seconds 1700000010");
    expect_line(text, "wsluice_accepts_paused 1");
    expect_line(text, "wsluice_accept_pauses_total 1");
    free(text);
    process_facts_note_pause(&process, false);
    text = scrape();
    expect_line(text, "wsluice_accepts_paused 0");
    free(text);
}

/* Exit status of a checker that reads the text; -1: not installed. */
static int check(char *const *command, const char *text)
{
    int status = -1;
    pid_t child;
    posix_spawn_file_actions_t actions;
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs(text, file);
    rewind(file);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(file), STDIN_FILENO);
    if (posix_spawnp(&child, command[0], &actions, NULL, command, environ) == 0)
        assert_int_equal(waitpid(child, &status, 0), child);
    posix_spawn_file_actions_destroy(&actions);
    fclose(file);
    return status;
}

/* promtool checks syntax, types, help, names and units. */
static void test_promtool(void **unused)
{
    char program[] = "promtool", word[] = "check", what[] = "metrics";
    char *const command[] = {program, word, what, NULL};
    serve("a\"b\\c\nd", 0, REASON_client_closed, 1);
    serve("caf\xc3\xa9 \xff", 1, REASON_target_closed, 1);
    char *text = scrape();
    int status = check(command, text), wrong = check(command, "a 1\na 1 1 1\n");
    free(text);
    if (status < 0)
        skip();
    assert_int_equal(status, 0);
    assert_int_not_equal(wrong, 0);
}

static void test_targets(void **unused)
{
    char *text = scrape();
    expect_line(text, "wsluice_target_up{target=\"10.0.0.5:5900\"} 1");
    expect_line(text, "wsluice_target_up{target=\"10.0.0.6:5900\"} 0");
    expect_line(text, "wsluice_target_sessions{target=\"10.0.0.5:5900\"} 3");
    free(text);
}

static void test_without_memory(void **unused)
{
    serve("desk", 0, REASON_client_closed, 1);
    bool done = false;
    for (unsigned i = 1; !done; i++) {
        size_t length;
        failing_alloc_arm(i);
        char *text = prometheus_print(&process, &site, &length);
        done = !failing_alloc_disarm();
        assert_true((text != NULL) == done);
        free(text);
        assert_true(i < 100);
    }
}

static void test_many_routes(void **unused)
{
    for (unsigned i = 0; i < ROUTE_STATS_RETIRED_MAX; i++) {
        char name[32];
        snprintf(name, sizeof(name), "route %u", i);
        serve(name, i % 2, REASON_client_closed, i);
    }
    char *text = scrape();
    expect_line(text, "wsluice_route_sessions_total{route=\"route 1023\"} 1");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_sums),        TEST(test_histograms),        TEST(test_bounds_rise),
        TEST(test_labels),      TEST(test_protocols),         TEST(test_reloads),
        TEST(test_promtool),    TEST(test_targets),           TEST(test_without_memory),
        TEST(test_many_routes), TEST(test_targets_of_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
