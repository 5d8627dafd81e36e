/* The client: from where, how many of them, and what is answered over a limit. */
#include "lib/admission_lab.h"

/* ---- the client ---- */

static void test_operators_are_not_counted(void **unused)
{
    struct caller caller = new_caller();
    caller.terms.operators = true;
    caller.route = &metrics;
    assert_run(&caller, "[a client] [a request] route admitted");
}

static void test_operators_are_checked_by_the_lists(void **unused)
{
    struct caller caller = new_caller();
    caller.terms.operators = true;
    caller.listener.allow = net_ten;
    assert_run(&caller, "[a client] refused");
    assert_refused(&caller, REASON_address_refused);
}

static void test_a_client_without_an_address_is_not_counted_by_it(void **unused)
{
    struct caller caller = new_caller();
    set_client(&caller, NULL);
    assert_run(&caller, "connection [a client] [a request] route upgrade keep sessions admitted");
}

static void test_the_lists_of_the_listener_stand_before_the_count(void **unused)
{
    struct caller denied = new_caller();
    set_client(&denied, "10.1.2.3");
    denied.listener.deny = net_ten;
    assert_run(&denied, "connection [a client] refused");
    assert_refused(&denied, REASON_address_refused);
    assert_int_equal(denied.admission.verdict, REASON_address_refused);

    struct caller unlisted = new_caller();
    unlisted.listener.allow = net_ten;
    unlisted.terms.serves_liveness = true; /* it is no limit */
    assert_run(&unlisted, "connection [a client] refused");
    assert_refused(&unlisted, REASON_address_refused);
    assert_false(admission_is_over_limit(&unlisted.admission));

    struct caller listed = new_caller();
    set_client(&listed, "10.1.2.3");
    listed.listener.allow = net_ten;
    run_all(&listed);
    assert_int_equal(listed.step, ADMISSION_ADMITTED);
}

static void test_a_trusted_proxy_is_counted_by_the_client_that_it_names(void **unused)
{
    struct caller caller = behind_proxy(), direct = new_caller();
    add_field(&caller, "X-Forwarded-For", "198.51.100.7");
    assert_run(&caller, "connection [a client] [a request] address route admitted");
    set_client(&direct, "198.51.100.7");
    assert_memory_equal(caller.client.ip.address, direct.client.ip.address, IP_BYTES);
}

static void test_the_next_request_of_the_same_client_is_not_counted_again(void **unused)
{
    struct caller caller = behind_proxy();
    add_field(&caller, "X-Forwarded-For", "198.51.100.7");
    run_all(&caller);
    caller.steps[0] = '\0';
    request(&caller);
    assert_steps(&caller, "route admitted");
}

static void test_the_next_request_of_another_client_is_counted_for_it(void **unused)
{
    struct caller caller = behind_proxy();
    add_field(&caller, "X-Forwarded-For", "198.51.100.7");
    run_all(&caller);
    caller.steps[0] = '\0';
    caller.head.fields[0].value = SLICE("198.51.100.8");
    request(&caller);
    assert_steps(&caller, "leave address route admitted");
    /* And back: what a client is named by is the proxy, not the client before. */
    caller.head.fields[0].value = SLICE("198.51.100.7");
    request(&caller);
    assert_steps(&caller, "leave address route admitted");
    caller.head.field_count = 0;
    request(&caller);
    assert_steps(&caller, "leave address route admitted");
}

static void test_the_lists_hold_for_named_clients(void **unused)
{
    static const struct config_cidr bad[] = {{{[10] = 0xFF, [11] = 0xFF, [12] = 198}, 104}};
    struct caller caller = behind_proxy();
    caller.listener.deny = (struct config_cidrs){bad, 1};
    add_field(&caller, "X-Forwarded-For", "192.0.2.9");
    run_all(&caller);
    assert_int_equal(caller.step, ADMISSION_ADMITTED);
    caller.steps[0] = '\0';
    caller.head.fields[0].value = SLICE("198.51.100.7");
    request(&caller);
    assert_steps(&caller, "leave refused");
    assert_refused(&caller, REASON_address_refused);
}

static void test_a_proxy_that_contradicts_itself_is_refused(void **unused)
{
    struct caller caller = behind_proxy();
    add_field(&caller, "X-Forwarded-For", "192.0.2.9");
    add_field(&caller, "Forwarded", "for=192.0.2.10");
    assert_run(&caller, "connection [a client] [a request] refused");
    assert_refused(&caller, REASON_http_forwarded);
    caller.head.field_count = 0;
    caller.steps[0] = '\0';
    request(&caller);
    assert_steps(&caller, "refused");
}

static void test_fields_of_others_are_not_believed(void **unused)
{
    struct caller caller = new_caller();
    caller.route = &files;
    add_field(&caller, "X-Forwarded-For", "198.51.100.7");
    struct client_address before = caller.client;
    run_all(&caller);
    assert_memory_equal(&caller.client, &before, sizeof(before));
    caller.steps[0] = '\0';
    request(&caller);
    assert_steps(&caller, "route admitted");
}

/* ---- over a limit ---- */

static void test_over_a_limit_liveness_alone_is_answered(void **unused)
{
    static const struct {
        const struct config_route *route;
        bool admitted;
    } rows[] = {{&live, true},   {&ready, false}, {&metrics, false}, {&status, false},
                {&files, false}, {&demo, false},  {&bridge, false},  {&tokens, false}};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct caller caller = new_caller();
        caller.terms.serves_liveness = true;
        caller.verdicts[ADMISSION_COUNT_CONNECTION] = REASON_too_many_listener;
        caller.route = rows[i].route;
        assert_run(&caller, rows[i].admitted ? "connection late [a request] route admitted"
                                             : "connection late [a request] route refused");
        assert_true(admission_is_over_limit(&caller.admission));
        if (!rows[i].admitted)
            assert_refused(&caller, REASON_too_many_listener);
    }
}

static void test_every_limit_of_clients_lets_liveness_in(void **unused)
{
    static const struct {
        enum admission_step step;
        enum reason reason;
        const char *steps;
    } rows[] = {
        {ADMISSION_COUNT_CONNECTION, REASON_too_many_process,
         "connection late [a request] route admitted"},
        {ADMISSION_COUNT_CONNECTION, REASON_too_many_listener,
         "connection late [a request] route admitted"},
        {ADMISSION_COUNT_ADDRESS, REASON_too_many_address,
         "connection [a client] address late [a request] route admitted"},
        {ADMISSION_COUNT_ADDRESS, REASON_rate_limited,
         "connection [a client] address late [a request] route admitted"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct caller caller = new_caller();
        caller.terms.serves_liveness = true;
        caller.verdicts[rows[i].step] = rows[i].reason;
        caller.route = &live;
        assert_run(&caller, rows[i].steps);
    }
}

static void test_over_a_limit_without_a_place_nothing_is_read(void **unused)
{
    struct caller caller = new_caller();
    caller.terms.serves_liveness = true;
    caller.verdicts[ADMISSION_COUNT_ADDRESS] = REASON_rate_limited;
    caller.verdicts[ADMISSION_COUNT_OVER_LIMIT] = REASON_too_many_process;
    assert_run(&caller, "connection [a client] address late refused");
    assert_refused(&caller, REASON_rate_limited);
}

static void test_a_connection_accepted_late_is_counted_nowhere(void **unused)
{
    struct caller caller = new_caller();
    caller.terms.over_limit = caller.terms.serves_liveness = true;
    caller.route = &live;
    assert_run(&caller, "[a request] route admitted");

    struct caller other = new_caller();
    other.terms.over_limit = other.terms.serves_liveness = true;
    assert_run(&other, "[a request] route refused");
    assert_refused(&other, REASON_too_many_process);
}

static void test_over_a_limit_the_limit_is_the_reason(void **unused)
{
    struct caller lost = new_caller();
    lost.terms.over_limit = true;
    lost.verdicts[ADMISSION_FIND_ROUTE] = REASON_http_no_route;
    assert_run(&lost, "[a request] route refused");
    assert_refused(&lost, REASON_too_many_process);

    static const struct config_route own = {
        .kind = CONFIG_KIND_HEALTH, .health = CONFIG_HEALTH_LIVE, .deny = {ten, WSL_COUNT(ten)}};
    struct caller denied = new_caller();
    set_client(&denied, "10.1.2.3");
    denied.terms.over_limit = true;
    denied.route = &own;
    assert_run(&denied, "[a request] route refused");
    assert_refused(&denied, REASON_too_many_process);

    struct caller put = new_caller();
    put.terms.over_limit = true;
    put.route = &live;
    put.head.method = SLICE("PUT");
    assert_run(&put, "[a request] route refused");
    assert_refused(&put, REASON_http_method);
}

static void test_over_a_limit_a_named_client_may_ask_for_liveness(void **unused)
{
    struct caller caller = behind_proxy();
    add_field(&caller, "X-Forwarded-For", "198.51.100.7");
    caller.verdicts[ADMISSION_COUNT_ADDRESS] = REASON_too_many_address;
    caller.route = &live;
    assert_run(&caller, "connection [a client] [a request] address route admitted");

    struct caller other = behind_proxy();
    add_field(&other, "X-Forwarded-For", "198.51.100.7");
    other.verdicts[ADMISSION_COUNT_ADDRESS] = REASON_too_many_address;
    assert_run(&other, "connection [a client] [a request] address route refused");
    assert_refused(&other, REASON_too_many_address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators_are_not_counted),
        cmocka_unit_test(test_operators_are_checked_by_the_lists),
        cmocka_unit_test(test_a_client_without_an_address_is_not_counted_by_it),
        cmocka_unit_test(test_the_lists_of_the_listener_stand_before_the_count),
        cmocka_unit_test(test_a_trusted_proxy_is_counted_by_the_client_that_it_names),
        cmocka_unit_test(test_the_next_request_of_the_same_client_is_not_counted_again),
        cmocka_unit_test(test_the_next_request_of_another_client_is_counted_for_it),
        cmocka_unit_test(test_the_lists_hold_for_named_clients),
        cmocka_unit_test(test_a_proxy_that_contradicts_itself_is_refused),
        cmocka_unit_test(test_fields_of_others_are_not_believed),
        cmocka_unit_test(test_over_a_limit_liveness_alone_is_answered),
        cmocka_unit_test(test_every_limit_of_clients_lets_liveness_in),
        cmocka_unit_test(test_over_a_limit_without_a_place_nothing_is_read),
        cmocka_unit_test(test_a_connection_accepted_late_is_counted_nowhere),
        cmocka_unit_test(test_over_a_limit_the_limit_is_the_reason),
        cmocka_unit_test(test_over_a_limit_a_named_client_may_ask_for_liveness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
