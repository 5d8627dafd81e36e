/* The parties of a session as the log names them, and facts about its client. */
#include "serve/session/session_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/site/site.h"

static struct config_target targets[2];
static struct config_route route;
static struct config_listener config_listener;
static struct config config = {.listeners = &config_listener, .listener_count = 1};
static struct site_listener listener;
static struct site site = {.config = &config, .listeners = &listener};
static struct session session;
static struct session_names names;

static struct ip_port ip_port(const char *text, uint16_t port)
{
    struct ip_port ip = {.port = port};
    assert_true(ip_parse(slice_of(text), ip.address));
    return ip;
}

static int set_up(void **unused)
{
    struct ip_port peer = ip_port("192.0.2.1", 4000);
    config_listener = (struct config_listener){0};
    listener = (struct site_listener){.name = "0.0.0.0:443"};
    targets[0].address = (struct config_address){CONFIG_ADDRESS_TCP, "desk", 5900, NULL};
    targets[1].address = (struct config_address){CONFIG_ADDRESS_UNIX, NULL, 0, "/run/vnc"};
    route = (struct config_route){.path = "/desk", .targets = targets, .target_count = 2};
    session = (struct session){.site = &site, .peer = addr_from_ip(&peer)};
    session.client_address = (struct client_address){peer, true};
    return 0;
}

static void test_a_direct_client(void **unused)
{
    session_facts_names(&session, &names);
    assert_string_equal(names.client, "192.0.2.1:4000");
    assert_string_equal(names.proxy, "");
}

static void test_a_client_behind_a_proxy(void **unused)
{
    session.client_address.ip = ip_port("2001:db8::1", 5000);
    session_facts_names(&session, &names);
    assert_string_equal(names.client, "[2001:db8::1]:5000");
    assert_string_equal(names.proxy, "192.0.2.1:4000");
}

static void test_a_client_without_a_port(void **unused)
{
    session.client_address.ip = ip_port("2001:db8::1", 0);
    session_facts_names(&session, &names);
    assert_string_equal(names.client, "2001:db8::1");
    assert_string_equal(names.proxy, "192.0.2.1:4000");
}

/* A proxy that forwards from its own address, with another port. */
static void test_a_client_with_the_address_of_its_proxy(void **unused)
{
    session.client_address.ip.port = 4001;
    session_facts_names(&session, &names);
    assert_string_equal(names.client, "192.0.2.1:4001");
    assert_string_equal(names.proxy, "192.0.2.1:4000");
}

static void test_unix_peers(void **unused)
{
    session.peer = (struct addr){.any = {.sa_family = AF_UNIX}};
    session.client_address.known = false;
    session_facts_names(&session, &names);
    assert_string_equal(names.client, "unix");
    assert_string_equal(names.proxy, "");
    session.client_address.known = true;
    session_facts_names(&session, &names);
    assert_string_equal(names.client, "192.0.2.1:4000");
    assert_string_equal(names.proxy, "unix");
}

static void test_the_name_of_the_listener(void **unused)
{
    session_facts_names(&session, &names);
    assert_string_equal(names.listener, "0.0.0.0:443");
    config_listener.name = "outside";
    session_facts_names(&session, &names);
    assert_string_equal(names.listener, "outside");
}

static void test_route_and_target(void **unused)
{
    char filled[] = "10.0.0.1:5900";
    session_facts_names(&session, &names);
    assert_true(!names.route && !names.target);
    session.route = &route;
    session_facts_names(&session, &names);
    assert_string_equal(names.route, "/desk");
    assert_string_equal(names.target, "desk:5900");
    session.last_target = &targets[1];
    session_facts_names(&session, &names);
    assert_string_equal(names.target, "unix:/run/vnc");
    session.extra = &(struct session_extra){.target_address = filled};
    session_facts_names(&session, &names);
    assert_string_equal(names.target, filled);
}

static void test_a_route_without_targets(void **unused)
{
    route.name = "status";
    route.target_count = 0;
    session.route = &route;
    session_facts_names(&session, &names);
    assert_string_equal(names.route, "status");
    assert_null(names.target);
}

static uint64_t key_of(const char *address)
{
    session.client_address.ip = ip_port(address, 1);
    return session_facts_client_key(&session);
}

static void test_the_key_of_a_client(void **unused)
{
    assert_int_equal(key_of("2001:db8::1"), key_of("2001:db8::2"));
    assert_int_not_equal(key_of("2001:db8::1"), key_of("2001:db8:0:1::1"));
    assert_int_not_equal(key_of("192.0.2.1"), key_of("192.0.2.2"));
    session.client_address.known = false;
    assert_int_equal(session_facts_client_key(&session), 0);
}

static void test_a_plain_client_has_no_tls(void **unused)
{
    assert_false(session_facts_is_tls(&session)); /* before its first byte */
    session.client = &session.client_plain.transport;
    assert_false(session_facts_is_tls(&session));
    assert_int_equal(session_facts_tls_version(&session), metrics_tls_of(0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_a_direct_client),
        TEST(test_a_client_behind_a_proxy),
        TEST(test_a_client_without_a_port),
        TEST(test_a_client_with_the_address_of_its_proxy),
        TEST(test_unix_peers),
        TEST(test_the_name_of_the_listener),
        TEST(test_route_and_target),
        TEST(test_a_route_without_targets),
        TEST(test_the_key_of_a_client),
        TEST(test_a_plain_client_has_no_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
