#include "lib/admission_lab.h"

/* ---- the order ---- */

static void test_a_session_takes_all_steps_in_order(void **unused)
{
    struct caller caller = new_caller();
    assert_run(&caller, "connection [a client] address [a request] route upgrade keep sessions "
                        "admitted");
    assert_true(caller.admission.is_upgrade);
    assert_int_equal(caller.admission.reason, REASON_none);
}

static void test_a_token_is_looked_up_before_sessions_are_counted(void **unused)
{
    struct caller caller = new_caller();
    caller.route = &tokens;
    assert_run(&caller, "connection [a client] address [a request] route upgrade keep token "
                        "sessions admitted");
    assert_true(caller.admission.is_upgrade);
}

static void test_the_client_is_known_before_anything_is_looked_up(void **unused)
{
    struct caller caller = new_caller();
    caller.route = &guarded;
    assert_run(&caller, "connection [a client] address [a request] route upgrade keep auth token "
                        "sessions admitted");
    caller = new_caller();
    caller.route = &guarded;
    caller.verdicts[ADMISSION_AUTHENTICATE] = REASON_auth_required;
    assert_run(&caller,
               "connection [a client] address [a request] route upgrade keep auth refused");
    assert_refused(&caller, REASON_auth_required);

    caller = new_caller();
    caller.route = &guarded_files;
    assert_run(&caller, "connection [a client] address [a request] route auth admitted");
    assert_false(caller.admission.is_upgrade);
    caller = new_caller();
    caller.route = &guarded_files;
    caller.verdicts[ADMISSION_AUTHENTICATE] = REASON_auth_failed;
    assert_run(&caller, "connection [a client] address [a request] route auth refused");
    assert_refused(&caller, REASON_auth_failed);
}

static struct caller form_caller(const struct config_route *route)
{
    struct caller caller = new_caller();
    caller.route = route;
    caller.head.method = SLICE("POST");
    caller.head.has_body = true;
    add_field(&caller, "Content-Type", "application/x-www-form-urlencoded");
    return caller;
}

static void test_the_form_of_a_login_is_read(void **unused)
{
    struct caller caller = form_caller(&login_files);
    assert_run(&caller, "connection [a client] address [a request] route body auth admitted");
    caller = form_caller(&login_bridge);
    assert_run(&caller, "connection [a client] address [a request] route body auth admitted");
    assert_false(caller.admission.is_upgrade);

    caller = form_caller(&login_files);
    caller.verdicts[ADMISSION_READ_BODY] = REASON_http_body_too_large;
    assert_run(&caller, "connection [a client] address [a request] route body refused");
    assert_refused(&caller, REASON_http_body_too_large);
}

/* Other routes, methods and kinds of bodies: nothing of a body is read. */
static void test_no_other_body_is_read(void **unused)
{
    static const struct config_route *const others[] = {
        &files, &with_files, &demo, &guarded_files, &metrics, &live, &status,
    };
    for (size_t i = 0; i < WSL_COUNT(others); i++) {
        struct caller caller = form_caller(others[i]);
        run_all(&caller);
        assert_refused(&caller, others[i] == &status ? REASON_http_body : REASON_http_method);
        assert_null(strstr(caller.steps, "body"));
    }
    struct caller caller = form_caller(&login_files);
    caller.head.method = SLICE("PUT");
    run_all(&caller);
    assert_refused(&caller, REASON_http_method);
    caller = form_caller(&login_files);
    caller.head.method = SLICE("GET");
    run_all(&caller);
    assert_refused(&caller, REASON_http_body);
    caller = form_caller(&login_files);
    caller.head.fields[0].value = SLICE("multipart/form-data");
    run_all(&caller);
    assert_refused(&caller, REASON_http_method);
    caller = form_caller(&login_files);
    caller.head.has_body = false; /* a POST that is no form is no GET either */
    run_all(&caller);
    assert_refused(&caller, REASON_http_method);
}

/* A route that only bridges has the page of its login. */
static void test_a_login_has_a_page(void **unused)
{
    struct caller caller = new_caller();
    caller.route = &login_bridge;
    assert_run(&caller, "connection [a client] address [a request] route auth admitted");
    assert_false(caller.admission.is_upgrade);
    caller = new_caller();
    caller.route = &login_bridge;
    add_field(&caller, "Upgrade", "websocket");
    run_all(&caller);
    assert_true(caller.admission.is_upgrade);
    assert_non_null(strstr(caller.steps, "upgrade keep auth sessions admitted"));
    assert_string_equal(admission_methods(&caller.listener, &login_bridge), "GET, HEAD, POST");
    assert_string_equal(admission_methods(&caller.listener, &files), "GET, HEAD");
}

static struct caller listener_caller(const struct config_route *route, struct config_auth *auth)
{
    struct caller caller = new_caller();
    caller.route = route;
    caller.listener.auth = (struct config_auth_set){.methods = auth, .count = 1};
    return caller;
}

/* Every route but health asks for the listener's methods; one with its own for those. */
static void test_a_listener_asks_for_all_its_routes(void **unused)
{
    static const struct config_route redirect = {.kind = CONFIG_KIND_REDIRECT};
    static const struct config_route websocket = {
        .kind = CONFIG_KIND_FILES,
        .files = {.root = "/srv"},
        .auth = {.methods = methods, .count = 1, .asked_for = CONFIG_AUTH_FOR_WEBSOCKET}};
    static const struct {
        const struct config_route *route;
        bool asks;
    } plain[] = {{&files, true}, {&status, true}, {&metrics, true},   {&redirect, true},
                 {&live, false}, {&ready, false}, {&websocket, false}};
    for (size_t i = 0; i < WSL_COUNT(plain); i++) {
        struct caller caller = listener_caller(plain[i].route, methods);
        run_all(&caller);
        assert_int_equal(strstr(caller.steps, "route auth admitted") != NULL, plain[i].asks);
        assert_int_equal(caller.step, ADMISSION_ADMITTED);
    }
    const struct config_route *const upgrades[] = {&bridge, &tokens, &demo, &with_files};
    for (size_t i = 0; i < WSL_COUNT(upgrades); i++) {
        struct caller caller = listener_caller(upgrades[i], methods);
        add_field(&caller, "Upgrade", "websocket");
        run_all(&caller);
        assert_non_null(strstr(caller.steps, "upgrade keep auth "));
        caller = listener_caller(upgrades[i], methods);
        add_field(&caller, "Upgrade", "websocket");
        caller.verdicts[ADMISSION_AUTHENTICATE] = REASON_auth_failed;
        run_all(&caller);
        assert_refused(&caller, REASON_auth_failed);
    }
    struct caller caller = listener_caller(&bridge, methods);
    caller.verdicts[ADMISSION_FIND_ROUTE] = REASON_http_no_route;
    run_all(&caller);
    assert_refused(&caller, REASON_http_no_route);
}

/* A bridge has its page, and files take its form. */
static void test_a_login_of_a_listener(void **unused)
{
    struct caller caller = listener_caller(&bridge, page_methods);
    assert_run(&caller, "connection [a client] address [a request] route auth admitted");
    assert_false(caller.admission.is_upgrade);
    caller = form_caller(&files);
    caller.listener.auth = (struct config_auth_set){.methods = page_methods, .count = 1};
    assert_run(&caller, "connection [a client] address [a request] route body auth admitted");
    assert_string_equal(admission_methods(&caller.listener, &files), "GET, HEAD, POST");
    assert_string_equal(admission_methods(&caller.listener, &live), "GET, HEAD, OPTIONS");
    caller = form_caller(&guarded_files); /* whose own method takes no form */
    caller.listener.auth = (struct config_auth_set){.methods = page_methods, .count = 1};
    run_all(&caller);
    assert_refused(&caller, REASON_http_method);
}

static void test_a_plain_request_needs_a_route_only(void **unused)
{
    static const struct config_route redirect = {.kind = CONFIG_KIND_REDIRECT};
    const struct config_route *const routes[] = {&files, &status, &metrics,
                                                 &live,  &ready,  &redirect};
    for (size_t i = 0; i < WSL_COUNT(routes); i++) {
        struct caller caller = new_caller();
        caller.route = routes[i];
        assert_run(&caller, "connection [a client] address [a request] route admitted");
        assert_false(caller.admission.is_upgrade);
    }
}

static void test_each_step_can_refuse_and_none_follows(void **unused)
{
    static const struct {
        enum admission_step step;
        enum reason reason;
        const char *steps;
    } rows[] = {
        {ADMISSION_COUNT_CONNECTION, REASON_too_many_process, "connection refused"},
        {ADMISSION_COUNT_CONNECTION, REASON_too_many_listener, "connection refused"},
        {ADMISSION_COUNT_ADDRESS, REASON_too_many_address, "connection [a client] address refused"},
        {ADMISSION_COUNT_ADDRESS, REASON_rate_limited, "connection [a client] address refused"},
        {ADMISSION_FIND_ROUTE, REASON_http_no_route,
         "connection [a client] address [a request] route refused"},
        {ADMISSION_FIND_ROUTE, REASON_out_of_memory,
         "connection [a client] address [a request] route refused"},
        {ADMISSION_PREPARE_UPGRADE, REASON_ws_key,
         "connection [a client] address [a request] route upgrade refused"},
        {ADMISSION_KEEP_HEAD, REASON_out_of_memory,
         "connection [a client] address [a request] route upgrade keep refused"},
        {ADMISSION_FIND_TOKEN, REASON_token_unknown,
         "connection [a client] address [a request] route upgrade keep token refused"},
        {ADMISSION_COUNT_ROUTE, REASON_too_many_route,
         "connection [a client] address [a request] route upgrade keep token sessions refused"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct caller caller = new_caller();
        caller.route = &tokens;
        caller.verdicts[rows[i].step] = rows[i].reason;
        assert_run(&caller, rows[i].steps);
        assert_refused(&caller, rows[i].reason);
    }
}

static void test_the_token_is_answered_without_the_head(void **unused)
{
    struct caller caller = new_caller();
    accept_one(&caller);
    client_known(&caller);
    struct admission_facts facts = facts_of(&caller, true);
    enum admission_step step = admission_request(&caller.admission, &facts);
    facts.route = &tokens;
    while (step != ADMISSION_FIND_TOKEN)
        step = admission_resume(&caller.admission, &facts, REASON_none);
    struct admission_facts later = {0};
    assert_int_equal(admission_resume(&caller.admission, &later, REASON_none),
                     ADMISSION_COUNT_ROUTE);
    assert_int_equal(admission_resume(&caller.admission, &later, REASON_none), ADMISSION_ADMITTED);
}

/* ---- the route ---- */

static void test_the_lists_of_the_route_hold(void **unused)
{
    static const struct config_route denied = {.kind = CONFIG_KIND_BRIDGE,
                                               .targets = &target,
                                               .target_count = 1,
                                               .allow = {ten, WSL_COUNT(ten)}};
    struct caller caller = new_caller();
    caller.route = &denied;
    assert_run(&caller, "connection [a client] address [a request] route refused");
    assert_refused(&caller, REASON_address_refused);
    assert_int_equal(caller.admission.verdict, REASON_none);
}

static void test_methods_of_plain_requests(void **unused)
{
    static const struct {
        const char *method;
        const struct config_route *route;
        enum reason reason;
    } rows[] = {
        {"GET", &files, REASON_none},           {"HEAD", &files, REASON_none},
        {"POST", &files, REASON_http_method},   {"get", &files, REASON_http_method},
        {"POST", &status, REASON_none},         {"PUT", &status, REASON_http_method},
        {"POST", &metrics, REASON_http_method}, {"POST", &demo, REASON_http_method},
        {"OPTIONS", &live, REASON_none},        {"OPTIONS", &ready, REASON_none},
        {"POST", &live, REASON_http_method},    {"OPTIONS", &files, REASON_http_method},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct caller caller = new_caller();
        caller.head.method = slice_of(rows[i].method);
        caller.route = rows[i].route;
        run_all(&caller);
        assert_int_equal(caller.admission.reason, rows[i].reason);
        assert_int_equal(caller.step,
                         rows[i].reason == REASON_none ? ADMISSION_ADMITTED : ADMISSION_REFUSED);
    }
}

static void test_a_websocket_needs_a_target(void **unused)
{
    static struct http_field upgrade = {.name = {"Upgrade", 7}, .value = {"websocket", 9}};
    static const struct config_route *const without[] = {&files, &status, &metrics, &live};
    for (size_t i = 0; i < WSL_COUNT(without); i++) {
        struct caller caller = new_caller();
        caller.head.fields[0] = upgrade;
        caller.head.field_count = 1;
        caller.route = without[i];
        run_all(&caller);
        assert_refused(&caller, REASON_ws_no_target);
        caller.head.fields[0].value = SLICE("h2c"); /* an offer that may be ignored */
        request(&caller);
        assert_int_equal(caller.step, ADMISSION_ADMITTED);
    }
}

static void test_a_plain_request_has_no_body(void **unused)
{
    struct caller caller = new_caller();
    caller.head.has_body = true;
    caller.route = &status;
    run_all(&caller);
    assert_refused(&caller, REASON_http_body);
    caller.head.method = SLICE("PUT"); /* the method stands before */
    request(&caller);
    assert_refused(&caller, REASON_http_method);
}

static void test_a_route_with_a_page_is_a_bridge_for_upgrades_only(void **unused)
{
    const struct config_route *const routes[] = {&demo, &with_files};
    for (size_t i = 0; i < WSL_COUNT(routes); i++) {
        struct caller caller = new_caller();
        caller.route = routes[i];
        run_all(&caller);
        assert_int_equal(caller.step, ADMISSION_ADMITTED);
        assert_false(caller.admission.is_upgrade);
        add_field(&caller, "Upgrade", "h2c, WebSocket");
        caller.steps[0] = '\0';
        request(&caller);
        assert_steps(&caller, "route upgrade keep sessions admitted");
        assert_true(caller.admission.is_upgrade);
    }
}

/* ---- the page ---- */

static enum reason ask_with_origin(const char *origin, bool tls)
{
    struct caller caller = new_caller();
    caller.tls = tls;
    add_field(&caller, "Origin", origin);
    run_all(&caller);
    if (caller.step == ADMISSION_REFUSED)
        assert_steps(&caller, "connection [a client] address [a request] route upgrade refused");
    return (enum reason)caller.admission.reason;
}

static void test_a_page_of_another_origin_is_refused(void **unused)
{
    assert_int_equal(ask_with_origin("http://desk.example", false), REASON_none);
    assert_int_equal(ask_with_origin("https://desk.example", true), REASON_none);
    assert_int_equal(ask_with_origin("http://desk.example", true), REASON_origin_refused);
    assert_int_equal(ask_with_origin("https://other.example", false), REASON_origin_refused);
}

static void test_the_handshake_is_checked_before_the_page(void **unused)
{
    struct caller caller = new_caller();
    add_field(&caller, "Origin", "https://other.example");
    caller.verdicts[ADMISSION_PREPARE_UPGRADE] = REASON_ws_version;
    run_all(&caller);
    assert_refused(&caller, REASON_ws_version);
}

static void test_the_page_of_a_plain_request_does_not_matter(void **unused)
{
    struct caller caller = new_caller();
    add_field(&caller, "Origin", "https://other.example");
    caller.route = &files;
    run_all(&caller);
    assert_int_equal(caller.step, ADMISSION_ADMITTED);
}

static void test_a_trusted_proxy_says_how_its_client_came(void **unused)
{
    struct caller caller = behind_proxy();
    add_field(&caller, "X-Forwarded-Proto", "https");
    run_all(&caller);
    assert_true(admission_is_secure(&caller.admission, &caller.head, false));
    caller.head.fields[0].value = SLICE("http");
    assert_false(admission_is_secure(&caller.admission, &caller.head, true));
    caller.head.field_count = 0;
    assert_true(admission_is_secure(&caller.admission, &caller.head, true));

    struct caller other = new_caller();
    add_field(&other, "X-Forwarded-Proto", "https");
    run_all(&other);
    assert_false(admission_is_secure(&other.admission, &other.head, false));
}

/* ---- the next request ---- */

static void test_a_refused_request_leaves_nothing_to_the_next(void **unused)
{
    struct caller caller = new_caller();
    caller.verdicts[ADMISSION_FIND_ROUTE] = REASON_http_no_route;
    run_all(&caller);
    assert_refused(&caller, REASON_http_no_route);
    caller.verdicts[ADMISSION_FIND_ROUTE] = REASON_none;
    caller.steps[0] = '\0';
    request(&caller);
    assert_steps(&caller, "route upgrade keep sessions admitted");
    assert_int_equal(caller.admission.reason, REASON_none);
}

static void test_a_refused_connection_stays_refused(void **unused)
{
    struct caller caller = new_caller();
    caller.listener.allow = net_ten;
    run_all(&caller);
    caller.steps[0] = '\0';
    request(&caller);
    assert_steps(&caller, "refused");
    assert_refused(&caller, REASON_address_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_takes_all_steps_in_order),
        cmocka_unit_test(test_a_token_is_looked_up_before_sessions_are_counted),
        cmocka_unit_test(test_the_client_is_known_before_anything_is_looked_up),
        cmocka_unit_test(test_the_form_of_a_login_is_read),
        cmocka_unit_test(test_no_other_body_is_read),
        cmocka_unit_test(test_a_login_has_a_page),
        cmocka_unit_test(test_a_listener_asks_for_all_its_routes),
        cmocka_unit_test(test_a_login_of_a_listener),
        cmocka_unit_test(test_a_plain_request_needs_a_route_only),
        cmocka_unit_test(test_each_step_can_refuse_and_none_follows),
        cmocka_unit_test(test_the_token_is_answered_without_the_head),
        cmocka_unit_test(test_the_lists_of_the_route_hold),
        cmocka_unit_test(test_methods_of_plain_requests),
        cmocka_unit_test(test_a_websocket_needs_a_target),
        cmocka_unit_test(test_a_plain_request_has_no_body),
        cmocka_unit_test(test_a_route_with_a_page_is_a_bridge_for_upgrades_only),
        cmocka_unit_test(test_a_page_of_another_origin_is_refused),
        cmocka_unit_test(test_the_handshake_is_checked_before_the_page),
        cmocka_unit_test(test_the_page_of_a_plain_request_does_not_matter),
        cmocka_unit_test(test_a_trusted_proxy_says_how_its_client_came),
        cmocka_unit_test(test_a_refused_request_leaves_nothing_to_the_next),
        cmocka_unit_test(test_a_refused_connection_stays_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
