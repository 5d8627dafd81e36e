/* Requests to the status: its formats, and who may end a session. */
#include "serve/stages/session_status.h"

#include "lib/client_lab.h"

#define TOKEN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* 10.0.0.0/8 */
static const struct config_cidr operators[] = {{{[10] = 0xff, [11] = 0xff, [12] = 10}, 104}};

static struct config *config_with(const char *host)
{
    struct config *config = client_lab_config();
    client_lab.lab.routes[0] =
        (struct config_route){.path = "/status", .kind = CONFIG_KIND_STATUS, .host = host};
    return config;
}

static int set_up(void **unused)
{
    struct config *config = config_with(NULL);
    client_lab.lab.routes[0].allow = (struct config_cidrs){operators, 1};
    client_lab_open(config);
    assert_true(addr_parse(&client_lab.address, "10.0.0.2", 1000));
    return 0;
}

/* The route has no allow list. */
static int set_up_open(void **unused)
{
    client_lab_open(config_with(NULL));
    return 0;
}

static int set_up_with_a_host(void **unused)
{
    client_lab_open(config_with("status.example.com"));
    return 0;
}

static int set_up_admin(void **unused)
{
    struct config *config = config_with(NULL);
    client_lab.lab.listeners[0].admin = true;
    client_lab_open(config);
    return 0;
}

/* The answer to a request with these fields has this status, and this text in head or body. */
static void expect(const char *request, const char *fields, const char *status, const char *text)
{
    char head[1024], line[32];
    const char *host = strstr(fields, "Host:") ? "" : "Host: 127.0.0.1:8080\r\n";
    snprintf(head, sizeof(head), "%s HTTP/1.1\r\n%s%s\r\n", request, host, fields);
    client_lab_connect(head);
    const char *answer = client_lab_answer();
    snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
    assert_ptr_equal(strstr(answer, line), answer);
    if (!strstr(answer, text))
        fail_msg("%s is missing in %s", text, answer);
    close(client_lab.peer);
    client_lab.peer = -1;
    client_lab_turn();
}

/* ---- formats ---- */

static void test_browsers_get_the_page(void **unused)
{
    expect("GET /status", "Accept: text/html, application/json\r\n", "200", "text/html");
    expect("GET /status", "", "200", "text/html");
    expect("GET /status", "", "200", "X-Frame-Options: DENY");
}

static void test_clients_that_accept_json_get_it(void **unused)
{
    expect("GET /status", "Accept: application/json\r\n", "200", "application/json");
}

static void test_a_format_in_the_query(void **unused)
{
    expect("GET /status?format=text", "", "200", "text/plain");
    expect("GET /status?format=json", "", "200", "\"workers\"");
}

static void test_the_admin_socket_sends_text(void **unused)
{
    expect("GET /status", "", "200", "text/plain");
}

static void test_a_wrong_query(void **unused)
{
    expect("GET /status?format=tape", "", "400", "format is html, json or text");
}

/* ---- DNS rebinding ---- */

static void test_names_that_a_page_can_choose(void **unused)
{
    expect("GET /status", "Host: evil.example\r\n", "403", "add host to the route");
    expect("GET /status", "Host: localhost:8080\r\n", "200", "");
}

static void test_the_host_of_the_route(void **unused)
{
    expect("GET /status", "Host: status.example.com\r\n", "200", "");
}

static void test_the_admin_socket_has_any_name(void **unused)
{
    expect("GET /status", "Host: evil.example\r\n", "200", "");
}

/* ---- ending a session ---- */

static void test_only_post_ends_a_session(void **unused)
{
    expect("GET /status?kill=0-1", "", "405", "Allow: POST");
}

static void test_without_an_allow_list(void **unused)
{
    expect("POST /status?kill=0-1", "X-Wsluice-Token: " TOKEN "\r\n", "403", "allow list");
}

static void test_the_token(void **unused)
{
    assert_int_equal(sizeof(TOKEN), PROCESS_FACTS_KILL_TOKEN);
    expect("POST /status?kill=0-1", "", "403", "X-Wsluice-Token");
    expect("POST /status?kill=0-1", "X-Wsluice-Token: aaaa\r\n", "403", "X-Wsluice-Token");
    expect("POST /status?kill=0-1", "X-Wsluice-Token: baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", "403",
           "X-Wsluice-Token");
    expect("POST /status?kill=0-1", "X-Wsluice-Token: " TOKEN "\r\nX-Wsluice-Token: " TOKEN "\r\n",
           "403", "X-Wsluice-Token");
    expect("POST /status?kill=0-99", "X-Wsluice-Token: " TOKEN "\r\n", "404", "no such session");
}

static void test_pages_of_other_origins(void **unused)
{
    expect("POST /status?kill=0-99",
           "X-Wsluice-Token: " TOKEN "\r\nOrigin: http://evil.example\r\n", "403",
           "another origin");
    expect("POST /status?kill=0-99",
           "X-Wsluice-Token: " TOKEN "\r\nOrigin: http://127.0.0.1:8080\r\n", "404",
           "no such session");
}

static void test_an_id_is_missing(void **unused)
{
    expect("POST /status", "X-Wsluice-Token: " TOKEN "\r\n", "400", "?kill=ID");
}

static void test_the_admin_socket_needs_no_token(void **unused)
{
    expect("POST /status?kill=0-99", "", "404", "no such session");
}

/* ---- in the pool ---- */

/* The loop serves others meanwhile. */
static void test_a_list_is_printed_in_the_pool(void **unused)
{
    struct work_job jobs[WORK_THREADS] = {0};
    client_lab_occupy(jobs, WORK_reports);
    client_lab_connect(CLIENT_LAB_GET("/status?format=json"));
    client_lab_turn();
    int asker = client_lab.peer;
    expect("GET /status?format=html", "", "200", "text/html");
    client_lab.peer = asker;
    assert_string_equal(client_lab_receive(), "");
    client_lab_vacate(jobs, WORK_reports);
    assert_non_null(strstr(client_lab_answer(), "\"workers\""));
}

/* The list of a client that has gone leaves the queue. */
static void test_a_client_that_goes(void **unused)
{
    struct work_job jobs[WORK_THREADS] = {0};
    client_lab_occupy(jobs, WORK_reports);
    client_lab_connect(CLIENT_LAB_GET("/status?format=text"));
    client_lab_turn();
    assert_int_equal(client_lab.env.live, 2); /* the session, and its list */
    session_drain_kill(&client_lab.env, REASON_drained);
    client_lab_turn();
    assert_int_equal(client_lab.env.live, 0);
    client_lab_vacate(jobs, WORK_reports);
}

int main(void)
{
#define TEST(name, up) cmocka_unit_test_setup_teardown(name, up, client_lab_close)
    const struct CMUnitTest tests[] = {
        TEST(test_browsers_get_the_page, set_up),
        TEST(test_clients_that_accept_json_get_it, set_up),
        TEST(test_a_format_in_the_query, set_up),
        TEST(test_the_admin_socket_sends_text, set_up_admin),
        TEST(test_a_wrong_query, set_up),
        TEST(test_names_that_a_page_can_choose, set_up),
        TEST(test_the_host_of_the_route, set_up_with_a_host),
        TEST(test_the_admin_socket_has_any_name, set_up_admin),
        TEST(test_only_post_ends_a_session, set_up),
        TEST(test_without_an_allow_list, set_up_open),
        TEST(test_the_token, set_up),
        TEST(test_pages_of_other_origins, set_up),
        TEST(test_an_id_is_missing, set_up),
        TEST(test_the_admin_socket_needs_no_token, set_up_admin),
        TEST(test_a_list_is_printed_in_the_pool, set_up),
        TEST(test_a_client_that_goes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
