/* Plain requests by kind of route: redirects, the demo page, health, metrics. */
#include "serve/stages/session_http.h"

#include "lib/client_lab.h"
#include "serve/site/site_resources.h"
#include "serve/target/target_pool.h"

#define GET CLIENT_LAB_GET

static struct config_route routes[7];
static struct config_target same[2];

static int set_up(void **unused)
{
    static const char *const needs[] = {"bridge"};
    struct config *config = client_lab_config();
    same[0] = same[1] = site_lab_target(5900);
    same[1].tls = same[1].insecure = true;
    routes[0] = (struct config_route){.path = "/old",
                                      .kind = CONFIG_KIND_REDIRECT,
                                      .redirect = "https://{host}{path}{query}",
                                      .redirect_status = 308};
    routes[1] = (struct config_route){
        .path = "/live", .kind = CONFIG_KIND_HEALTH, .health = CONFIG_HEALTH_LIVE};
    routes[2] = (struct config_route){.path = "/ready",
                                      .kind = CONFIG_KIND_HEALTH,
                                      .health = CONFIG_HEALTH_READY,
                                      .needs = {needs, 1}};
    routes[3] = (struct config_route){.path = "/metrics", .kind = CONFIG_KIND_METRICS};
    routes[4] = (struct config_route){.path = "/bridge",
                                      .name = "bridge",
                                      .targets = same,
                                      .target_count = 2,
                                      .fail_after = 1,
                                      .retry_down_ms = 60000};
    routes[5] = routes[4];
    routes[5].path = "/demo";
    routes[5].name = "demo";
    routes[5].demo = true;
    routes[6] = routes[5];
    routes[6].path = "/linked";
    routes[6].demo_shell = "desk:22";
    config->routes = routes;
    config->route_count = WSL_COUNT(routes);
    client_lab_open(config);
    atomic_store(&client_lab.process.listening, true);
    return 0;
}

static const char *answer_to(const char *request)
{
    client_lab_connect(request);
    const char *answer = client_lab_answer();
    close(client_lab.peer);
    client_lab.peer = -1;
    client_lab_turn();
    return answer;
}

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;
    for (; (text = strstr(text, part)); text++)
        found++;
    return found;
}

static void assert_has(const char *answer, const char *part)
{
    if (!strstr(answer, part))
        fail_msg("%s is missing in %s", part, answer);
}

static void test_a_redirect(void **unused)
{
    const char *answer = answer_to("GET /old?a=b HTTP/1.1\r\nHost: here.example\r\n\r\n");
    assert_has(answer, "HTTP/1.1 308 ");
    assert_has(answer, "Location: https://here.example/old?a=b\r\n");
}

static void test_the_demo_page_and_its_tag(void **unused)
{
    char request[512], tag[128];
    const char *answer = answer_to(GET("/demo"));
    assert_has(answer, "HTTP/1.1 200 ");
    assert_has(answer, "Content-Security-Policy: ");
    const char *field = strstr(answer, "ETag: ");
    assert_non_null(field);
    field += strlen("ETag: ");
    snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(field, "\r"), field);
    snprintf(request, sizeof(request),
             "GET /demo HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"other\", W/%s\r\n\r\n",
             tag);
    assert_has(answer_to(request), "HTTP/1.1 304 ");
}

static void test_the_demo_page_links_to_ssh_in_a_tab(void **unused)
{
    const char *answer = answer_to(GET("/demo"));
    assert_has(answer, "aria-labelledby=\"shell\" hidden>");
    assert_has(answer, "<article class=\"card\" >");
    assert_null(strstr(answer, "{{"));
    answer = answer_to(GET("/linked"));
    assert_has(answer, "aria-labelledby=\"shell\" >");
    assert_has(answer, "<article class=\"card\" hidden>");
    assert_has(answer, "<code>desk:22</code>");
    assert_has(answer, "-ssh\"\r\n");
}

static void test_a_bridge_without_a_page(void **unused)
{
    assert_has(answer_to(GET("/bridge")), "HTTP/1.1 426 ");
}

static void test_liveness(void **unused)
{
    assert_has(answer_to(GET("/live")), "HTTP/1.1 200 ");
    atomic_store(&client_lab.process.draining, true);
    assert_has(answer_to(GET("/live")), "HTTP/1.1 200 ");
    assert_has(answer_to(GET("/ready")), "HTTP/1.1 503 ");
}

static void test_readiness_needs_a_target(void **unused)
{
    size_t number;
    struct pool_target *targets = target_pool_targets(client_lab.site->resources->pool, &number);
    uint64_t now = uv_now(&client_lab.loop);
    assert_has(answer_to(GET("/ready")), "HTTP/1.1 200 ");
    for (size_t i = 0; i < number; i++)
        target_pool_note(&targets[i], BALANCE_FAILED, now);
    assert_has(answer_to(GET("/ready")), "HTTP/1.1 503 ");
    target_pool_note(&targets[0], BALANCE_CONNECTED, now);
    assert_has(answer_to(GET("/ready")), "HTTP/1.1 200 ");
}

/* Two targets of one address, plain and TLS, are one sample. */
static void test_metrics_merge_targets(void **unused)
{
    size_t number;
    struct pool_target *targets = target_pool_targets(client_lab.site->resources->pool, &number);
    assert_true(number >= 2);
    for (size_t i = 0; i < number; i++)
        target_pool_begin(&targets[i]);
    const char *answer = answer_to(GET("/metrics"));
    char sample[128];
    assert_has(answer, "HTTP/1.1 200 ");
    assert_int_equal(count(answer, "wsluice_target_up{target=\"127.0.0.1:5900\"}"), 1);
    snprintf(sample, sizeof(sample), "wsluice_target_sessions{target=\"127.0.0.1:5900\"} %zu\n",
             number);
    assert_has(answer, sample);
    for (size_t i = 0; i < number; i++)
        target_pool_end(&targets[i]);
}

/* The loop serves others meanwhile. */
static void test_metrics_are_printed_in_the_pool(void **unused)
{
    struct work_job jobs[WORK_THREADS] = {0};
    client_lab_occupy(jobs, WORK_reports);
    client_lab_connect(GET("/metrics"));
    client_lab_turn();
    int scraper = client_lab.peer;
    assert_has(answer_to(GET("/live")), "HTTP/1.1 200 ");
    client_lab.peer = scraper;
    assert_string_equal(client_lab_receive(), "");
    client_lab_vacate(jobs, WORK_reports);
    assert_has(client_lab_answer(), "HTTP/1.1 200 ");
}

/* A scrape whose client has gone leaves the queue. */
static void test_a_scraper_that_goes(void **unused)
{
    struct work_job jobs[WORK_THREADS] = {0};
    client_lab_occupy(jobs, WORK_reports);
    client_lab_connect(GET("/metrics"));
    client_lab_turn();
    assert_int_equal(client_lab.env.live, 2); /* the session, and its scrape */
    session_drain_kill(&client_lab.env, REASON_drained);
    client_lab_turn();
    assert_int_equal(client_lab.env.live, 0);
    client_lab_vacate(jobs, WORK_reports);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, client_lab_close)
    const struct CMUnitTest tests[] = {
        TEST(test_a_redirect),
        TEST(test_the_demo_page_and_its_tag),
        TEST(test_the_demo_page_links_to_ssh_in_a_tab),
        TEST(test_a_bridge_without_a_page),
        TEST(test_liveness),
        TEST(test_readiness_needs_a_target),
        TEST(test_metrics_merge_targets),
        TEST(test_metrics_are_printed_in_the_pool),
        TEST(test_a_scraper_that_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
